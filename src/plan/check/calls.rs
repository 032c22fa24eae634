//! The actions of a step, decoded for every host and item.

use serde_json::Value;

use crate::actions::{DynAction, Registry};
use crate::base::{Role, Spanned, StepId};
use crate::model::step::{ActionCall, SubStep, Text};
use crate::model::{Diagnostics, Node, Scalar, Shape, UndoSpec, VerifySpec, kinds};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::{RenderError, Scope, Situation};
use crate::plan::vars::each_reference;

/// Decodes what the step does on each host, for each item as far as those are known.
pub(super) fn check(plan: &Plan, step: &PlannedStep, situation: Situation<'_>, diagnostics: &mut Diagnostics) {
    let items = items(plan, step, situation, diagnostics);
    for call in calls(step) {
        let uses = Uses::of(&call.value);
        for scope in scopes(plan, step, situation, &items, uses) {
            decode(&call, &scope, diagnostics);
        }
    }
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

fn items(plan: &Plan, step: &PlannedStep, situation: Situation<'_>, diagnostics: &mut Diagnostics) -> Items {
    let Some(foreach) = &step.step.foreach else { return Items::None };
    match Scope::of(plan, step, situation, None, None).items(foreach) {
        Ok(items) => Items::Known(items),
        Err(RenderError::Unknown(until)) => Items::Unknown(until),
        Err(RenderError::Wrong(wrong)) => {
            diagnostics.push(*wrong);
            Items::Known(Vec::new())
        }
    }
}

/// Which of what differs from unit to unit a value uses.
#[derive(Clone, Copy)]
struct Uses {
    host: bool,
    item: bool,
}

impl Uses {
    fn of(node: &Node) -> Self {
        let mut uses = Self { host: false, item: false };
        each_reference(node, &mut |reference| {
            uses.host |= reference.root() == "host";
            uses.item |= reference.root() == "item";
        });
        uses
    }
}

/// One for each unit for which the value may be another.
fn scopes<'a>(
    plan: &'a Plan,
    step: &'a PlannedStep,
    situation: Situation<'a>,
    items: &'a Items,
    uses: Uses,
) -> impl Iterator<Item = Scope<'a>> {
    let hosts: Vec<Option<&Role>> = match step.hosts.as_slice() {
        [] => vec![None],
        hosts => hosts.iter().take(if uses.host { hosts.len() } else { 1 }).map(Some).collect(),
    };
    let items: Vec<Result<Option<&Value>, &StepId>> = match items {
        Items::None => vec![Ok(None)],
        Items::Known(items) => items.iter().take(if uses.item { items.len() } else { 1 }).map(Some).map(Ok).collect(),
        Items::Unknown(until) => vec![Err(until)],
    };
    hosts.into_iter().flat_map(move |host| {
        items.clone().into_iter().map(move |item| match item {
            Ok(item) => Scope::of(plan, step, situation, host, item),
            Err(until) => Scope::of(plan, step, situation, host, None).until(until),
        })
    })
}

/// All that a step calls: its action, and what looks at it and takes it back.
pub(super) fn calls(step: &PlannedStep) -> Vec<ActionCall> {
    let step = &step.step;
    let by_person = step.action.as_ref().is_some_and(|action| action.kind.value == "manual");
    let mut calls: Vec<ActionCall> = step.action.iter().cloned().collect();
    let parts = |parts: &[SubStep]| parts.iter().map(|part| part.action.clone()).collect::<Vec<_>>();
    calls.extend(step.unless.as_ref().map(|script| script_call("run", script)));
    match &step.verify {
        Some(VerifySpec::Script(script)) => calls.push(script_call("run", script)),
        Some(VerifySpec::Checks { checks, .. }) => calls.extend(parts(checks)),
        None => {}
    }
    match &step.undo {
        Some(UndoSpec::Script(script)) => calls.push(script_call(if by_person { "manual" } else { "run" }, script)),
        Some(UndoSpec::Steps(steps)) => calls.extend(parts(steps)),
        Some(UndoSpec::Irreversible(_) | UndoSpec::Nothing) | None => {}
    }
    calls
}

fn script_call(kind: &str, script: &Text) -> ActionCall {
    let value = Node { shape: Shape::Scalar(Scalar::Quoted(script.value.clone())), span: script.span.clone() };
    ActionCall { kind: Spanned::new(kind.to_owned(), script.span.clone()), value }
}

/// Renders and decodes a call, reporting what is wrong with it.
fn decode(call: &ActionCall, scope: &Scope<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn DynAction>> {
    let name = &call.kind.value;
    let Some(kind) = Registry.kind(name) else {
        if kinds::action(name).is_some() {
            diagnostics.error(
                &call.kind.span,
                format!("`{name}` is an action of the language that this version of runbook cannot carry out yet"),
            );
        }
        return None;
    };
    match scope.node(&call.value) {
        Ok(value) => kind.decode(&value, diagnostics),
        Err(RenderError::Wrong(wrong)) => {
            diagnostics.push(*wrong);
            None
        }
        Err(RenderError::Unknown(_)) => None,
    }
}
