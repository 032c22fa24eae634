//! What a step does, rendered and decoded for every host and item.

use serde_json::Value;

use crate::actions::{DynAction, LocalFile, Registry};
use crate::base::{Role, Span, Spanned, StepId, duration};
use crate::model::diagnostic::nearest;
use crate::model::step::{ActionCall, Text};
use crate::model::{Diagnostics, Node, Scalar, Shape};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::{RenderError, Scope, Situation};
use crate::plan::template::Template;
use crate::plan::vars::each_reference;

use super::files::Files;
use super::parts::Part;
use super::site::Site;

/// A step, and what is known beforehand of its units.
pub(super) struct Units<'a> {
    plan: &'a Plan,
    step: &'a PlannedStep,
    situation: Situation<'a>,
    items: Items,
    when: Uses,
    may_make_files: bool,
}

/// What is known of the items of a step.
enum Items {
    /// It has no `foreach`.
    None,
    /// These.
    Known(Vec<Value>),
    /// That step has to run first.
    Unknown(StepId),
}

/// Which of what differs from unit to unit something uses.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    host: bool,
    item: bool,
}

impl Uses {
    fn root(&mut self, root: &str) {
        self.host |= root == "host";
        self.item |= root == "item";
    }

    fn of_node(node: &Node) -> Self {
        let mut uses = Self::default();
        each_reference(node, &mut |reference| uses.root(reference.root()));
        uses
    }

    pub(super) fn of_template(template: &Template<'_>) -> Self {
        let mut uses = Self::default();
        template.references().for_each(|reference| uses.root(reference.root()));
        uses
    }

    fn and(self, other: Self) -> Self {
        Self { host: self.host || other.host, item: self.item || other.item }
    }
}

impl<'a> Units<'a> {
    pub(super) fn of(
        plan: &'a Plan,
        step: &'a PlannedStep,
        situation: Situation<'a>,
        may_make_files: bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let items = match step.step.foreach.as_ref() {
            None => Items::None,
            Some(foreach) => match Scope::of(plan, step, situation, None, None).items(foreach) {
                Ok(items) => Items::Known(items),
                Err(RenderError::Unknown(until)) => Items::Unknown(until),
                Err(RenderError::Wrong(wrong)) => {
                    diagnostics.push(*wrong);
                    Items::Known(Vec::new())
                }
            },
        };
        let when = step.step.when.as_ref().map(|when| Uses::of_template(&Template::expression(&when.value)));
        Self { plan, step, situation, items, when: when.unwrap_or_default(), may_make_files }
    }

