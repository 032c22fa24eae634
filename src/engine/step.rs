//! A step on its hosts: item by item, batch by batch, and what its failures lead to.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures::StreamExt as _;
use jiff::Timestamp;

use crate::base::{Role, UnitId};
use crate::events::record::{Failure, Outcome, Outputs};
use crate::events::{Record, RunView, UnitState};
use crate::model::OnFailure;
use crate::model::step::Batch;
use crate::plan::PlannedStep;

use super::controller::{Controller, EngineError};
use super::setup::End;
use super::signal::Wish;
use super::unit::{Troubled, UnitEnd};
use super::units::{Items, Untold, Work};
use super::world::lock;

/// How a process's part of a step ended.
pub(super) enum StepEnd {
    /// The run may go past it.
    GoOn,
    /// These units need somebody to decide.
    Troubles(Vec<(Work, Troubled)>),
    /// The run ends here.
    End(End),
}

/// How some of a step's units ended that were carried on.
#[derive(Default)]
struct Sum {
    troubles: Vec<(Work, Troubled)>,
    parked: Option<(String, Option<Timestamp>)>,
    interrupted: bool,
}

impl Sum {
    /// Whether the run may go past them.
    fn goes_on(&self) -> bool {
        self.troubles.is_empty() && self.parked.is_none() && !self.interrupted
    }

    /// The run goes on at the earliest time that any of them waits for; where all wait for somebody, at none.
    fn park(&mut self, why: String, until: Option<Timestamp>) {
        let earlier = match &self.parked {
            None => true,
            Some((_, known)) => until.is_some_and(|until| known.is_none_or(|known| until < known)),
        };
        if earlier {
            self.parked = Some((why, until));
        }
    }

    fn add(&mut self, other: Self) {
        self.troubles.extend(other.troubles);
        self.interrupted |= other.interrupted;
        if let Some((why, until)) = other.parked {
            self.park(why, until);
        }
    }
}

impl Controller {
    /// Carries a step on. Called again after its troubles were decided on, it goes on with what is left.
    pub(super) async fn step(&self, step: &PlannedStep) -> Result<StepEnd, EngineError> {
        if let Some(why) = &step.left_out {
            return self.leave_out(step, why).await;
        }
        let view = self.journal.view();
        if self.is_over(step, &view) {
            return Ok(StepEnd::GoOn);
        }
        if let Some(name) = &step.step.checkpoint
            && !view.checkpoints.iter().any(|(_, at)| at == step.id())
        {
            let record = Record::CheckpointReached { name: name.value.clone(), step: step.id().clone() };
            self.journal.append(record).await?;
        }
        if let Some(end) = self.step_gate(step).await? {
            return Ok(StepEnd::End(end));
        }
        for host in self.world.plan.hosts.iter().filter(|host| host.replaced_at.as_ref() == Some(step.id())) {
            self.world.forget(&host.role);
        }
        let items = match self.listed(step).await? {
            Ok(items) => items,
            Err(failure) => return self.without_units(step, failure).await,
        };
        let left_behind = left_behind(step, &self.journal.view(), &self.world.plan);
        // Once an item holds the run up, no further one begins; those that have begun come to their ends.
        let held_up = AtomicBool::new(false);
        let (held_up, left_behind) = (&held_up, &left_behind);
        let at_once = step.step.parallel.map_or(1, |count| count as usize);
        let sums: Vec<Result<Sum, EngineError>> = futures::stream::iter(items)
            .map(|works| async move {
                if held_up.load(Relaxed) {
                    return Ok(Sum::default());
                }
                let sum = self.item(step, works, left_behind).await;
                held_up.fetch_or(!matches!(&sum, Ok(sum) if sum.goes_on()), Relaxed);
                sum
            })
            .buffer_unordered(at_once)
            .collect()
            .await;
        let mut whole = Sum::default();
        for sum in sums {
            whole.add(sum?);
        }
        self.sum_up(whole).await
    }

    /// An item on its hosts, batch by batch.
    async fn item(
        &self,
        step: &PlannedStep,
        mut works: Vec<Work>,
        left_behind: &BTreeSet<Role>,
    ) -> Result<Sum, EngineError> {
        works.retain(|work| !work.unit.host.as_ref().is_some_and(|host| left_behind.contains(host)));
        for batch in works.chunks(batch_size(step.step.batch, works.len())) {
            let sum = self.batch(step, batch).await?;
            if !sum.goes_on() {
                return Ok(sum);
            }
        }
        Ok(Sum::default())
    }

