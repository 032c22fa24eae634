//! Templates, looked into without rendering them: so a mistake is found in a branch that is not taken, too.

use std::collections::BTreeSet;

use crate::base::StepId;
use crate::base::secret::SEAL;
use crate::model::Diagnostics;
use crate::plan::fault::Fault;
use crate::plan::fingerprint::Named;
use crate::plan::patterns;
use crate::plan::render::{self, Names};
use crate::plan::template::{Code, Piece, Reference, Template, is_template};

use super::site::{Secrets, Site, Source};
use super::steps;

/// What looking into templates brings to light.
pub(super) struct Findings<'d> {
    /// What is wrong.
    pub(super) diagnostics: &'d mut Diagnostics,
    /// The steps whose outputs are used.
    pub(super) uses: BTreeSet<StepId>,
    /// What is named, and defined elsewhere.
    pub(super) named: BTreeSet<Named>,
}

impl<'d> Findings<'d> {
    pub(super) fn new(diagnostics: &'d mut Diagnostics) -> Self {
        Self { diagnostics, uses: BTreeSet::new(), named: BTreeSet::new() }
    }

    /// Looks into a text.
    pub(super) fn template(&mut self, source: Source<'_>, site: &Site<'_>) {
        if source.text.contains(SEAL) && !source.is_file {
            self.diagnostics.error(source.span, format!("U+{:04X} has a meaning of its own here", u32::from(SEAL)));
        }
        if !is_template(source.text) {
            return;
        }
        let template = Template::read(source.text);
        let is_simple = template.is_simple();
        let misread = render::misread(&template, source.text, &site.scope());
        if let Some(fault) = misread.or_else(|| (!is_simple).then(|| render::syntax(source.text, false)).flatten()) {
            source.report(site.plan, fault, self.diagnostics);
            return;
        }
        self.comments(&template, source, site);
        self.patterns(&template, source, site);
        self.references(&template, source, site);
        if site.script {
            self.unquoted(&template, source, site);
        }
    }

    /// Looks into an expression without braces.
    pub(super) fn expression(&mut self, source: Source<'_>, site: &Site<'_>) {
        let template = Template::expression(source.text);
        let misread = render::misread(&template, source.text, &site.scope());
        if let Some(fault) = misread.or_else(|| render::syntax(source.text, true)) {
            source.report(site.plan, fault, self.diagnostics);
            return;
        }
        self.patterns(&template, source, site);
        self.references(&template, source, site);
    }

    fn patterns(&mut self, template: &Template<'_>, source: Source<'_>, site: &Site<'_>) {
        for fault in patterns::misread(template) {
            source.report(site.plan, fault, self.diagnostics);
        }
    }

    /// `${#list}` of a shell opens a comment of Tera's; where that is closed somewhere, all between is lost without a word.
    fn comments(&mut self, template: &Template<'_>, source: Source<'_>, site: &Site<'_>) {
        for fault in render::comments_of_shells(template, source.text) {
            let Fault::Wrong { message, hint, range } = fault else { continue };
            let added = self.diagnostics.warning(&source.place(site.plan, range), message);
            added.hint = hint;
        }
    }

    fn references(&mut self, template: &Template<'_>, source: Source<'_>, site: &Site<'_>) {
        for name in ["secrets", "steps"].into_iter().filter(|name| template.locals.contains(*name)) {
            let at = source.text.find(name).unwrap_or(0);
            let place = source.place(site.plan, at..at + name.len());
            self.diagnostics.error(&place, format!("`{name}` means something else, and cannot be set"));
        }
        let scope = site.scope();
        let tolerant: Vec<&Reference> = template.all_references().filter(|reference| reference.tolerant).collect();
        for piece in &template.pieces {
            let (Piece::Output(code) | Piece::Tag(code)) = piece else { continue };
            let is_output = matches!(piece, Piece::Output(_));
            for reference in &code.references {
                self.named.extend(Named::by(reference, site.step.map_or(&[], |step| &step.hosts)));
                if template.locals.contains(reference.root()) {
                    continue;
                }
                let is_tolerated = tolerant.iter().any(|other| is_prefix(other, reference));
                let fault = match reference.root() {
                    "steps" => steps::check(reference, site, &scope, &mut self.uses),
                    "host" if site.host => of_no_host(reference, site, is_tolerated),
                    "item" if site.item => None,
                    _ if is_tolerated => None,
                    _ => undefined(reference, &scope),
                };
                if let Some(fault) = fault {
                    source.report(site.plan, fault, self.diagnostics);
                } else if names_secret(reference, site, &scope)
                    && let Some(fault) = misplaced(reference, code, is_output, site.secrets)
                {
                    source.report(site.plan, fault, self.diagnostics);
                }
            }
        }
    }