    /// The scope of each unit for which something that uses this may be another.
    pub(super) fn scopes(&self, uses: Uses) -> impl Iterator<Item = Scope<'_>> {
        let uses = uses.and(self.when);
        let hosts: Vec<Option<&Role>> = match self.step.hosts.as_slice() {
            [] => vec![None],
            hosts => hosts.iter().take(if uses.host { hosts.len() } else { 1 }).map(Some).collect(),
        };
        let items: Vec<Result<Option<&Value>, &StepId>> = match &self.items {
            Items::None => vec![Ok(None)],
            Items::Known(items) => {
                items.iter().take(if uses.item { items.len() } else { 1 }).map(Some).map(Ok).collect()
            }
            Items::Unknown(until) => vec![Err(until)],
        };
        hosts.into_iter().flat_map(move |host| {
            items.clone().into_iter().map(move |item| match item {
                Ok(item) => Scope::of(self.plan, self.step, self.situation, host, item),
                Err(until) => Scope::of(self.plan, self.step, self.situation, host, None).until(until),
            })
        })
    }

    /// Renders what is the step's own.
    pub(super) fn texts(&self, diagnostics: &mut Diagnostics) {
        let step = &self.step.step;
        let same = Scope::of(self.plan, self.step, self.situation, None, None);
        let mut shown: Vec<&Text> =
            [&step.description, &step.temporary, &step.irreversible].into_iter().flatten().collect();
        if let Some(confirm) = &step.confirm {
            shown.push(&confirm.prompt);
            shown.extend(&confirm.typed);
        }
        for text in shown {
            told(same.text(text), diagnostics);
        }
        if let Some(when) = &step.when {
            for scope in self.scopes(Uses::default()) {
                told(scope.condition(when), diagnostics);
            }
        }
        for text in step.become_user.iter().chain(&step.timeout) {
            let uses = Uses::of_template(&Template::read(&text.value));
            for scope in self.scopes(uses).filter(|scope| !is_skipped(self.step, scope)) {
                let rendered = told(scope.text(text), diagnostics);
                let is_timeout = step.timeout.as_ref() == Some(text);
                if let Some(Err(error)) =
                    rendered.filter(|_| is_timeout).map(|time| duration::parse(&time).map_err(|error| (time, error)))
                {
                    diagnostics
                        .error(&text.span, format!("`timeout` is `{}`: {}", error.0, error.1))
                        .hint("durations look like `90s`, `10m`, `1h30m`, `7d`");
                }
            }
        }
    }

    /// Renders and decodes a part on each host, for each item, and looks at the files that it sends.
    pub(super) fn part(&self, part: &Part<'_>, files: &mut Files<'_>, diagnostics: &mut Diagnostics) {
        let uses = Uses::of_node(&part.call.value);
        let mut of_files = Uses::default();
        for scope in self.scopes(uses) {
            for file in self.decoded(&part.call, &scope, diagnostics) {
                of_files = of_files.and(files.look_at(&file, self, &scope, diagnostics));
            }
        }
        // A template file may tell units apart where what names it does not.
        if of_files.and(uses) == uses {
            return;
        }
        for scope in self.scopes(uses.and(of_files)) {
            for file in self.decoded(&part.call, &scope, diagnostics) {
                files.look_at(&file, self, &scope, diagnostics);
            }
        }
    }

    /// The local files that the call sends in that unit.
    fn decoded(&self, call: &ActionCall, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Vec<LocalFile> {
        let Some((value, action)) = decode(call, scope, is_skipped(self.step, scope), diagnostics) else {
            return Vec::new();
        };
        for secret in action.secrets_by_name() {
            if !is_unknown_at(&value, &secret.span) {
                self.knows(&secret, diagnostics);
            }
        }
        let mut files = action.local_files();
        files.retain(|file| !is_unknown_at(&value, &file.path.span));
        files
    }

    /// Sees that the runbook has a secret.
    fn knows(&self, secret: &Spanned<String>, diagnostics: &mut Diagnostics) {
        let known = self.plan.book.secrets.iter().map(|(name, _)| name.value.as_str());
        if known.clone().any(|name| name == secret.value) {
            return;
        }
        let hint = match nearest(&secret.value, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it stands under `secrets:` at the top".to_owned(),
        };
        diagnostics.error(&secret.span, format!("unknown secret `{}`", secret.value)).hint(hint);
    }

    /// Where the step's texts stand.
    pub(super) fn site(&self) -> Site<'a> {
        Site::step(self.plan, self.step, self.situation)
    }

    /// Whether a step before this acts on this machine, and so may make files that this one sends.
    pub(super) fn may_make_files(&self) -> bool {
        self.may_make_files
    }

    pub(super) fn step(&self) -> &'a PlannedStep {
        self.step
    }
}

/// Whether the step's `when` is known to leave that unit out.
pub(super) fn is_skipped(step: &PlannedStep, scope: &Scope<'_>) -> bool {
    step.step.when.as_ref().is_some_and(|when| scope.condition(when) == Ok(false))
}

/// Renders and decodes a call, reporting what is wrong with it. What is left out may use what is not there.
pub(super) fn decode(
    call: &ActionCall,
    scope: &Scope<'_>,
    is_skipped: bool,
    diagnostics: &mut Diagnostics,
) -> Option<(Node, Box<dyn DynAction>)> {
    let kind = Registry.kind(&call.kind.value)?;
    let value = match scope.node(&call.value) {
        Err(RenderError::Wrong(_)) if is_skipped => None,
        rendered => told(rendered, diagnostics),
    }?;
    let action = kind.decode(&value, diagnostics)?;
    Some((value, action))
}

/// Whether the scalar at `span` is one that a step has to run first for: what was read there stands in for it.
fn is_unknown_at(node: &Node, span: &Span) -> bool {
    match &node.shape {
        Shape::Scalar(scalar) => matches!(scalar, Scalar::Unknown(_)) && node.span == *span,
        Shape::List(items) => items.iter().any(|item| is_unknown_at(item, span)),
        Shape::Map(entries) => entries.iter().any(|(_, node)| is_unknown_at(node, span)),
    }
}

/// What was rendered; reports what is wrong.
fn told<T>(rendered: Result<T, RenderError>, diagnostics: &mut Diagnostics) -> Option<T> {
    match rendered {
        Ok(rendered) => Some(rendered),
        Err(RenderError::Unknown(_)) => None,
        Err(RenderError::Wrong(wrong)) => {
            diagnostics.push(*wrong);
            None
        }
    }
}
