//! Every text of a book, each with what may be used in it.

use crate::actions::Registry;
use crate::base::Spanned;
use crate::model::step::{ActionCall, Confirm, Text};
use crate::model::{Node, Scalar, Shape, UndoSpec};
use crate::plan::fingerprint::Named;
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::Situation;
use crate::plan::template::{Template, is_template};
use crate::plan::vars::each_reference;

use super::parts::{Part, Use};
use super::site::{Secrets, Site, Source};
use super::templates::Findings;

/// Shells to which `quote` gives one word.
const POSIX: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

impl Findings<'_> {
    fn text(&mut self, text: &Text, site: &Site<'_>) {
        self.template(Source { text: &text.value, span: &text.span, is_file: false }, site);
    }

    fn confirm(&mut self, confirm: Option<&Confirm>, site: &Site<'_>) {
        if let Some(confirm) = confirm {
            self.text(&confirm.prompt, site);
            confirm.typed.iter().for_each(|word| self.text(word, site));
        }
    }

    /// What belongs to no step.
    pub(super) fn book(&mut self, plan: &Plan, situation: Situation<'_>) {
        let site = Site::book(plan, situation);
        let book = &plan.book;
        let texts = [Some(&book.name), book.deadline.as_ref(), book.defaults.become_user.as_ref()];
        texts.into_iter().flatten().for_each(|text| self.text(text, &site));
        let vars = book.vars.iter().chain(book.hosts.iter().flat_map(|host| &host.vars));
        for (_, node) in vars.chain(book.phases.iter().flat_map(|phase| &phase.vars)) {
            each_reference(node, &mut |reference| self.named.extend(Named::by(reference, &[])));
        }
        for text in book.hosts.iter().flat_map(|host| [Some(&host.ssh), host.state_dir.as_ref()]).flatten() {
            let template = Template::read(&text.value);
            template.references().for_each(|reference| self.named.extend(Named::by(reference, &[])));
        }
        for watch in &book.watch {
            self.call(&watch.probe, &site, false);
        }
        if let Some(notify) = &book.notify {
            self.text(&notify.run, &site.script());
        }
        for (at, phase) in book.phases.iter().enumerate() {
            let site = Site::phase(plan, at, situation);
            self.template(Source { text: &phase.name, span: &phase.span, is_file: false }, &site);
            phase.description.iter().for_each(|text| self.text(text, &site));
            self.confirm(phase.confirm.as_ref(), &site);
        }
    }

    /// What belongs to a step.
    pub(super) fn step(&mut self, plan: &Plan, planned: &PlannedStep, parts: &[Part<'_>], situation: Situation<'_>) {
        let step = &planned.step;
        let site = Site::step(plan, planned, situation);
        self.template(Source { text: &step.name, span: &step.span, is_file: false }, &site);
        let same = [step.description.as_ref(), step.temporary.as_ref(), step.irreversible.as_ref()];
        same.into_iter().flatten().for_each(|text| self.text(text, &site));
        self.confirm(step.confirm.as_ref(), &site);
        step.foreach.iter().for_each(|foreach| self.node(foreach, &site));
        let unit = site.unit();
        let own = [step.become_user.as_ref(), step.timeout.as_ref()];
        own.into_iter().flatten().for_each(|text| self.text(text, &unit));
        if let Some(UndoSpec::Irreversible(why)) = &step.undo {
            self.text(why, &unit);
        }
        if let Some(when) = &step.when {
            self.expression(Source { text: &when.value, span: &when.span, is_file: false }, &unit);
        }
        for part in parts {
            part.become_user.iter().for_each(|text| self.text(text, &unit));
            self.call(&part.call, &unit, matches!(part.role, Use::Script(_)));
        }
    }

    /// The value of an action. A script that stands by itself has no place for secrets.
    fn call(&mut self, call: &ActionCall, site: &Site<'_>, is_script: bool) {
        let kind = call.kind.value.as_str();
        let registered = Registry.kind(kind);
        let registered = registered.filter(|_| !is_script);
        let keys: &'static [&'static str] = registered.map_or(&[], |kind| kind.secrets);
        let secrets = registered.map_or(Secrets::No, |kind| Secrets::Below(kind.name, keys));
        let is_posix = call
            .value
            .get("shell")
            .and_then(Node::text)
            .is_none_or(|shell| POSIX.contains(&shell.rsplit('/').next().unwrap_or_default()));
        let is_run = kind == "run" && is_posix;
        match &call.value.shape {
            Shape::Scalar(_) if is_run => self.node(&call.value, &site.secrets(secrets).script()),
            _ => self.value(&call.value, &site.secrets(secrets), keys, if is_run { "script" } else { "run" }),
        }
    }

    /// A tree below which secrets may stand under `keys`; the scalar under `script` is one.
    fn value(&mut self, node: &Node, site: &Site<'_>, keys: &[&str], script: &str) {
        match &node.shape {
            Shape::Scalar(_) => self.node(node, site),
            Shape::List(items) => items.iter().for_each(|item| self.value(item, site, keys, script)),
            Shape::Map(entries) => {
                for (key, node) in entries {
                    self.key(key);
                    if keys.contains(&key.value.as_str()) {
                        self.node(node, &site.secrets(Secrets::Sealed));
                    } else if key.value == script && matches!(node.shape, Shape::Scalar(_)) {
                        self.node(node, &site.script());
                    } else {
                        self.value(node, site, keys, script);
                    }
                }
            }
        }
    }

    fn node(&mut self, node: &Node, site: &Site<'_>) {
        match &node.shape {
            Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) => {
                self.template(Source { text, span: &node.span, is_file: false }, site);
            }
            Shape::Scalar(_) => {}
            Shape::List(items) => items.iter().for_each(|item| self.node(item, site)),
            Shape::Map(entries) => {
                for (key, node) in entries {
                    self.key(key);
                    self.node(node, site);
                }
            }
        }
    }

    fn key(&mut self, key: &Spanned<String>) {
        if is_template(&key.value) {
            self.diagnostics.error(&key.span, "a key cannot be a template");
        }
    }
}
