//! One pass over the steps.

use std::collections::BTreeSet;

use crate::base::{Span, StepId};
use crate::model::{Diagnostics, UndoSpec};
use crate::plan::check::parts;
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::Situation;

use super::destroys;
use super::restarts::Untested;

/// Says of each step what a colleague would.
pub(in crate::plan::check) fn advise(plan: &Plan, situation: Situation<'_>, diagnostics: &mut Diagnostics) {
    let ended: BTreeSet<&StepId> = plan.steps().filter_map(|step| Some(&step.step.restores.as_ref()?.value)).collect();
    let mut untested = Untested::default();
    let mut past: Option<&StepId> = None;
    for step in plan.steps() {
        let parts = parts::of(&step.step);
        for part in &parts {
            destroys::empty(plan, step, part, situation, diagnostics);
            destroys::for_good(plan, step, part, diagnostics);
        }
        untested.step(plan, step, &parts, situation, diagnostics);
        temporary(step, &ended, diagnostics);
        wait(step, diagnostics);
        if let Some(point) = past {
            unverified(step, point, diagnostics);
        }
        if step.step.irreversible.is_some() {
            past = Some(step.id());
        }
    }
}

fn temporary(step: &PlannedStep, ended: &BTreeSet<&StepId>, diagnostics: &mut Diagnostics) {
    let Some(until) = step.step.temporary.as_ref().filter(|_| !ended.contains(step.id())) else { return };
    diagnostics.warning(&until.span, format!("no step ends the temporary change of `{}`", step.id())).hint(format!(
        "a later step with `restores: {}`; without one the run ends with exit code 7, and the change stays",
        step.id()
    ));
}

/// A wait for a time, of which nobody knows what it is good for. The others name what they wait for.
fn wait(step: &PlannedStep, diagnostics: &mut Diagnostics) {
    let own = &step.step;
    let Some(call) = own.action.as_ref().filter(|call| call.kind.value == "wait") else { return };
    let is_for_a_time = call.value.get("for").is_none() && call.value.get("ttl_of").is_none();
    // Without a name of its own a step is called by its id, without what an include has put before it.
    let is_named = !own.id.value.as_str().ends_with(&own.name);
    if is_for_a_time && !is_named && own.description.is_none() {
        diagnostics.warning(&call.kind.span, "nothing says what is waited for").hint(
            "a `name` or a `description`: whoever finds the run parked has to know whether the wait can be cut short",
        );
    }
}

/// A step behind the point of no return of which nobody will know whether it has worked.
fn unverified(step: &PlannedStep, point: &StepId, diagnostics: &mut Diagnostics) {
    let own = &step.step;
    let Some(call) = own.action.as_ref() else { return };
    let at: Option<&Span> = match call.kind.value.as_str() {
        "run" => Some(&call.kind.span),
        "sql" if call.value.get("script").is_some() => Some(&call.kind.span),
        "stream" if call.value.get("to").and_then(|to| to.get("run")).is_some() => Some(&call.kind.span),
        _ => None,
    };
    let looks_only = matches!(own.undo, Some(UndoSpec::Nothing));
    if let Some(span) = at.filter(|_| own.verify.is_none() && !looks_only) {
        diagnostics
            .warning(span, format!("behind the point of no return, `{point}`, nothing tells whether this has worked"))
            .hint("`verify` with a script or a check of what must hold: there is no way back from here if it does not");
    }
}
