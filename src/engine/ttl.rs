//! How long resolvers may go on giving what was there before a change.

use std::time::Duration;

use jiff::Timestamp;

use crate::actions::Registry;
use crate::base::StepId;
use crate::events::record::{Failure, Undo};
use crate::events::view::{RunView, UnitView};
use crate::events::{Progress, UnitState};
use crate::plan::PlannedStep;

use super::controller::Controller;
use super::prepare::Prepared;

impl Controller {
    /// When the last of the records that `of` saw has lived its time; none: there is nothing to wait for.
    ///
    /// A `dns` step saw what was there before its own change, and that is when its records begin to be old. A `lookup` saw what was there
    /// before the change that comes after it: the newest `dns` step that was applied between it and the wait, else the moment when the wait
    /// is reached.
    pub(super) fn ttl_over(&self, prepared: &Prepared<'_>, of: &StepId) -> Result<Option<Timestamp>, Failure> {
        let view = self.journal.view();
        // Once it was reached, what was written down then is what counts.
        if let UnitState::Waiting(Some(until)) = view.state(&prepared.unit) {
            return Ok(Some(until));
        }
        let kind = self.world.plan.step(of).map_or("", kind_of);
        let in_doubt =
            view.units_of(of).find(|(_, seen)| matches!(seen.state, UnitState::Failed(..) | UnitState::Unsure(..)));
        if let Some((unit, _)) = in_doubt.filter(|_| kind == "dns") {
            return Err(Failure {
                why: format!("{unit} may have changed its records, and did not succeed"),
                hint: Some(format!("settle `{of}` first: `runbook retry` or `done`")),
                ..Failure::default()
            });
        }
        let now = self.world.setup.clock.now();
        let changed = self.newest_change(&view, of, prepared.step.id()).unwrap_or(now);
        let end = |seen: &UnitView| {
            let from = match (kind, &seen.state) {
                ("dns", UnitState::Applied(_)) => seen.ended?,
                // It changed nothing, so nothing is old.
                ("dns", _) => return None,
                _ => changed,
            };
            from.checked_add(Duration::from_secs(ttl(seen)?.into())).ok()
        };
        let end = view.units_of(of).filter_map(|(_, seen)| end(seen)).max();
        if end.is_none() && view.units_of(of).any(|(_, seen)| matches!(seen.state, UnitState::Applied(_))) {
            let text = format!("nothing is known of a TTL before `{of}`: it is not waited for one");
            self.world.setup.screen.progress(&Progress::Note { unit: prepared.unit.clone(), text });
        }
        Ok(end)
    }

    /// When records were changed last by a `dns` step between two others.
    fn newest_change(&self, view: &RunView, after: &StepId, before: &StepId) -> Option<Timestamp> {
        let between = self
            .world
            .plan
            .steps()
            .skip_while(|step| step.id() != after)
            .take_while(|step| step.id() != before)
            .filter(|step| kind_of(step) == "dns");
        let units = between.flat_map(|step| view.units_of(step.id()));
        units.filter(|(_, seen)| matches!(seen.state, UnitState::Applied(_))).filter_map(|(_, seen)| seen.ended).max()
    }
}

fn kind_of(step: &PlannedStep) -> &str {
    step.step.action.as_ref().map_or("", |call| call.kind.value.as_str())
}

/// The time to live that a unit saw before anything was changed: as it said itself, else by what it kept for its undo.
fn ttl(seen: &UnitView) -> Option<u32> {
    if !matches!(seen.state, UnitState::Applied(_) | UnitState::Satisfied) {
        return None;
    }
    let said = seen.outputs.as_ref().and_then(|outputs| outputs.ttl);
    said.or_else(|| {
        let reversal = &seen.state.attempt()?.reversal;
        let Undo::Captured { data } = &reversal.data else { return None };
        Registry.kind(&reversal.action)?.ttl_before(data)
    })
}