    fn unquoted(&mut self, template: &Template<'_>, source: Source<'_>, site: &Site<'_>) {
        let scope = site.scope();
        for piece in &template.pieces {
            let Piece::Output(code) = piece else { continue };
            let is_secret = code.references.iter().any(|reference| names_secret(reference, site, &scope));
            if code.is_quoted() || is_secret {
                continue;
            }
            let inner = source.text[code.range.clone()].trim();
            let start = code.range.start + source.text[code.range.clone()].find(inner).unwrap_or(0);
            let place = source.place(site.plan, start..start + inner.len());
            let is_path = code.references.len() == 1 && !inner.contains(['~', '+', '*', '%']);
            let quoted = if is_path { format!("{inner} | quote") } else { format!("({inner}) | quote") };
            self.diagnostics
                .warning(&place, format!("`{inner}` becomes a part of the script, whatever is in it"))
                .hint(format!("`{{{{ {quoted} }}}}` makes one word of it; or give it to the script through `env`"));
        }
    }
}

/// A variable that no host of the step has. One that some have is looked for when it is rendered: `when` may leave the others out.
fn of_no_host(reference: &Reference, site: &Site<'_>, is_tolerated: bool) -> Option<Fault> {
    let step = site.step.filter(|_| !is_tolerated)?;
    let mut faults = step.hosts.iter().map(|role| undefined(reference, &site.scope().on(role)));
    let first = faults.next().flatten()?;
    faults.all(|fault| fault.is_some()).then_some(first)
}

fn is_prefix(of: &Reference, reference: &Reference) -> bool {
    let parts = |reference: &Reference| reference.path.iter().map(|(segment, _)| segment.clone()).collect::<Vec<_>>();
    parts(reference).starts_with(&parts(of))
}

/// Why the reference stands for nothing, if that can be told.
fn undefined(reference: &Reference, scope: &dyn Names) -> Option<Fault> {
    if reference.hyphened.is_some() {
        return Some(scope.explain(reference));
    }
    match scope.value(reference.root(), &[reference]) {
        Err(fault) => Some(fault),
        Ok(None) => Some(scope.explain(reference)),
        Ok(Some(value)) => (!render::has_path(&value, reference)).then(|| scope.explain(reference)),
    }
}

/// Whether the value of a secret would stand where the reference does.
fn names_secret(reference: &Reference, site: &Site<'_>, scope: &crate::plan::scope::Scope<'_>) -> bool {
    match reference.root() {
        "secrets" => true,
        "hosts" => site.plan.ground.hosts_are_sealed && render::is_sealed_at(scope, reference),
        "host" => {
            let hosts = site.step.map(|step| step.hosts.as_slice()).unwrap_or_default();
            site.plan.ground.hosts_are_sealed
                && hosts.iter().any(|role| render::is_sealed_at(&site.scope().on(role), reference))
        }
        name => scope.is_sealed(name) && render::is_sealed_at(scope, reference),
    }
}

fn misplaced(reference: &Reference, code: &Code<'_>, is_output: bool, secrets: Secrets) -> Option<Fault> {
    let here = |message: &str| Fault::wrong(reference.range.clone(), message);
    match secrets {
        Secrets::Open => None,
        Secrets::Sealed if is_output && code.simple().is_some_and(|simple| !simple.quote) => None,
        Secrets::Sealed => Some(render::secret_as_it_is(reference)),
        Secrets::Below(kind, []) => Some(here(&format!("a secret cannot stand in `{kind}`"))),
        Secrets::Below(kind, keys) => {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            Some(here("a secret cannot stand here").hint(format!("in `{kind}` only under {}", keys.join(" or "))))
        }
        Secrets::No => Some(
            here("a secret cannot stand here")
                .hint("it would be shown, or reach a command line: see `env` and `stdin` of `run`"),
        ),
    }
}
