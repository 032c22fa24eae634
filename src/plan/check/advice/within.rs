//! Scripts of a step, each with where it stands and what is known of what it is given.

use crate::base::{Span, Spanned};
use crate::model::{Node, Scalar, Shape};
use crate::plan::check::parts::{Part, Use};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::{Scope, Situation};
use crate::plan::template::is_template;

/// A script.
pub(super) struct Script<'s> {
    /// Its text as written.
    pub(super) text: &'s str,
    /// Where that stands.
    pub(super) span: &'s Span,
    /// The value of the `run`, with its environment and its arguments.
    value: &'s Node,
}

impl<'s> Script<'s> {
    /// The script of a call, where it is one for a POSIX shell and stands in the runbook.
    pub(super) fn of(part: &'s Part<'_>) -> Option<Self> {
        let value = &part.call.value;
        if part.call.kind.value != "run" {
            return None;
        }
        let node = if matches!(value.shape, Shape::Map(_)) { value.get("script")? } else { value };
        let shell = value.get("shell").and_then(Node::text);
        let is_posix = shell.as_deref().is_none_or(|shell| shell.ends_with("sh"));
        match &node.shape {
            Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if is_posix => {
                Some(Self { text, span: &node.span, value })
            }
            _ => None,
        }
    }

    /// Whether the step does this, and not its checks or its undo.
    pub(super) fn is_action(part: &Part<'_>) -> bool {
        part.role == Use::Action
    }

    /// What the script is given under that name: a variable of its environment, or the number of an argument.
    pub(super) fn given(&self, name: &str) -> Option<Spanned<String>> {
        let node = match name.parse::<usize>() {
            Ok(number) => match &self.value.get("args")?.shape {
                Shape::List(items) => items.get(number.checked_sub(1)?)?,
                _ => return None,
            },
            Err(_) => self.value.get("env")?.get(name)?,
        };
        Some(Spanned::new(node.text()?, node.span.clone()))
    }

    /// Where a part of it stands.
    pub(super) fn place(&self, plan: &Plan, range: std::ops::Range<usize>) -> Span {
        plan.ground.places.within(self.span, self.text, range)
    }
}

/// Whether that text is known to give something, whatever happens in a run.
pub(super) fn is_something(plan: &Plan, step: &PlannedStep, situation: Situation<'_>, text: &Spanned<String>) -> bool {
    let known = Scope::of(plan, step, situation, None, None).as_far_as_known(text);
    // What `quote` makes of nothing are two quotes.
    !is_template(&known) && !matches!(known.trim(), "" | "''")
}

/// A scalar of a call as far as it is known.
pub(super) fn told(plan: &Plan, step: &PlannedStep, situation: Situation<'_>, node: &Node) -> Option<String> {
    let text = Spanned::new(node.text()?, node.span.clone());
    Some(Scope::of(plan, step, situation, None, None).as_far_as_known(&text))
}
