//! Takes a run back, newest first.

use crate::actions::ActionError;
use crate::base::{Role, StepId, UnitId};
use crate::events::record::Account;
use crate::events::view::Status;
use crate::events::{Progress, Record, UnitState};

use crate::plan::PlannedStep;

use super::controller::{Controller, EngineError};
use super::setup::End;
use super::signal::Wish;
use super::undo::NotUndone;

/// How taking one unit back ended.
enum Back {
    Done,
    Stuck(String),
    NotNow(String),
    LetGo,
}

impl Controller {
    /// Takes back what was done, to just before `to`, or all of it.
    ///
    /// # Errors
    /// As [`Controller::go_on`].
    pub async fn roll_back(&self, to: Option<StepId>) -> Result<End, EngineError> {
        self.watched(self.take_all_back(to)).await
    }

    /// The same as a part of what goes on anyway.
    pub(super) async fn take_all_back(&self, to: Option<StepId>) -> Result<End, EngineError> {
        let view = self.journal.view();
        if view.status != (Status::RollingBack { to: to.clone() }) {
            self.journal.append(Record::RollbackBegun { to: to.clone() }).await?;
        }
        for unit in view.undo_order(to.as_ref()) {
            // The journal goes on saying that the run is being taken back: resume goes on with that.
            if self.wants(Wish::Stop) {
                return Ok(End::Interrupted);
            }
            match self.back(&unit).await? {
                Back::Done => {}
                Back::LetGo => return Ok(End::Interrupted),
                Back::NotNow(why) => return Ok(End::Parked { why, until: None }),
                Back::Stuck(why) => {
                    self.watch_once_more().await;
                    self.journal.append(Record::RollbackEnded { complete: false, left: view.left.clone() }).await?;
                    return Ok(End::RollbackStopped { unit, why });
                }
            }
        }
        self.watch_once_more().await;
        // Before the journal says that it is over: whoever dies in between tidies up when it is gone on with.
        let left = if to.is_none() { self.tidy().await } else { view.left.clone() };
        self.journal.append(Record::RollbackEnded { complete: true, left }).await?;
        Ok(End::RolledBack { to })
    }

    /// Removes what was kept for undo by a unit that was never announced: the controller died in between, so the journal does not know of it.
    /// What cannot be removed stays, for its owner's eyes only: where that is is given.
    async fn tidy(&self) -> Vec<Account> {
        let view = self.journal.view();
        let known = |step: &PlannedStep| view.units_of(step.id()).next().is_some();
        let newest = self.world.plan.steps().enumerate().filter(|(_, step)| known(step)).last();
        // The step after the last that the journal knows of may have been the one.
        let steps = self.world.plan.steps().take(newest.map_or(1, |(at, _)| at + 2));
        let of_before =
            |Account { host, become_user }: &Account| (host.clone(), self.as_user(Some(host), become_user.as_deref()));
        let mut accounts: Vec<_> = view.left.iter().map(of_before).collect();
        for step in steps {
            let items = self.world.units(step, &view).unwrap_or_default();
            for work in items.into_iter().flatten() {
                let Ok(prepared) = self.world.prepare(step, &work.unit, work.item, &view) else { continue };
                let of_unit = if let Some(host) = work.unit.host {
                    vec![(host, prepared.become_user)]
                } else {
                    // What is between hosts keeps things on each, as the user that it acts as, and as whoever logs in.
                    let users = |role: Role| {
                        let user = self.world.become_on(&role, prepared.user.as_deref());
                        [(role.clone(), user), (role, None)]
                    };
                    self.world.plan.reached(step).into_iter().flat_map(users).collect()
                };
                for account in of_unit {
                    let (host, _) = &account;
                    if (host.is_local() || view.pins.contains_key(host)) && !accounts.contains(&account) {
                        accounts.push(account);
                    }
                }
            }
        }
        let mut left = Vec::new();
        for (host, become_user) in accounts {
            let cleared = async {
                let transport = self.world.transport(&host).await?;
                let home = self.world.job_home(&host, become_user.as_ref()).await?;
                Ok::<(), ActionError>(home.clear(&*transport, become_user.as_ref(), &self.world.run).await?)
            };
            if let Err(error) = cleared.await {
                let text = format!("something that was kept for undo stays on {host}, until another rollback: {error}");
                self.world.setup.screen.progress(&Progress::Warning { text });
                left.push(Account { host, become_user: become_user.map(|user| user.user) });
            }
        }
        left
    }

    async fn back(&self, unit: &UnitId) -> Result<Back, EngineError> {
        let view = self.journal.view();
        let state = view.state(unit);
        let Some(attempt) = state.attempt().cloned() else { return Ok(Back::Done) };
        let past = self.world.setup.manner.past_irreversible;
        let no_return = view.step(&unit.step).and_then(|step| step.irreversible.clone()).filter(|_| !past);
        // What still runs would go on changing what is taken back.
        let job = match no_return {
            Some(_) => Ok(None),
            None => self.end_job(unit).await,
        };
        let number = match state {
            UnitState::Undoing(_, number) => number,
            _ => view.undo_tries(unit) + 1,
        };
        let intent = self.journal.intend_undo(unit, number).await?;
        self.world.setup.screen.progress(&Progress::Working { unit: unit.clone() });
        if let Some(why) = no_return {
            return self.stuck(unit, format!("a point of no return: {why}"), false).await;
        }
        let job = match job {
            Ok(job) => job,
            Err(error) => return self.stuck_by(unit, error).await,
        };
        match self.take_back_through_losses(unit, &attempt.reversal, &intent).await {
            Ok(mut back) => {
                back.leftovers.extend(job);
                self.undone(unit, back).await?;
                Ok(Back::Done)
            }
            Err(NotUndone::NoWay(why)) if past => {
                let note = format!("left as it is: {why}");
                self.undone(unit, super::undo::TakenBack { note, leftovers: job.into_iter().collect() }).await?;
                Ok(Back::Done)
            }
            Err(NotUndone::NoWay(why)) => self.stuck(unit, format!("there is no way back: {why}"), false).await,
            Err(NotUndone::NotNow(why)) => Ok(Back::NotNow(why)),
            Err(NotUndone::Failed(ActionError::Detached)) => Ok(Back::LetGo),
            Err(NotUndone::Failed(error)) => self.stuck_by(unit, error).await,
        }
    }

    async fn stuck_by(&self, unit: &UnitId, error: ActionError) -> Result<Back, EngineError> {
        let unsure = error.could_not_ask();
        self.stuck(unit, self.failure_of(error)?.why, unsure).await
    }

    async fn stuck(&self, unit: &UnitId, why: String, unsure: bool) -> Result<Back, EngineError> {
        let why = self.world.masker.mask(&why);
        self.journal.append(Record::Stuck { unit: unit.clone(), why: why.clone(), unsure }).await?;
        Ok(Back::Stuck(why))
    }
}
