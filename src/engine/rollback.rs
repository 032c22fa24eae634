//! Takes a run back, newest first.

use crate::actions::ActionError;
use crate::base::safe::safe_line;
use crate::base::{StepId, UnitId};
use crate::events::record::Failure;
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
        self.stuck(unit, in_its_words(&failure), unsure).await
    }

    async fn stuck(&self, unit: &UnitId, why: String, unsure: bool) -> Result<Back, EngineError> {
        let why = self.world.masker.mask(&why);
        self.journal.append(Record::Stuck { unit: unit.clone(), why: why.clone(), unsure }).await?;
        Ok(Back::Stuck(why))
    }
}

/// So many lines of what was said are kept with the reason.
const WORDS: usize = 6;
/// And of each so many characters.
const LENGTH: usize = 300;

/// Why a unit could not be taken back, with the last of what was said about it: `exited with 1` alone helps nobody. What is to be done about it
/// comes last. The first line is for where there is room for one alone.
fn in_its_words(failure: &Failure) -> String {
    let said: Vec<&str> = failure.stderr.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let kept = said[said.len().saturating_sub(WORDS)..].iter().filter(|line| !failure.why.contains(**line));
    let kept: Vec<String> = kept.map(|line| safe_line(line).chars().take(LENGTH).collect()).collect();
    let mut why = failure.why.clone();
    if !kept.is_empty() {
        why = format!("{why}: {}", kept.join("\n"));
    }
    if let Some(hint) = &failure.hint {
        why = format!("{why}\nhelp: {hint}");
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_has_the_last_of_what_was_said() {
        let told = |why: &str, stderr: &str, hint: Option<&str>| {
            let (why, stderr, hint) = (why.to_owned(), stderr.to_owned(), hint.map(str::to_owned));
            in_its_words(&Failure { why, hint, stderr, ..Failure::default() })
        };
        assert_eq!(told("exited with 1", "", None), "exited with 1");
        assert_eq!(told("exited with 1", "rm: no\n\n", Some("look")), "exited with 1: rm: no\nhelp: look");
        assert_eq!(told("exited with 1", "1\n2\n3\n4\n5\n6\n7", None), "exited with 1: 2\n3\n4\n5\n6\n7");
        assert_eq!(told("rm: no", "rm: no\n", None), "rm: no");
        assert_eq!(told("exited with 1", "\x1b[2J", None), "exited with 1: \\x1b[2J");
        assert_eq!(told("e", &"x".repeat(1000), None).len(), "e: ".len() + LENGTH);
    }
}