    /// What the ends of a step's units lead to.
    async fn sum_up(&self, sum: Sum) -> Result<StepEnd, EngineError> {
        if sum.interrupted {
            return self.interrupted().await.map(StepEnd::End);
        }
        if !sum.troubles.is_empty() {
            return Ok(StepEnd::Troubles(sum.troubles));
        }
        match sum.parked {
            Some((why, until)) => self.park(why, until).await.map(StepEnd::End),
            None => Ok(StepEnd::GoOn),
        }
    }

    /// The units of a step; the items of its `foreach` are worked out once, and kept.
    async fn listed(&self, step: &PlannedStep) -> Result<Result<Items, Failure>, EngineError> {
        let view = self.journal.view();
        let told = |untold| match untold {
            Untold::Wrong(failure) => *failure,
            Untold::Unknown(other) => Failure {
                why: format!("its `foreach` is what `{other}` leaves, and that has not run"),
                ..Failure::default()
            },
        };
        match self.world.list(step, &view) {
            Err(untold) => return Ok(Err(told(untold))),
            Ok(Some(items)) if !view.lists.contains_key(step.id()) => {
                self.journal.append(Record::Listed { step: step.id().clone(), items }).await?;
            }
            Ok(_) => {}
        }
        Ok(self.world.units(step, &self.journal.view()).map_err(told))
    }

    /// A step whose units cannot be told fails as a whole.
    async fn without_units(&self, step: &PlannedStep, failure: Failure) -> Result<StepEnd, EngineError> {
        let unit = UnitId { step: step.id().clone(), item: None, host: None };
        // Somebody has left it out, or done it.
        if self.journal.view().state(&unit).is_over() {
            return Ok(StepEnd::GoOn);
        }
        match self.not_begun(&unit, failure).await? {
            UnitEnd::Trouble(_) if self.on_failure(step) == OnFailure::Continue => Ok(StepEnd::GoOn),
            UnitEnd::Trouble(troubled) => Ok(StepEnd::Troubles(vec![(Work { unit, item: None }, troubled)])),
            _ => Ok(StepEnd::GoOn),
        }
    }

    /// Some hosts at the same time.
    async fn batch(&self, step: &PlannedStep, works: &[Work]) -> Result<Sum, EngineError> {
        let view = self.journal.view();
        let due: Vec<&Work> = works.iter().filter(|work| self.is_due(step, &work.unit, &view)).collect();
        if !due.is_empty() && self.wants(Wish::Stop) {
            return Ok(Sum { interrupted: true, ..Sum::default() });
        }
        let forks = self.world.setup.manner.forks.unwrap_or(due.len()).max(1);
        lock(&self.tried).extend(due.iter().map(|work| work.unit.clone()));
        let ends: Vec<_> = futures::stream::iter(due)
            .map(|work| async move { (work, self.carry(step, &work.unit, work.item.as_ref()).await) })
            .buffered(forks)
            .collect()
            .await;
        let mut sum = Sum::default();
        for (work, end) in ends {
            match end? {
                UnitEnd::Over => {}
                UnitEnd::Trouble(trouble) => sum.troubles.push((work.clone(), trouble)),
                UnitEnd::Parked { why, until } => sum.park(why, until),
                UnitEnd::Interrupted => sum.interrupted = true,
            }
        }
        if self.tolerates(step, &self.journal.view()) {
            sum.troubles.clear();
        }
        Ok(sum)
    }

    /// Whether a unit is carried on now. One in trouble is tried once by each process, and again when somebody asks for that. What is not known
    /// is found out, though the step's failures are gone past.
    fn is_due(&self, step: &PlannedStep, unit: &UnitId, view: &RunView) -> bool {
        let state = view.state(unit);
        if state.is_over() {
            return false;
        }
        let seen = view.units.get(unit);
        let unsettled = seen.is_some_and(|seen| seen.unsettled.is_some());
        if seen.is_some_and(|seen| seen.reopened) || !(state.is_in_trouble() || unsettled) {
            return true;
        }
        !lock(&self.tried).contains(unit) && (state.is_not_known() || !self.tolerates(step, view))
    }

