//! One unit's way, from being looked at to being settled.

use std::time::Duration;

use serde_json::Value;

use crate::actions::{ActionError, Check, Reversible, Stash, Verdict, Write};
use crate::base::UnitId;
use crate::events::record::{Failure, Outcome, Outputs, Reversal, Undo};
use crate::events::state::Attempt;
use crate::events::{Preview, Progress, Record, UnitState};
use crate::journal::Intent;
use crate::plan::{PlannedStep, RenderError, Scope};

use super::around::Around;
use super::controller::{Controller, EngineError};
use super::prepare::{Prepared, Unready};
use super::signal::Wish;

/// How a process's part of a unit ended.
pub(super) enum UnitEnd {
    /// The run may go past it.
    Over,
    /// Somebody has to look at it.
    Trouble(Troubled),
    /// It waits for a person or a time.
    Parked { why: String, until: Option<jiff::Timestamp> },
    /// Ctrl-C.
    Interrupted,
}

/// What is wrong with a unit.
pub(super) struct Troubled {
    pub(super) failure: Failure,
    /// Whether it may have been applied.
    pub(super) unsure: bool,
}

pub(super) type Ended = Result<UnitEnd, EngineError>;

impl Controller {
    /// Carries a unit on from where it is, as often as its step's `retry` allows.
    pub(super) async fn carry(&self, step: &PlannedStep, unit: &UnitId, item: Option<&Value>) -> Ended {
        let retry = step.step.retry;
        let mut tries = 1;
        loop {
            let end = self.carry_once(step, unit, item, tries > 1).await?;
            let Some(retry) = retry.filter(|retry| tries < retry.attempts) else { return Ok(end) };
            let UnitEnd::Trouble(Troubled { unsure: false, .. }) = &end else { return Ok(end) };
            let exponent = i32::try_from(tries - 1).unwrap_or(i32::MAX);
            let delay = Duration::try_from_secs_f64(retry.delay.as_secs_f64() * retry.backoff.powi(exponent));
            tries += 1;
            let text = format!("try {tries} of {} follows", retry.attempts);
            self.world.setup.screen.progress(&Progress::Note { unit: unit.clone(), text });
            tokio::select! {
                () = self.world.setup.clock.sleep(delay.unwrap_or(Duration::MAX)) => {}
                () = self.world.setup.signals.wanted(Wish::Stop) => return Ok(end),
            }
        }
    }

    async fn carry_once(&self, step: &PlannedStep, unit: &UnitId, item: Option<&Value>, again: bool) -> Ended {
        let view = self.journal.view();
        let state = view.state(unit);
        if state.is_over() {
            return Ok(UnitEnd::Over);
        }
        if state.attempt().is_none()
            && let Some(end) = self.is_left_out(step, unit, item).await?
        {
            return Ok(end);
        }
        if let Some(restored) = step.step.restores.as_ref().filter(|_| step.step.action.is_none()) {
            return self.restore(unit, &UnitId { step: restored.value.clone(), ..unit.clone() }).await;
        }
        let prepared = match self.world.prepare(step, unit, item.cloned(), &view) {
            Ok(prepared) => prepared,
            Err(unready) => return self.not_begun(unit, unready.failure()).await,
        };
        let reopened = again || view.units.get(unit).is_some_and(|seen| seen.reopened);
        match state {
            UnitState::InFlight(last) | UnitState::Unsure(last, _) => self.recover(&prepared, last, reopened).await,
            UnitState::Failed(last, failure) if failure.applied && !reopened => {
                self.hold_to_verify(&prepared, &last, *failure).await
            }
            UnitState::Failed(last, _) => self.begin(&prepared, Some(last)).await,
            UnitState::Undoing(..) | UnitState::Stuck(..) => {
                Err(EngineError::Refused(format!("{unit} is being taken back: `runbook rollback` goes on with that")))
            }
            _ => self.begin(&prepared, None).await,
        }
    }

    /// Whether the step's `when` leaves the unit out.
    async fn is_left_out(
        &self,
        step: &PlannedStep,
        unit: &UnitId,
        item: Option<&Value>,
    ) -> Result<Option<UnitEnd>, EngineError> {
        let Some(when) = &step.step.when else { return Ok(None) };
        let view = self.journal.view();
        let scope = Scope::of(&self.world.plan, step, self.world.situation(&view), unit.host.as_ref(), item);
        match scope.condition(when) {
            Ok(true) => Ok(None),
            Ok(false) => {
                let why = format!("not when {}", when.value);
                self.journal.append(Record::Skipped { unit: unit.clone(), why }).await?;
                Ok(Some(UnitEnd::Over))
            }
            Err(error @ (RenderError::Unknown(_) | RenderError::Wrong(_))) => {
                self.not_begun(unit, Unready::from(error).failure()).await.map(Some)
            }
        }
    }

