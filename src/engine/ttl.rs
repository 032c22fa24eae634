//! How long resolvers may go on giving what was there before a change.

use std::time::Duration;

use jiff::Timestamp;

use crate::actions::Registry;
use crate::base::StepId;
use crate::events::record::{Failure, Undo};
use crate::events::view::{RunView, UnitView};
use crate::events::{Progress, UnitState};
use crate::plan::{Plan, PlannedStep};

use super::controller::Controller;
use super::prepare::Prepared;

impl Controller {
    /// When the last of the records that `of` saw has lived its time; none: there is nothing to wait for.
    pub(super) fn ttl_over(&self, prepared: &Prepared<'_>, of: &StepId) -> Result<Option<Timestamp>, Failure> {
        let view = self.journal.view();
        // Once it was reached, what was written down then is what counts.
        if let UnitState::Waiting(Some(until)) = view.state(&prepared.unit) {
            return Ok(Some(until));
        }
        let end = over(&self.world.plan, &view, of, prepared.step.id(), self.world.setup.clock.now())?;
        if end.is_none() && view.units_of(of).any(|(_, seen)| matches!(seen.state, UnitState::Applied(_))) {
            let text = format!("nothing is known of a TTL before `{of}`: it is not waited for one");
            self.world.setup.screen.progress(&Progress::Note { unit: prepared.unit.clone(), text });
        }
        Ok(end)
    }
}

/// When the last of the records that `of` saw has lived its time, for a wait at the step `wait` that is reached now.
///
/// A `dns` step saw what was there before its own change, and that is when its records begin to be old. A `lookup` saw what was there before
/// the change that comes after it: the newest `dns` step that was applied between it and the wait, else the moment when the wait is reached.
fn over(plan: &Plan, view: &RunView, of: &StepId, wait: &StepId, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let kind = plan.step(of).map_or("", kind_of);
    let mut units = view.units_of(of);
    let in_doubt = units.find(|(_, seen)| matches!(seen.state, UnitState::Failed(..) | UnitState::Unsure(..)));
    if let Some((unit, _)) = in_doubt.filter(|_| kind == "dns") {
        return Err(Failure {
            why: format!("{unit} may have changed its records, and did not succeed"),
            hint: Some(format!("settle `{of}` first: `runbook retry` or `done`")),
            ..Failure::default()
        });
    }
    let changed = newest_change(plan, view, of, wait).unwrap_or(now);
    let end = |seen: &UnitView| {
        let from = match (kind, &seen.state) {
            ("dns", UnitState::Applied(_)) => seen.ended?,
            // It changed nothing, so nothing is old.
            ("dns", _) => return None,
            _ => changed,
        };
        from.checked_add(Duration::from_secs(ttl(seen)?.into())).ok()
    };
    Ok(view.units_of(of).filter_map(|(_, seen)| end(seen)).max())
}

/// When records were changed last by a `dns` step between two others.
fn newest_change(plan: &Plan, view: &RunView, after: &StepId, before: &StepId) -> Option<Timestamp> {
    let between = plan
        .steps()
        .skip_while(|step| step.id() != after)
        .take_while(|step| step.id() != before)
        .filter(|step| kind_of(step) == "dns");
    let units = between.flat_map(|step| view.units_of(step.id()));
    units.filter(|(_, seen)| matches!(seen.state, UnitState::Applied(_))).filter_map(|(_, seen)| seen.ended).max()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::base::UnitId;
    use crate::events::record::{Outputs, Reversal};
    use crate::events::state::Attempt;
    use crate::model::load;
    use crate::plan::{Inputs, resolve_kept};

    fn plan() -> Plan {
        let text = "runbook: 1
secrets: {key: {env: KEY}}
steps:
- {id: seen, lookup: {name: a.example.org, type: A}}
- {id: move, foreach: [1, 2], dns: {server: ns, zone: example.org, key: key, records: []}}
- {id: other, dns: {server: ns, zone: example.org, key: key, records: []}}
- {id: old, wait: {ttl_of: move}}
";
        let loaded = load::load_with(std::path::Path::new("b.yaml"), &|_| Ok(text.as_bytes().to_vec()));
        resolve_kept(loaded.book.unwrap(), &Inputs::default(), &BTreeMap::new())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt() -> Attempt {
        let reversal = Reversal {
            action: "dns".to_owned(),
            data: Undo::Nothing,
            become_user: None,
            summary: String::new(),
            verify_held_before: false,
            restarts: None,
            captured: None,
        };
        Attempt { number: 1, first: 1, reversal: Box::new(reversal), job: None, named: 1 }
    }

    fn unit(step: &str, item: Option<u32>, state: UnitState, ended: i64, ttl: Option<u32>) -> (UnitId, UnitView) {
        let outputs = Some(Arc::new(Outputs { ttl, ..Outputs::default() }));
        let id = UnitId { step: step.into(), item, host: None };
        (id, UnitView { state, ended: Some(at(ended)), outputs, ..UnitView::default() })
    }

    fn end(of: &str, units: impl IntoIterator<Item = (UnitId, UnitView)>) -> Result<Option<i64>, String> {
        let view = RunView { units: units.into_iter().collect(), ..RunView::default() };
        let end = over(&plan(), &view, &of.into(), &"old".into(), at(10_000));
        end.map(|end| end.map(Timestamp::as_second)).map_err(|failure| failure.why)
    }

    #[test]
    fn a_change_of_records_counts_from_when_it_was_made_and_the_latest_end_counts() {
        let applied = || UnitState::Applied(attempt());
        let first = unit("move", Some(0), applied(), 100, Some(3600));
        assert_eq!(end("move", [first.clone(), unit("move", Some(1), applied(), 200, Some(60))]), Ok(Some(3700)));
        assert_eq!(end("move", [first, unit("move", Some(1), applied(), 200, Some(7200))]), Ok(Some(7400)));
    }

    #[test]
    fn what_changed_nothing_is_not_waited_for() {
        let satisfied = unit("move", Some(0), UnitState::Satisfied, 100, Some(3600));
        let skipped = unit("move", Some(1), UnitState::Skipped, 100, Some(3600));
        assert_eq!(end("move", [satisfied, skipped]), Ok(None));
        assert_eq!(end("move", []), Ok(None));
        let new = unit("move", Some(0), UnitState::Applied(attempt()), 100, None);
        assert_eq!(end("move", [new]), Ok(None), "there was no record before");
    }

    #[test]
    fn what_may_have_changed_something_has_to_be_settled_first() {
        let unsure = unit("move", Some(1), UnitState::Unsure(attempt(), "lost".to_owned()), 100, None);
        assert_eq!(end("move", [unsure]), Err("move[1] may have changed its records, and did not succeed".to_owned()));
    }

    #[test]
    fn a_look_counts_from_the_newest_change_after_it_or_from_when_the_wait_is_reached() {
        let seen = unit("seen", None, UnitState::Applied(attempt()), 50, Some(300));
        assert_eq!(end("seen", [seen.clone()]), Ok(Some(10_300)));
        let same = unit("other", None, UnitState::Satisfied, 900, None);
        assert_eq!(end("seen", [seen.clone(), same]), Ok(Some(10_300)), "a change that was none is none");
        let first = unit("move", Some(0), UnitState::Applied(attempt()), 700, Some(60));
        let second = unit("other", None, UnitState::Applied(attempt()), 800, Some(60));
        assert_eq!(end("seen", [seen, first, second]), Ok(Some(1100)));
    }
}
