//! What an edited book would change in a run that has begun.

use crate::base::StepId;
use crate::events::{RunView, UnitState};
use crate::plan::{Plan, PlannedStep};

/// A step whose text, or what it names, is not what it was when the run began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The step.
    pub step: StepId,
    /// What became of it.
    pub what: EditKind,
    /// Whether it matters to what was done already: then the edit has to be accepted.
    pub begun: bool,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// It says something else.
    Changed,
    /// It says something else, and its job may still be under way on a host.
    UnderWay,
    /// It is gone.
    Removed,
    /// It is new.
    Added,
}

/// Which steps are not as they were when the run was begun, or as edits of them were last accepted.
#[must_use]
pub fn edits(view: &RunView, plan: &Plan) -> Vec<Edit> {
    let before = view.fingerprints();
    let begun =
        |step: &StepId| view.units_of(step).any(|(_, seen)| seen.state.attempt().is_some() || seen.state.is_over());
    let is_under_way =
        |step: &StepId| view.units_of(step).any(|(_, seen)| matches!(seen.state, UnitState::InFlight(_)));
    let mut edits = Vec::new();
    let steps: Vec<&StepId> = plan.steps().map(PlannedStep::id).collect();
    let newest_over = steps.iter().rposition(|step| view.is_step_over(step));
    for (at, step) in steps.iter().enumerate() {
        match (before.get(*step), plan.fingerprints.get(*step)) {
            // A step that failed is there to be mended: only what is done, or half done and not repeatable as it was, must stand.
            (Some(old), Some(new)) if old != new => {
                // What is under way is what it said: its outcome would be taken for that of what it says now.
                let what = if is_under_way(step) { EditKind::UnderWay } else { EditKind::Changed };
                edits.push(Edit {
                    step: (*step).clone(),
                    what,
                    begun: what == EditKind::UnderWay || view.is_step_over(step),
                });
            }
            (None, _) => {
                let begun = newest_over.is_some_and(|newest| at < newest);
                edits.push(Edit { step: (*step).clone(), what: EditKind::Added, begun });
            }
            _ => {}
        }
    }
    for step in before.keys().filter(|step| !steps.contains(step)) {
        edits.push(Edit { step: step.clone(), what: EditKind::Removed, begun: begun(step) });
    }
    edits
}
