//! What holds a run up: a time, or something that only a person can do.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::actions::{ActionError, Check, Hold, Task};
use crate::events::record::Outputs;
use crate::events::{Progress, Record, UnitState};

use super::around::Around;
use super::controller::Controller;
use super::operator::TaskAnswer;
use super::prepare::Prepared;
use super::setup::SHORT_WAIT;
use super::signal::Wish;
use super::unit::{Ended, UnitEnd};

impl Controller {
    /// Waits for what the unit waits for, and settles it.
    pub(super) async fn hold(&self, prepared: &Prepared<'_>, around: &Around<'_>) -> Ended {
        let hold = prepared.action.as_ref().and_then(|action| action.hold());
        if matches!(self.journal.view().state(&prepared.unit), UnitState::InFlight(_)) {
            return self.hold_is_over(prepared, around, hold).await;
        }
        match hold {
            None => Ok(UnitEnd::Over),
            Some(Hold::Check { kind, every, timeout }) => {
                self.wait_for_check(prepared, around, &kind, every, timeout).await
            }
            Some(Hold::Ttl(step)) => match self.ttl_over(prepared, &step) {
                Ok(Some(until)) => self.wait_until(prepared, around, until, Some(Duration::MAX)).await,
                Ok(None) => {
                    let record = Record::Satisfied { unit: prepared.unit.clone(), outputs: Box::default() };
                    self.journal.append(record).await?;
                    Ok(UnitEnd::Over)
                }
                Err(failure) => self.not_begun(&prepared.unit, failure).await,
            },
            Some(Hold::Person(task)) => self.wait_for_person(prepared, around, &task).await,
            Some(Hold::Until(until)) => self.wait_until(prepared, around, until, None).await,
            Some(Hold::For(pause)) => {
                // Counted from when the wait was first reached, whatever happened to the controller since.
                let whole = self.world.setup.clock.now().checked_add(pause).unwrap_or(Timestamp::MAX);
                let until = match self.journal.view().state(&prepared.unit) {
                    // Whoever has set the clock back since does not make it longer.
                    UnitState::Waiting(Some(until)) => until.min(whole),
                    _ => whole,
                };
                self.wait_until(prepared, around, until, Some(pause)).await
            }
        }
    }

    /// What the unit waited for had come when the controller died. What a person had answered to questions died with it: they are asked again.
    async fn hold_is_over(&self, prepared: &Prepared<'_>, around: &Around<'_>, hold: Option<Hold>) -> Ended {
        let outputs = match hold {
            Some(Hold::Person(task)) if !task.ask.is_empty() => match self.ask_person(prepared, &task).await {
                TaskAnswer::Done { answers, note, by } => done(answers, note, &by),
                TaskAnswer::Skip { note } => Outputs { note, ..Outputs::default() },
                TaskAnswer::NotNow => {
                    return Ok(UnitEnd::Parked { why: prepared.step.name.clone(), until: None });
                }
            },
            Some(Hold::Person(_)) => Outputs { changed: true, ..Outputs::default() },
            _ => Outputs::default(),
        };
        let intent = self.journal.reclaim(&prepared.unit)?;
        self.finish(prepared, around, intent, Ok(outputs)).await
    }

    /// `span`: it is waited until so much time has passed, of which that instant is the end as long as nobody sets the clock.
    async fn wait_until(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        until: Timestamp,
        span: Option<Duration>,
    ) -> Ended {
        let unit = &prepared.unit;
        if self.journal.view().state(unit) == UnitState::Waiting(Some(until)) {
            self.world.setup.screen.progress(&Progress::Waiting { unit: unit.clone(), until });
        } else {
            self.journal.append(Record::Waiting { unit: unit.clone(), until: Some(until), what: None }).await?;
        }
        let setup = &self.world.setup;
        let wait = async {
            match span {
                Some(most) => setup.clock.sleep(left(until, setup.clock.now(), most)).await,
                None => setup.clock.sleep_until(until).await,
            }
        };
        let short = setup.clock.now().checked_add(SHORT_WAIT).is_ok_and(|soon| until <= soon);
        let stays = !setup.manner.no_wait && (setup.operator.is_present() || short);
        let over = setup.clock.now() >= until
            || stays
                && tokio::select! {
                    () = wait => true,
                    () = setup.signals.wanted(Wish::Stop) => false,
                };
        if !over {
            return Ok(UnitEnd::Parked { why: prepared.step.name.clone(), until: Some(until) });
        }
        self.let_go(prepared, around, Outputs::default()).await
    }

    async fn wait_for_person(&self, prepared: &Prepared<'_>, around: &Around<'_>, task: &Task) -> Ended {
        let unit = &prepared.unit;
        if self.journal.view().state(unit) != UnitState::Waiting(None) {
            self.journal.append(Record::Waiting { unit: unit.clone(), until: None, what: None }).await?;
        }
        match self.ask_person(prepared, task).await {
            TaskAnswer::Done { answers, note, by } => self.let_go(prepared, around, done(answers, note, &by)).await,
            TaskAnswer::Skip { note } => {
                let why = note.unwrap_or_else(|| "as the operator said".to_owned());
                self.journal.append(Record::Skipped { unit: unit.clone(), why }).await?;
                Ok(UnitEnd::Over)
            }
            TaskAnswer::NotNow => Ok(UnitEnd::Parked { why: prepared.step.name.clone(), until: None }),
        }
    }

    async fn ask_person(&self, prepared: &Prepared<'_>, task: &Task) -> TaskAnswer {
        let _alone = self.asking.lock().await;
        let view = self.journal.view();
        self.world.setup.operator.task(&prepared.unit, &prepared.step.name, task, &view).await
    }

    /// What held the unit up is over: it is settled like any other.
    pub(super) async fn let_go(&self, prepared: &Prepared<'_>, around: &Around<'_>, outputs: Outputs) -> Ended {
        let planned = async {
            let seen = self.seen_of(prepared, around).await?;
            let preview = self.world.preview(prepared, &seen)?;
            Ok((self.reversal(prepared, around, &seen, &preview).await?, preview))
        };
        let (reversal, preview) = match planned.await {
            Ok(planned) => planned,
            Err(error) => return self.not_begun(&prepared.unit, self.failure_of(error)?).await,
        };
        let intent = self.journal.intend(&prepared.unit, 1, &reversal, Some(preview)).await?;
        self.finish(prepared, around, intent, Ok(outputs)).await
    }

    async fn seen_of(&self, prepared: &Prepared<'_>, around: &Around<'_>) -> Result<Value, ActionError> {
        let Some(action) = &prepared.action else { return Ok(Value::Null) };
        match action.check(&around.read(prepared, 0).await?).await? {
            Check::Differs(seen) => Ok(seen),
            Check::Satisfied => Ok(Value::Null),
            Check::Blocked(why) | Check::Unknowable(why) => Err(ActionError::failed(why)),
        }
    }
}

/// The time up to an instant; never more than `most`, where the clock was set back.
pub(super) fn left(until: Timestamp, now: Timestamp, most: Duration) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default().min(most)
}

/// What a person's step leaves.
fn done(answers: BTreeMap<String, String>, note: Option<String>, by: &str) -> Outputs {
    let note = note.or_else(|| Some(format!("done: {by}")));
    Outputs { changed: true, answers, note, ..Outputs::default() }
}
