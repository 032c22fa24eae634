//! A unit that was being applied when the controller died, or whose connection was lost: what happened is found out, never guessed.

use crate::actions::{ActionError, AfterCrash, Verdict, Write};
use crate::base::UnitId;
use crate::events::UnitState;
use crate::events::record::{Failure, Outcome, Outputs};
use crate::events::state::Attempt;
use crate::journal::Intent;
use crate::transport::TransportError;

use super::around::Around;
use super::controller::Controller;
use super::prepare::Prepared;
use super::unit::{Ended, Troubled, UnitEnd};

/// How often a unit that can be applied again is, within one run of the controller, when the connection is lost each time.
const AGAIN: u32 = 3;

/// How often an action may lose its connection, within one try.
pub(super) const LOSSES: u32 = 5;

impl Controller {
    /// Finds out what became of a try that was never settled. `reopened`: the operator wants another one.
    pub(super) async fn recover(&self, prepared: &Prepared<'_>, last: Attempt, reopened: bool) -> Ended {
        let around = Around::new(&self.world, Some(prepared));
        let Some(action) = &prepared.action else { return self.begin(prepared, Some(last)).await };
        let intent = self.journal.reclaim(&prepared.unit)?;
        if last.job.is_none()
            && let Some(captured) = last.reversal.captured()
            && let Err(error) = self.sweep(&prepared.unit, &last.reversal, captured, &intent).await
        {
            return self.not_begun(&prepared.unit, self.failure_of(error)?).await;
        }
        match (action.after_crash(), &last.job) {
            (AfterCrash::Reapply, _) => self.begin(prepared, Some(last)).await,
            (_, Some(job)) => {
                let followed = async {
                    let write = Write::new(around.read(prepared, last.number).await?, &intent);
                    self.unless_detached(action.reattach(job, &write)).await
                };
                match followed.await {
                    // The operator knows that it is gone, and wants it again.
                    Err(ActionError::Died(_) | ActionError::NoTrace(_)) if reopened => {
                        self.begin(prepared, Some(last)).await
                    }
                    followed => self.finish(prepared, &around, intent, followed).await,
                }
            }
            (AfterCrash::Recheck, None) => match self.verdict(prepared, &around, last.number).await {
                Ok(Verdict::Holds) => self.found_done(prepared, &around, intent).await,
                Ok(Verdict::Fails(_)) => self.begin(prepared, Some(last)).await,
                Ok(Verdict::Unknown) => self.settle_by_verify(prepared, &around, intent, NOT_KNOWN.to_owned()).await,
                Err(error) => self.not_begun(&prepared.unit, self.failure_of(error)?).await,
            },
            (AfterCrash::Reattach | AfterCrash::AskOperator, None) if reopened => {
                self.begin(prepared, Some(last)).await
            }
            // The record 'sent' comes before the launch: nothing was launched. Should a disk have lost that record, the job is found by its name.
            (AfterCrash::Reattach, None)
                if matches!(self.journal.view().state(&prepared.unit), UnitState::InFlight(_)) =>
            {
                self.begin(prepared, Some(last)).await
            }
            (AfterCrash::Reattach | AfterCrash::AskOperator, None) => {
                self.settle_by_verify(prepared, &around, intent, NOT_KNOWN.to_owned()).await
            }
        }
    }

    /// What an action that has a durable job does is followed through lost connections, as the next process would: by finding the job again.
    pub(super) async fn through_losses(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        intent: &Intent,
        mut applied: Result<Outputs, ActionError>,
    ) -> Result<Outputs, ActionError> {
        let Some(action) = prepared.action.as_ref().filter(|action| action.after_crash() == AfterCrash::Reattach)
        else {
            return applied;
        };
        for _ in 0..LOSSES {
            if !matches!(applied, Err(ActionError::Transport(TransportError::Lost { .. }))) {
                break;
            }
            let Some(job) = self.job_of(prepared) else { break };
            let followed = async {
                let write = Write::new(around.read(prepared, intent.attempt()).await?, intent);
                self.unless_detached(action.reattach(&job, &write)).await
            };
            applied = followed.await;
        }
        applied
    }

    /// The job that the try of a unit under way has announced.
    pub(super) fn job_of(&self, prepared: &Prepared<'_>) -> Option<serde_json::Value> {
        self.journal.view().state(&prepared.unit).attempt()?.job.clone()
    }

    /// The host cannot be asked what became of it: the try stays open, and whoever goes on finds out.
    pub(super) async fn away(&self, unit: &UnitId, error: ActionError) -> Ended {
        let hint = "what was begun there goes on without us, and `resume` finds out what became of it".to_owned();
        let failure = Failure { hint: Some(hint), ..self.failure_of(error)? };
        self.not_begun(unit, failure).await
    }

