//! Takes a run back, newest first.

use crate::actions::ActionError;
use crate::base::{StepId, UnitId};
use crate::events::view::Status;
use crate::events::{Progress, Record, UnitState};

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
        let failure = self.failure_of(error)?;
        self.stuck(unit, with_last_words(failure.why, &failure.stderr), unsure).await
    }

    async fn stuck(&self, unit: &UnitId, why: String, unsure: bool) -> Result<Back, EngineError> {
        let why = self.world.masker.mask(&why);
        self.journal.append(Record::Stuck { unit: unit.clone(), why: why.clone(), unsure }).await?;
        Ok(Back::Stuck(why))
    }
}

/// A reason with the last line that was said on stderr: it mostly says more than the exit code.
fn with_last_words(why: String, stderr: &str) -> String {
    match stderr.trim().lines().next_back() {
        Some(line) if !why.contains(line.trim()) => format!("{why}: {}", line.trim()),
        _ => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_told_once() {
        let told = |why: &str, stderr: &str| with_last_words(why.to_owned(), stderr);
        assert_eq!(told("exited with 1", "some\nrm: no such file\n"), "exited with 1: rm: no such file");
        assert_eq!(told("apt: no room", "E: x\nno room\n"), "apt: no room");
        assert_eq!(told("exited with 1", " \n"), "exited with 1");
    }
}
