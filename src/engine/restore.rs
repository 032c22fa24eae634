//! Steps that restore: they take a temporary change back, as a step of the run.

use crate::base::UnitId;
use crate::events::record::{Outcome, Outputs, Reversal, Undo};
use crate::events::{Record, UnitState};

use super::controller::Controller;
use super::undo::NotUndone;
use super::unit::{Ended, UnitEnd};

impl Controller {
    /// Takes back what `restored` changed, under an intent of `unit`.
    pub(super) async fn restore(&self, unit: &UnitId, restored: &UnitId) -> Ended {
        let view = self.journal.view();
        let Some(change) = view.state(restored).attempt().cloned() else {
            let why = format!("`{}` changed nothing here", restored.step);
            self.journal.append(Record::Skipped { unit: unit.clone(), why }).await?;
            return Ok(UnitEnd::Over);
        };
        let again = Reversal {
            action: change.reversal.action.clone(),
            data: Undo::Again { unit: restored.clone() },
            become_user: change.reversal.become_user.clone(),
            summary: format!("take back: {}", change.reversal.summary),
            verify_held_before: false,
            restarts: change.reversal.restarts.clone(),
            captured: None,
        };
        let intent = match view.state(unit) {
            // The same try again: what it has launched is found, and what it has put back is seen.
            UnitState::InFlight(_) | UnitState::Unsure(..) => self.journal.reclaim(unit)?,
            UnitState::Failed(last, _) => self.journal.intend(unit, last.number + 1, &last.reversal, None).await?,
            _ => self.journal.intend(unit, 1, &again, None).await?,
        };
        match self.take_back_through_losses(restored, &change.reversal, &intent).await {
            Ok(back) => {
                let note = self.world.masker.mask(&back.note);
                let outputs = Box::new(Outputs { changed: true, ..Outputs::default() });
                let note = Some(note).filter(|note| !note.is_empty());
                self.journal.settle(intent, Outcome::Applied { outputs, note }).await?;
                self.clear_up(back.leftovers).await;
                Ok(UnitEnd::Over)
            }
            Err(NotUndone::NotNow(why)) => Ok(UnitEnd::Parked { why, until: None }),
            Err(NotUndone::NoWay(why)) => {
                let failure = self.failure_of(crate::actions::ActionError::failed(why))?;
                self.settle_failed(intent, failure).await
            }
            Err(NotUndone::Failed(crate::actions::ActionError::Detached)) => Ok(UnitEnd::Interrupted),
            // The try stays open, and the next finds what was done of it.
            Err(NotUndone::Failed(error)) if error.could_not_ask() => self.away(unit, error).await,
            Err(NotUndone::Failed(error)) => {
                let failure = self.failure_of(error)?;
                self.settle_failed(intent, failure).await
            }
        }
    }
}