    /// Whether the run goes on past the step's failures so far.
    fn tolerates(&self, step: &PlannedStep, view: &RunView) -> bool {
        if self.on_failure(step) == OnFailure::Continue {
            return true;
        }
        let failed = view.units_of(step.id()).filter(|(_, seen)| seen.state.is_in_trouble()).count();
        step.step.max_failures.is_some_and(|most| failed <= most as usize)
    }

    pub(super) fn on_failure(&self, step: &PlannedStep) -> OnFailure {
        step.step.on_failure.unwrap_or(self.world.plan.book.defaults.on_failure)
    }

    fn is_over(&self, step: &PlannedStep, view: &RunView) -> bool {
        let listed = step.step.foreach.is_none() || view.lists.contains_key(step.id());
        let Ok(items) = self.world.units(step, view) else { return false };
        listed && items.iter().flatten().all(|work| view.state(&work.unit).is_over())
    }

    async fn leave_out(&self, step: &PlannedStep, why: &str) -> Result<StepEnd, EngineError> {
        let view = self.journal.view();
        let hosts = if step.hosts.is_empty() { vec![None] } else { step.hosts.iter().cloned().map(Some).collect() };
        for host in hosts {
            let unit = UnitId { step: step.id().clone(), item: None, host };
            if matches!(view.state(&unit), UnitState::Pending | UnitState::Undone) {
                self.journal.append(Record::Skipped { unit, why: why.to_owned() }).await?;
            }
        }
        Ok(StepEnd::GoOn)
    }

    /// Settles a unit that somebody did by hand, if its step's `verify` agrees; otherwise tells why it does not.
    pub(super) async fn mark_done(
        &self,
        step: &PlannedStep,
        work: &Work,
        note: Option<String>,
    ) -> Result<Option<Failure>, EngineError> {
        if step.step.verify.is_some() {
            let view = self.journal.view();
            let prepared = match self.world.prepare(step, &work.unit, work.item.clone(), &view) {
                Ok(prepared) => prepared,
                Err(unready) => return Ok(Some(unready.failure())),
            };
            let around = super::around::Around::new(&self.world, Some(&prepared));
            match self.does_step_hold(&prepared, &around, prepared.patience).await {
                Ok(None) => {}
                Ok(Some(why)) => return Ok(Some(Failure { why, ..Failure::default() })),
                Err(error) => return self.failure_of(error).map(Some),
            }
        }
        let note = note.map_or_else(|| "marked done by hand".to_owned(), |note| format!("marked done by hand: {note}"));
        let outputs = Box::new(Outputs { changed: true, note: Some(note.clone()), ..Outputs::default() });
        let outcome = Outcome::Applied { outputs, note: Some(note) };
        self.journal.append(Record::Settled { unit: work.unit.clone(), outcome }).await?;
        Ok(None)
    }

    pub(super) fn wants(&self, wish: Wish) -> bool {
        self.world.setup.signals.wish() >= wish
    }
}

/// Hosts that failed in an earlier step, within its allowance: they are left out until they were tried again.
fn left_behind(step: &PlannedStep, view: &RunView, plan: &crate::plan::Plan) -> BTreeSet<Role> {
    let earlier: BTreeSet<_> = plan.steps().map(PlannedStep::id).take_while(|id| *id != step.id()).collect();
    let failed = view.units.iter().filter(|(unit, seen)| {
        seen.state.is_in_trouble() && earlier.contains(&unit.step) && view.allows_failures(&unit.step)
    });
    failed.filter_map(|(unit, _)| unit.host.clone()).collect()
}

fn batch_size(batch: Option<Batch>, hosts: usize) -> usize {
    let size = match batch {
        None => hosts,
        Some(Batch::Count(count)) => count as usize,
        Some(Batch::Percent(percent)) => hosts * percent as usize / 100,
    };
    size.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_of_one_host_at_least() {
        assert_eq!(batch_size(None, 7), 7);
        assert_eq!(batch_size(Some(Batch::Count(3)), 7), 3);
        assert_eq!(batch_size(Some(Batch::Percent(25)), 8), 2);
        assert_eq!(batch_size(Some(Batch::Percent(1)), 8), 1);
        assert_eq!(batch_size(None, 0), 1);
    }
}