    /// The connection was lost while a unit was applied, or its job died.
    pub(super) async fn look_after(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        intent: Intent,
        error: ActionError,
    ) -> Ended {
        let after_crash = prepared.action.as_ref().map(|action| action.after_crash());
        // The record 'sent' comes before the launch: nothing was launched.
        let not_launched = after_crash == Some(AfterCrash::Reattach) && self.job_of(prepared).is_none();
        if not_launched && self.may_try_again(&intent) {
            return self.begin_again(prepared, intent).await;
        }
        let repeatable = matches!(after_crash, Some(AfterCrash::Reapply | AfterCrash::Recheck));
        if repeatable {
            match self.verdict(prepared, around, intent.attempt()).await {
                Ok(Verdict::Holds) => return self.found_done(prepared, around, intent).await,
                Ok(Verdict::Fails(_)) if self.may_try_again(&intent) => {
                    return self.begin_again(prepared, intent).await;
                }
                Err(error) if error.could_not_ask() => return self.away(&prepared.unit, error).await,
                Ok(Verdict::Fails(_) | Verdict::Unknown) | Err(_) => {}
            }
        }
        let why = self.failure_of(error)?.why;
        self.settle_by_verify(prepared, around, intent, why).await
    }

    /// Whether it may be tried once more without anybody being asked.
    pub(super) fn may_try_again(&self, intent: &Intent) -> bool {
        let view = self.journal.view();
        let first = view.under_way(intent.unit(), intent.attempt()).map_or(intent.attempt(), |at| at.first);
        intent.attempt() < first + AGAIN - 1
    }

    /// Another try of what was not done, in place of the one that `intent` is of.
    pub(super) async fn begin_again(&self, prepared: &Prepared<'_>, intent: Intent) -> Ended {
        drop(intent);
        let last = self.journal.view().state(&prepared.unit).attempt().cloned();
        Box::pin(self.begin(prepared, last)).await
    }

    /// Whether the step's `unless` says that it is done. An error is a no.
    async fn is_there(&self, prepared: &Prepared<'_>, around: &Around<'_>) -> bool {
        let Some(unless) = &prepared.unless else { return false };
        let looked = async { unless.probe(&around.read(prepared, 0).await?).await };
        matches!(looked.await, Ok(Verdict::Holds))
    }

    /// Whether the try of that number was done, by the action's own look.
    async fn verdict(&self, prepared: &Prepared<'_>, around: &Around<'_>, number: u32) -> Result<Verdict, ActionError> {
        match &prepared.action {
            Some(action) => action.verify(&around.read(prepared, number).await?).await,
            None => Ok(Verdict::Unknown),
        }
    }

    async fn found_done(&self, prepared: &Prepared<'_>, around: &Around<'_>, intent: Intent) -> Ended {
        let outputs = Outputs { changed: true, ..Outputs::default() };
        let note = "found done after the connection or the controller was lost".to_owned();
        self.settle_applied(prepared, around, intent, outputs, Some(note)).await
    }

    /// The step's `verify` settles what is not known, provided that it did not hold before; without one, its `unless`, which did not.
    async fn settle_by_verify(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        intent: Intent,
        why: String,
    ) -> Ended {
        let state = self.journal.view().state(&prepared.unit);
        let telling = state.attempt().is_some_and(|attempt| !attempt.reversal.verify_held_before);
        if telling && !prepared.verify.is_empty() {
            match self.does_step_hold(prepared, around, prepared.patience).await {
                Ok(None) => return self.found_done(prepared, around, intent).await,
                Err(ActionError::Detached) => return Ok(UnitEnd::Interrupted),
                Ok(Some(_)) | Err(_) => {}
            }
        } else if prepared.verify.is_empty() && self.is_there(prepared, around).await {
            return self.found_done(prepared, around, intent).await;
        }
        if let Some(fatal) = self.world.fatal() {
            return Err(fatal);
        }
        let why = self.world.masker.mask(&why);
        if matches!(state, UnitState::InFlight(_)) {
            self.journal.settle(intent, Outcome::Unsure { why: why.clone() }).await?;
        }
        let hint = "look at the host: then `done` if it was done, `retry` if it may be tried again".to_owned();
        let failure = Failure { why, hint: Some(hint), ..Failure::default() };
        Ok(UnitEnd::Trouble(Troubled { failure, unsure: true }))
    }
}

const NOT_KNOWN: &str = "the controller died while it was being done";
