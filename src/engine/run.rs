//! A run from where it is to its end, phase by phase.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::base::{Role, StepId};
use crate::events::view::Status;
use crate::events::{Record, UnitState};
use crate::plan::{PlannedPhase, PlannedStep};

use super::controller::{Controller, EngineError};
use super::setup::End;
use super::step::StepEnd;
use super::trouble::Decision;

impl Controller {
    /// Carries the run on from where it is, to its end or to what stops it. `End::Reload`: read the book again, make a new controller.
    ///
    /// # Errors
    /// Where the journal does not take a record, a host is another machine, or none of the hosts could be reached to begin with.
    pub async fn go_on(&self) -> Result<End, EngineError> {
        self.watched(self.carry_on()).await
    }

    async fn carry_on(&self) -> Result<End, EngineError> {
        if let Status::RollingBack { to } = &self.journal.view().status {
            return self.take_all_back(to.clone()).await;
        }
        if let Err(error) = self.world.connect_all(self.hosts_due()).await {
            self.journal.append(Record::Stopped { why: error.to_string() }).await?;
            return Err(error);
        }
        for phase in &self.world.plan.phases {
            if let Some(end) = self.phase(phase).await? {
                return Ok(end);
            }
        }
        self.finish_run().await
    }

    async fn phase(&self, phase: &PlannedPhase) -> Result<Option<End>, EngineError> {
        let view = self.journal.view();
        let selected = phase.steps.iter().any(|step| step.left_out.is_none());
        if selected || phase.steps.is_empty() {
            if view.phase.as_ref() != Some(&phase.id) && !self.was_entered(phase) {
                self.journal.append(Record::PhaseEntered { phase: phase.id.clone() }).await?;
            }
            if let Some(end) = self.phase_gate(phase).await? {
                return Ok(Some(end));
            }
        }
        if phase.parallel {
            return self.in_waves(phase).await;
        }
        for step in &phase.steps {
            if let Some(end) = self.to_its_end(&[step]).await? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Whether anything of the phase was done: it is not announced again by a resume.
    fn was_entered(&self, phase: &PlannedPhase) -> bool {
        let view = self.journal.view();
        phase.steps.iter().any(|step| view.units_of(step.id()).next().is_some())
    }

    /// Steps that do not refer to each other run at the same time; one that asks somebody runs alone.
    async fn in_waves(&self, phase: &PlannedPhase) -> Result<Option<End>, EngineError> {
        let mut left: Vec<&PlannedStep> = phase.steps.iter().collect();
        while !left.is_empty() {
            let wave = wave(&left, self.world.setup.manner.step_by_step);
            if let Some(end) = self.to_its_end(&wave).await? {
                return Ok(Some(end));
            }
            left.retain(|step| !wave.iter().any(|done| done.id() == step.id()));
        }
        Ok(None)
    }

    /// Carries steps on at the same time until the run may go past all of them. Decisions are asked for one after the other, when
    /// nothing else is under way.
    async fn to_its_end(&self, steps: &[&PlannedStep]) -> Result<Option<End>, EngineError> {
        let mut left: Vec<&PlannedStep> = steps.to_vec();
        while !left.is_empty() {
            let ends = futures::future::join_all(left.iter().map(|step| self.step(step))).await;
            let mut again = Vec::new();
            let mut stop = None;
            for (step, end) in left.into_iter().zip(ends) {
                match end? {
                    StepEnd::GoOn => {}
                    StepEnd::End(end) => stop = Some(end),
                    StepEnd::Troubles(troubles) => again.push((step, troubles)),
                }
            }
            if stop.is_some() {
                return Ok(stop);
            }
            left = Vec::new();
            for (step, troubles) in again {
                for (work, troubled) in troubles {
                    if let Decision::End(end) = self.decide(step, &work, troubled).await? {
                        return Ok(Some(end));
                    }
                }
                left.push(step);
            }
        }
        Ok(None)
    }

    /// The hosts of steps that are not over: they are connected to, and held to what they were, before anything is done.
    fn hosts_due(&self) -> Vec<Role> {
        let view = self.journal.view();
        let due = self.world.plan.steps().filter(|step| step.left_out.is_none() && !view.is_step_over(step.id()));
        let roles: BTreeSet<Role> = due.flat_map(|step| self.world.plan.reached(step)).collect();
        roles.into_iter().collect()
    }

    async fn finish_run(&self) -> Result<End, EngineError> {
        let view = self.journal.view();
        if let Some(unit) = view.first_left_behind() {
            let why = if view.state(&unit).is_not_known() {
                format!("what became of {unit} is not known")
            } else {
                format!("{unit} failed and was left behind")
            };
            self.journal.append(Record::Stopped { why }).await?;
            return Ok(End::Failed { unit });
        }
        let open = view.ledger().len();
        self.watch_once_more().await;
        self.journal.append(Record::Finished { open: u32::try_from(open).unwrap_or(u32::MAX) }).await?;
        Ok(End::Done { open })
    }

    /// The process ends, and the run waits.
    pub(super) async fn park(&self, why: String, until: Option<Timestamp>) -> Result<End, EngineError> {
        self.journal.append(Record::Parked { why: why.clone(), until }).await?;
        Ok(End::Parked { why, until })
    }

    /// The process ends as the operator wished.
    pub(super) async fn interrupted(&self) -> Result<End, EngineError> {
        let view = self.journal.view();
        let running = view.units.iter().filter(|(_, seen)| matches!(seen.state, UnitState::InFlight(_)));
        let running: Vec<String> = running.map(|(unit, _)| unit.to_string()).collect();
        let why = if running.is_empty() {
            "interrupted".to_owned()
        } else {
            format!("interrupted; still on its host: {}", running.join(", "))
        };
        self.journal.append(Record::Stopped { why }).await?;
        Ok(End::Interrupted)
    }
}

/// The steps of `left` that may run now.
fn wave<'a>(left: &[&'a PlannedStep], each_asks: bool) -> Vec<&'a PlannedStep> {
    let mut wave: Vec<&PlannedStep> = Vec::new();
    let waiting: BTreeSet<&StepId> = left.iter().map(|step| step.id()).collect();
    for step in left {
        let holds =
            step.step.action.as_ref().is_some_and(|call| ["manual", "wait"].contains(&call.kind.value.as_str()));
        if each_asks || holds || step.step.confirm.is_some() || step.step.irreversible.is_some() {
            if wave.is_empty() {
                wave.push(step);
            }
            break;
        }
        let refers = step.uses.iter().chain(step.step.restores.as_ref().map(|id| &id.value));
        if !refers.into_iter().any(|id| waiting.contains(id)) {
            wave.push(step);
        }
    }
    // Steps that refer to each other in a circle were refused when the plan was made; one at a time is right in any case.
    if wave.is_empty() { left.first().copied().into_iter().collect() } else { wave }
}
