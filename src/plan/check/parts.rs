//! What a step calls: its action, and what looks at it and takes it back.

use std::borrow::Cow;

use crate::base::Spanned;
use crate::model::step::{ActionCall, Step, SubStep, Text};
use crate::model::{Node, Scalar, Shape, UndoSpec, VerifySpec};

/// A call of an action within a step.
pub(in crate::plan) struct Part<'s> {
    /// The call.
    pub(in crate::plan) call: Cow<'s, ActionCall>,
    /// Its own hosts; empty: those of the step.
    pub(in crate::plan) on: &'s [Spanned<String>],
    /// Its own user.
    pub(super) become_user: Option<&'s Text>,
    /// What it is to the step.
    pub(super) role: Use,
}

/// What a call is to its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Use {
    /// What it does.
    Action,
    /// The script under that key, which runs where the step does.
    Script(&'static str),
    /// A step of `verify` or `undo`.
    Step(&'static str),
}

/// All that a step calls.
pub(in crate::plan) fn of(step: &Step) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = step.action.iter().map(|call| whole(call, Use::Action)).collect();
    parts.extend(step.wait_for.as_ref().map(|check| substep(check, "wait")));
    parts.extend(step.unless.as_ref().map(|text| script("run", text, "unless")));
    match &step.verify {
        Some(VerifySpec::Script(text)) => parts.push(script("run", text, "verify")),
        Some(VerifySpec::Checks { checks, .. }) => parts.extend(checks.iter().map(|check| substep(check, "verify"))),
        None => {}
    }
    match &step.undo {
        // What a person did, a person takes back.
        Some(UndoSpec::Script(text)) => {
            let by_person = step.action.as_ref().is_some_and(|action| action.kind.value == "manual");
            parts.push(script(if by_person { "manual" } else { "run" }, text, "undo"));
        }
        Some(UndoSpec::Steps(steps)) => parts.extend(steps.iter().map(|step| substep(step, "undo"))),
        Some(UndoSpec::Irreversible(_) | UndoSpec::Nothing) | None => {}
    }
    parts
}

fn whole(call: &ActionCall, role: Use) -> Part<'_> {
    Part { call: Cow::Borrowed(call), on: &[], become_user: None, role }
}

fn substep<'s>(step: &'s SubStep, key: &'static str) -> Part<'s> {
    Part { on: &step.on, become_user: step.become_user.as_ref(), ..whole(&step.action, Use::Step(key)) }
}

/// A script as the call of an action that takes a text.
fn script<'s>(kind: &str, text: &'s Text, key: &'static str) -> Part<'s> {
    let value = Node { shape: Shape::Scalar(Scalar::Quoted(text.value.clone())), span: text.span.clone() };
    let call = ActionCall { kind: Spanned::new(kind.to_owned(), text.span.clone()), value };
    Part { call: Cow::Owned(call), on: &[], become_user: None, role: Use::Script(key) }
}