    /// Looks at a unit and does what it asks for, unless that is so already. `last` is a try that has settled nothing.
    pub(super) async fn begin(&self, prepared: &Prepared<'_>, last: Option<Attempt>) -> Ended {
        let around = Around::new(&self.world, Some(prepared));
        self.world.setup.screen.progress(&Progress::Checking { unit: prepared.unit.clone() });
        match self.look_first(prepared, &around, last.is_none()).await {
            Ok(Found::AsAsked { why }) => {
                let outputs = Box::default();
                let unit = prepared.unit.clone();
                let record = match last {
                    None => Record::Satisfied { unit, outputs },
                    Some(_) => Record::Settled { unit, outcome: Outcome::Applied { outputs, note: Some(why) } },
                };
                self.journal.append(record).await?;
                Ok(UnitEnd::Over)
            }
            Ok(Found::Holds) => self.hold(prepared, &around).await,
            Ok(Found::Blocked(failure)) => self.not_begun(&prepared.unit, failure).await,
            Ok(Found::Differs(seen)) => self.attempt(prepared, &around, &seen, last).await,
            Err(error) => self.not_begun(&prepared.unit, self.failure_of(error)?).await,
        }
    }

    async fn look_first(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        first: bool,
    ) -> Result<Found, ActionError> {
        let Some(action) = &prepared.action else { return Ok(Found::AsAsked { why: String::new() }) };
        let read = around.read(prepared, 0).await?;
        if let Some(unless) = prepared.unless.as_ref().filter(|_| first)
            && unless.probe(&read).await? == Verdict::Holds
        {
            return Ok(Found::AsAsked { why: "its `unless` holds".to_owned() });
        }
        if action.hold().is_some() {
            return Ok(Found::Holds);
        }
        Ok(match action.check(&read).await? {
            Check::Satisfied => Found::AsAsked { why: "found as asked".to_owned() },
            Check::Differs(seen) => Found::Differs(seen),
            Check::Blocked(why) | Check::Unknowable(why) => {
                Found::Blocked(Failure { why: self.world.masker.mask(&why), ..Failure::default() })
            }
        })
    }

    /// Makes the way back durable, and only then applies.
    async fn attempt(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        seen: &Value,
        last: Option<Attempt>,
    ) -> Ended {
        let planned = async {
            let preview = self.world.preview(prepared, seen)?;
            Ok(match &last {
                // Captured once: what is there now may be half changed, and is not the original.
                Some(last) => (last.number + 1, (*last.reversal).clone(), preview),
                None => (
                    self.journal.view().tries(&prepared.unit) + 1,
                    self.reversal(prepared, around, seen, &preview).await?,
                    preview,
                ),
            })
        };
        let (number, reversal, preview) = match planned.await {
            Ok(planned) => planned,
            Err(error) => return self.not_begun(&prepared.unit, self.failure_of(error)?).await,
        };
        let intent = self.journal.intend(&prepared.unit, number, &reversal, Some(preview)).await?;
        self.world.setup.screen.progress(&Progress::Working { unit: prepared.unit.clone() });
        if let Some(last) = &last {
            self.clear_up_try(&prepared.unit, last).await;
        }
        let applied = self.apply(prepared, around, seen, &intent).await;
        self.finish(prepared, around, intent, applied).await
    }

    async fn apply(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        seen: &Value,
        intent: &Intent,
    ) -> Result<Outputs, ActionError> {
        let Some(action) = &prepared.action else { return Ok(Outputs::default()) };
        let write = Write::new(around.read(prepared, intent.attempt()).await?, intent);
        self.unless_detached(action.apply(seen, &write)).await
    }

    /// How a unit will be taken back: what its step says, else what its action captured.
    pub(super) async fn reversal(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        seen: &Value,
        preview: &Preview,
    ) -> Result<Reversal, ActionError> {
        let Some(action) = &prepared.action else {
            return Err(ActionError::failed("the step does nothing"));
        };
        let read = around.read(prepared, 0).await?;
        let captured = action.capture(seen, &Stash::new(read)).await?;
        let restored = prepared.step.step.restores.as_ref();
        let swept = match &captured {
            Reversible::By(data) => Some(data.clone()),
            Reversible::Swept { undo, .. } => Some(undo.clone()),
            Reversible::Nothing | Reversible::No(_) => None,
        };
        let data = match (&prepared.undo, restored, captured) {
            (Some(undo), _, _) => undo.clone(),
            // Also of a step that restores: what it found is what the temporary change had come to by then.
            (None, _, Reversible::By(data)) => Undo::Captured { data },
            (None, Some(restored), _) => {
                Undo::Again { unit: UnitId { step: restored.value.clone(), ..prepared.unit.clone() } }
            }
            (None, None, Reversible::Nothing) => Undo::Nothing,
            (None, None, Reversible::No(why) | Reversible::Swept { why, .. }) => Undo::None { why },
        };
        Ok(Reversal {
            action: action.kind().to_owned(),
            become_user: prepared.become_user.as_ref().map(|user| user.user.clone()),
            summary: preview.summary.clone(),
            verify_held_before: self.held_before(prepared, around).await,
            restarts: action.restarts(),
            captured: swept.filter(|_| !matches!(data, Undo::Captured { .. })),
            data,
        })
    }

