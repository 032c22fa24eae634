//! Steps that somebody settles by hand, and runs that somebody gives up.

use crate::base::{StepId, UnitId};
use crate::events::{Record, RunView, UnitState};

use super::controller::{ByHand, Controller, EngineError, Jobs};
use super::units::{Untold, Work};

impl Controller {
    /// Settles a step by hand: every unit of it that is not over.
    ///
    /// # Errors
    /// As [`Controller::go_on`]; `Refused` where its `verify` does not hold, or there is nothing to settle.
    pub async fn by_hand(&self, step: &StepId, hand: &ByHand) -> Result<Vec<UnitId>, EngineError> {
        let refused = |why: String| EngineError::Refused(why);
        let planned = self.world.plan.step(step).ok_or_else(|| refused(format!("the runbook has no step `{step}`")))?;
        let view = self.journal.view();
        let items = self.world.units(planned, &view).map_err(|untold| match untold {
            Untold::Unknown(other) => refused(format!("the items of `{step}` are not known before `{other}` has run")),
            Untold::Wrong(failure) => refused(failure.why.clone()),
        })?;
        let works: Vec<Work> = items.into_iter().flatten().collect();
        let as_it_is: Vec<String> =
            works.iter().map(|work| format!("{} is {}", work.unit, view.state(&work.unit).word())).collect();
        let works = pick(hand, works, &view);
        if works.is_empty() {
            return Err(refused(format!("`{step}` has nothing to settle that way: {}", as_it_is.join(", "))));
        }
        if let Some(list) = self.world.list(planned, &view).ok().flatten()
            && !view.lists.contains_key(step)
        {
            self.journal.append(Record::Listed { step: step.clone(), items: list }).await?;
        }
        for work in &works {
            let unit = work.unit.clone();
            match hand {
                ByHand::Done { .. } | ByHand::Skip { .. } if is_stuck(&view.state(&unit)) => {
                    self.leave_stuck(unit, hand).await?;
                }
                ByHand::Done { note } => {
                    if let Some(failure) = self.mark_done(planned, work, note.clone()).await? {
                        return Err(refused(format!("{unit} is not done: {}", failure.why)));
                    }
                }
                ByHand::Skip { note } => {
                    let why = note.clone().unwrap_or_else(|| "as the operator said".to_owned());
                    self.journal.append(Record::Skipped { unit, why }).await?;
                }
                ByHand::Retry => {
                    self.journal.append(Record::Reopened { unit }).await?;
                }
            }
        }
        Ok(works.into_iter().map(|work| work.unit).collect())
    }

    /// Lets rollback go past a unit that it could not take back.
    async fn leave_stuck(&self, unit: UnitId, hand: &ByHand) -> Result<(), EngineError> {
        let (word, note) = match hand {
            ByHand::Done { note } => ("undone by hand", note.as_ref()),
            ByHand::Skip { note } => ("left as it is", note.as_ref()),
            ByHand::Retry => return Ok(()),
        };
        let note = note.map_or_else(|| word.to_owned(), |note| format!("{word}: {note}"));
        let attempt = self.journal.view().undo_tries(&unit) + 1;
        self.journal.append(Record::UndoIntended { unit: unit.clone(), attempt }).await?;
        self.journal.append(Record::Undone { unit, note: self.world.masker.mask(&note) }).await?;
        Ok(())
    }

    /// Gives the run up as it is.
    ///
    /// # Errors
    /// As [`Controller::go_on`]; `Refused` where a job that is to be stopped cannot be.
    pub async fn abandon(&self, note: &str, jobs: Jobs) -> Result<(), EngineError> {
        if jobs == Jobs::Stop {
            let units: Vec<UnitId> = self.journal.view().units.keys().cloned().collect();
            for unit in units {
                if let Err(error) = self.end_job(&unit).await {
                    let why = self.failure_of(error)?.why;
                    return Err(EngineError::Refused(format!("the job of {unit} cannot be stopped: {why}")));
                }
            }
        }
        self.journal.append(Record::Abandoned { note: self.world.masker.mask(note) }).await?;
        Ok(())
    }

    /// Ends connections. Jobs go on on their hosts.
    pub async fn close(&self) {
        self.world.close().await;
    }
}

/// The units that can be settled that way. Where somebody has to look at some of them, it is about those.
fn pick(hand: &ByHand, works: Vec<Work>, view: &RunView) -> Vec<Work> {
    let urgent = |work: &Work| {
        let state = view.state(&work.unit);
        match hand {
            ByHand::Done { .. } | ByHand::Skip { .. } => is_stuck(&state),
            ByHand::Retry => state.is_in_trouble() || matches!(state, UnitState::InFlight(_)),
        }
    };
    if works.iter().any(urgent) {
        return works.into_iter().filter(urgent).collect();
    }
    works.into_iter().filter(|work| may(hand, &view.state(&work.unit))).collect()
}

fn is_stuck(state: &UnitState) -> bool {
    matches!(state, UnitState::Stuck(..))
}

/// Whether a unit in that state can be settled that way.
fn may(hand: &ByHand, state: &UnitState) -> bool {
    let being_taken_back = matches!(state, UnitState::Undoing(..) | UnitState::Stuck(..));
    match hand {
        ByHand::Done { .. } | ByHand::Skip { .. } => !state.is_over() && !being_taken_back,
        ByHand::Retry => {
            state.is_in_trouble() || matches!(state, UnitState::InFlight(_) | UnitState::Skipped | UnitState::Satisfied)
        }
    }
}
