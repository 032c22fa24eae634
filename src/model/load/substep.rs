//! What stands within a step: its gate, what verifies it and what takes it back.

use crate::base::Spanned;
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::Diagnostics;
use crate::model::form::{Form, Key, key, required};
use crate::model::kinds::{self, ACTIONS};
use crate::model::node::{Node, Scalar, Shape};
use crate::model::step::{Confirm, SubStep, UndoSpec, VerifySpec};

use super::step;

/// What a gate looks like.
pub(super) const CONFIRM: Form = Form::Either(&[Form::Text, Form::Keys(&GATE)]);

const GATE: [Key; 2] =
    [required("prompt", Form::Text, "what is asked"), key("type", Form::Text, "a word that has to be typed back")];

/// What `verify` looks like.
pub(super) const VERIFY: Form = Form::Either(&[Form::Text, CHECKS, Form::Keys(&PATIENT)]);

const CHECKS: Form = Form::List(&Form::Defined("check"));

const PATIENT: [Key; 2] = [
    required("checks", CHECKS, "what is looked at: each of them has to hold"),
    key("for", Form::Duration, "for how long they are tried until they hold").left_out("once"),
];

/// What `undo` looks like.
pub(super) const UNDO: Form =
    Form::Either(&[Form::Text, Form::List(&Form::Defined("part")), Form::Keys(&IRREVERSIBLE)]);

const IRREVERSIBLE: [Key; 1] = [required("irreversible", Form::Text, "why there is no way back")];

/// The keys of a step of `verify` or `undo` beside its action.
pub(super) const KEYS: [Key; 2] = [
    key("on", Form::OneOrMore(&Form::Word), "where it runs: a role, a group, `local`, or a list of these")
        .left_out("where the step does"),
    key("become", Form::Text, "the user to act as").left_out("that of the step"),
];

/// A gate: what is asked, or that and the word to type back.
pub(super) fn confirm(node: &Node, diagnostics: &mut Diagnostics) -> Option<Confirm> {
    match &node.shape {
        Shape::Map(_) => {
            let mut fields = Fields::of(node, "`confirm`", &GATE, diagnostics)?;
            let prompt = fields.required("prompt", decode::spanned);
            let typed = fields.optional("type", decode::spanned);
            Some(Confirm { prompt: prompt?, typed })
        }
        Shape::Scalar(Scalar::Plain(text)) if matches!(text.as_str(), "true" | "false" | "yes" | "no") => {
            decode::due(node, "what is asked", diagnostics).hint("such as `confirm: Ready to start?`");
            None
        }
        Shape::Scalar(_) | Shape::List(_) => Some(Confirm { prompt: decode::spanned(node, diagnostics)?, typed: None }),
    }
}

/// What must hold after the step.
pub(super) fn verify(node: &Node, diagnostics: &mut Diagnostics) -> Option<VerifySpec> {
    match &node.shape {
        Shape::Scalar(_) => decode::spanned(node, diagnostics).map(VerifySpec::Script),
        Shape::List(_) => Some(VerifySpec::Checks { checks: checks(node, diagnostics)?, patience: None }),
        Shape::Map(entries) if entries.iter().any(|(key, _)| kinds::action(&key.value).is_some()) => {
            diagnostics
                .error(&node.span, "`verify` takes a script or a list of checks")
                .hint("put `- ` before the check");
            None
        }
        Shape::Map(_) => {
            let mut fields = Fields::of(node, "`verify`", &PATIENT, diagnostics)?;
            let checks = fields.required("checks", checks);
            let patience = fields.optional("for", decode::duration);
            Some(VerifySpec::Checks { checks: checks?, patience })
        }
    }
}

fn checks(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<SubStep>> {
    let checks = decode::list(substep)(node, diagnostics)?;
    if checks.is_empty() {
        diagnostics.error(&node.span, "no checks at all");
    }
    for check in &checks {
        only_looks(check, diagnostics);
    }
    Some(checks)
}

/// One check.
pub(super) fn check(node: &Node, diagnostics: &mut Diagnostics) -> Option<SubStep> {
    let check = substep(node, diagnostics)?;
    only_looks(&check, diagnostics);
    Some(check)
}

fn only_looks(check: &SubStep, diagnostics: &mut Diagnostics) {
    let kind = &check.action.kind;
    if kind.value == "sql" && check.action.value.get("script").is_some() {
        diagnostics
            .error(&kind.span, "`sql` with a `script` changes something: it cannot be a check")
            .hint("a `query` only looks");
    }
    if kinds::action(&kind.value).is_none_or(|kind| kind.looks_only) {
        return;
    }
    let looking: Vec<String> =
        ACTIONS.iter().filter(|kind| kind.looks_only).map(|kind| format!("`{}`", kind.name)).collect();
    diagnostics
        .error(&kind.span, format!("`{}` changes something: it cannot be a check", kind.value))
        .hint(format!("checks: {}", looking.join(", ")));
}

/// How the step is taken back.
pub(super) fn undo(node: &Node, diagnostics: &mut Diagnostics) -> Option<UndoSpec> {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if text.trim() == "nothing" => {
            Some(UndoSpec::Nothing)
        }
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if text.trim() == "none" => {
            diagnostics.error(&node.span, "`undo: none` could mean two things").hint(
                "write `nothing` where the step changed nothing, `{irreversible: \"why\"}` where there is no way back",
            );
            None
        }
        Shape::Scalar(_) => decode::spanned(node, diagnostics).map(UndoSpec::Script),
        Shape::List(_) => decode::list(substep)(node, diagnostics).map(UndoSpec::Steps),
        Shape::Map(entries) if entries.iter().any(|(key, _)| kinds::action(&key.value).is_some()) => {
            diagnostics.error(&node.span, "`undo` takes a script or a list of steps").hint("put `- ` before the step");
            None
        }
        Shape::Map(_) => {
            let mut fields = Fields::of(node, "`undo`", &IRREVERSIBLE, diagnostics)?;
            fields.required("irreversible", decode::spanned).map(UndoSpec::Irreversible)
        }
    }
}

/// A step within `verify` or `undo`: an action, and where and as whom it runs if not like the step itself.
fn substep(node: &Node, diagnostics: &mut Diagnostics) -> Option<SubStep> {
    let Shape::Map(entries) = &node.shape else {
        decode::due(node, "an action", diagnostics).hint("such as `- run: …`");
        return None;
    };
    let mut understood: Vec<(Spanned<String>, Node)> = Vec::new();
    for entry in entries {
        if KEYS.iter().any(|key| key.name == entry.0.value) || kinds::action(&entry.0.value).is_some() {
            understood.push(entry.clone());
        }
    }
    step::unknown_keys(entries, "a step of `verify` or `undo`", &KEYS, diagnostics);
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.value.as_str()).collect();
    let mut fields = Fields::of(node, "a step", &keys, diagnostics)?;
    let on = fields.optional("on", decode::one_or_list(decode::spanned)).unwrap_or_default();
    let become_user = fields.optional("become", decode::spanned);
    let action = step::action(entries, &node.span, understood.len() < entries.len(), diagnostics)?;
    Some(SubStep { on, become_user, action })
}