    /// Settles a try by how it went.
    pub(super) async fn finish(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        intent: Intent,
        applied: Result<Outputs, ActionError>,
    ) -> Ended {
        let applied = self.through_losses(prepared, around, &intent, applied).await;
        around.end_output(&prepared.unit);
        match applied {
            Ok(outputs) => match self.does_hold(prepared, around).await {
                Ok(None) => self.settle_applied(prepared, around, intent, outputs, None).await,
                Ok(Some(why)) => {
                    let failure = Failure { why, applied: true, ..Failure::default() };
                    self.settle_failed(intent, failure).await
                }
                Err(ActionError::Detached) => Ok(UnitEnd::Interrupted),
                Err(error) => {
                    let failure = self.failure_of(error)?;
                    let why = format!("it was applied, but cannot be verified: {}", failure.why);
                    self.settle_failed(intent, Failure { why, applied: true, untouched: false, ..failure }).await
                }
            },
            Err(ActionError::Detached) => Ok(UnitEnd::Interrupted),
            Err(error) if error.could_not_ask() && self.job_of(prepared).is_some() => {
                self.away(&prepared.unit, error).await
            }
            Err(ActionError::NeverBegan) if self.may_try_again(&intent) => self.begin_again(prepared, intent).await,
            Err(error) if error.leaves_unsure() => self.look_after(prepared, around, intent, error).await,
            Err(error) => {
                let failure = self.failure_of(error)?;
                let failed = self.journal.view().state(&prepared.unit).attempt().cloned();
                let ended = self.settle_failed(intent, failure).await;
                if let Some(failed) = failed {
                    self.clear_up_try(&prepared.unit, &failed).await;
                }
                ended
            }
        }
    }

    /// The unit was applied and holds. What its job left on the host goes once that is durable.
    pub(super) async fn settle_applied(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        intent: Intent,
        outputs: Outputs,
        note: Option<String>,
    ) -> Ended {
        let job = self.journal.view().state(&prepared.unit).attempt().and_then(|attempt| attempt.job.clone());
        let attempt = intent.attempt();
        self.journal.settle(intent, Outcome::Applied { outputs: Box::new(outputs), note }).await?;
        if let (Some(action), Some(job)) = (&prepared.action, job) {
            let cleared = async { action.clear_up(&job, &around.read(prepared, attempt).await?).await };
            if let Err(error) = cleared.await {
                let text = format!("what its job left on the host stays there: {error}");
                self.world.setup.screen.progress(&Progress::Note { unit: prepared.unit.clone(), text });
            }
        }
        Ok(UnitEnd::Over)
    }

    pub(super) async fn settle_failed(&self, intent: Intent, failure: Failure) -> Ended {
        let failure = self.masked(failure);
        self.journal.settle(intent, Outcome::Failed { failure: Box::new(failure.clone()) }).await?;
        Ok(UnitEnd::Trouble(Troubled { failure, unsure: false }))
    }

    /// The unit could not be begun. Where an earlier try stands, that stays what is known of it.
    pub(super) async fn not_begun(&self, unit: &UnitId, failure: Failure) -> Ended {
        let failure = self.masked(failure);
        let state = self.journal.view().state(unit);
        let (told, unit) = (Box::new(failure.clone()), unit.clone());
        let record = match state.attempt() {
            None => Record::Blocked { unit, failure: told },
            Some(_) => Record::Unsettled { unit, failure: told },
        };
        self.journal.append(record).await?;
        Ok(UnitEnd::Trouble(Troubled { failure, unsure: state.is_not_known() }))
    }

    /// What people are told about an error of an action; `Err` where the error ends the run.
    pub(super) fn failure_of(&self, error: ActionError) -> Result<Failure, EngineError> {
        if let Some(fatal) = self.world.fatal() {
            return Err(fatal);
        }
        Ok(match error {
            ActionError::Failed(failure) => *failure,
            error => Failure { why: error.to_string(), ..Failure::default() },
        })
    }

    fn masked(&self, failure: Failure) -> Failure {
        let mask = |text: String| self.world.masker.mask(&text);
        Failure {
            why: mask(failure.why),
            hint: failure.hint.map(mask),
            command: failure.command.map(mask),
            stderr: mask(failure.stderr),
            ..failure
        }
    }

    /// Waits for an action, unless the operator lets go of it.
    pub(super) async fn unless_detached<T>(
        &self,
        action: impl Future<Output = Result<T, ActionError>>,
    ) -> Result<T, ActionError> {
        let let_go = async {
            self.world.setup.signals.wanted(Wish::Detach).await;
            // A durable job lets go by itself, in order; what is none is looked at by the next resume.
            tokio::time::sleep(LETTING_GO).await;
        };
        tokio::select! {
            biased;
            done = action => done,
            () = let_go => Err(ActionError::Detached),
        }
    }
}

/// How long an action that is let go of has to do so by itself.
const LETTING_GO: Duration = Duration::from_secs(2);

/// What looking at a unit found.
enum Found {
    AsAsked {
        why: String,
    },
    Differs(Value),
    Blocked(Failure),
    /// It waits for a time or a person.
    Holds,
}
