//! What a run that is over still keeps on its hosts for its undo, and how that goes.

use crate::actions::{ActionError, Write};
use crate::base::{Role, UnitId};
use crate::events::record::{Account, Keepsake, Reversal};
use crate::events::{Progress, Record};
use crate::journal::Intent;

use super::around::Around;
use super::controller::{Controller, EngineError};
use super::tidy::{Keeper, account};
use super::undo::kind_of;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What is there.
    pub things: Vec<Keepsake>,
    /// What could not be looked at or removed, and why.
    pub trouble: Vec<String>,
}

impl Controller {
    /// Looks what the run keeps on its hosts so that it can be taken back. Changes nothing.
    pub async fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        for keeper in self.keepers() {
            match self.folder(&keeper).await {
                Ok(folder) => kept.things.extend(folder),
                Err(error) => kept.trouble.push(trouble(&keeper.0, &error)),
            }
        }
        for (unit, reversal) in self.reversals() {
            match self.kept_by(&unit, &reversal, None).await {
                Ok(things) => kept.things.extend(things),
                Err(error) => kept.trouble.push(format!("{unit}: {error}")),
            }
        }
        kept
    }

    /// Removes that. From the first moment on, the run cannot be taken back any more. What could not be removed is told, and another try removes
    /// it. Gives what was removed.
    ///
    /// # Errors
    /// Where the journal does not take a record: also where the run is not over.
    pub async fn clean(&self) -> Result<Kept, EngineError> {
        let cleaning = self.journal.intend_cleaning().await?;
        let mut kept = Kept::default();
        let mut left: Vec<Keeper> = Vec::new();
        let keepers = self.keepers();
        for keeper in &keepers {
            if let Err(error) = self.is_calm(keeper).await {
                self.warn(&mut kept, &trouble(&keeper.0, &error));
                left.push(keeper.clone());
            }
        }
        // What units keep elsewhere goes first: in the folders stands which is whose.
        for (unit, reversal) in self.reversals() {
            let of_unit = self.keepers_of_unit(&unit, &reversal);
            if of_unit.iter().any(|keeper| left.contains(keeper)) {
                left.extend(of_unit);
                continue;
            }
            match self.kept_by(&unit, &reversal, Some(&cleaning.of(&unit))).await {
                Ok(things) => kept.things.extend(things),
                Err(error) => {
                    self.warn(&mut kept, &format!("{unit}: {error}"));
                    left.extend(of_unit);
                }
            }
        }
        for keeper in keepers {
            if left.contains(&keeper) {
                continue;
            }
            match self.empty(&keeper).await {
                Ok(folder) => kept.things.extend(folder),
                Err(error) => {
                    self.warn(&mut kept, &trouble(&keeper.0, &error));
                    left.push(keeper);
                }
            }
        }
        let mut accounts: Vec<Account> = Vec::new();
        for keeper in left.into_iter().map(account) {
            if !accounts.contains(&keeper) {
                accounts.push(keeper);
            }
        }
        self.journal.append(Record::Cleaned { removed: kept.things.clone(), left: accounts }).await?;
        Ok(kept)
    }

    /// The units that may keep something, each with its way back.
    fn reversals(&self) -> Vec<(UnitId, Box<Reversal>)> {
        let view = self.journal.view();
        let of_unit = |(unit, seen): (&UnitId, &crate::events::view::UnitView)| {
            let attempt = seen.state.attempt()?;
            attempt.reversal.captured().is_some().then(|| (unit.clone(), attempt.reversal.clone()))
        };
        view.units.iter().filter_map(of_unit).collect()
    }

    /// What a unit keeps beside the folders of the run. With an intent, it is removed.
    async fn kept_by(
        &self,
        unit: &UnitId,
        reversal: &Reversal,
        intent: Option<&Intent>,
    ) -> Result<Vec<Keepsake>, ActionError> {
        let Some(captured) = reversal.captured() else { return Ok(Vec::new()) };
        let kind = kind_of(reversal)?;
        let around = Around::new(&self.world, None);
        let user = self.as_user(unit.host.as_ref(), reversal.become_user.as_deref());
        let read = around.read_on(unit, unit.host.as_ref(), user, 0).await?;
        let things = kind.kept(captured, &read).await?;
        if let Some(intent) = intent {
            let write = Write::new(read, intent);
            kind.sweep(captured, &write).await?;
            kind.discard(captured, &write).await?;
        }
        Ok(things)
    }

    /// Removes a folder of the run. What it was is given.
    async fn empty(&self, keeper: &Keeper) -> Result<Option<Keepsake>, ActionError> {
        let folder = self.folder(keeper).await?;
        self.clear(keeper).await?;
        Ok(folder)
    }

    /// Whether nothing of the run goes on there: it would need what is removed.
    async fn is_calm(&self, keeper: &Keeper) -> Result<(), ActionError> {
        match self.running(keeper).await? {
            Some(job) => Err(ActionError::failed(format!("a job of the run still runs there: {job}"))),
            None => Ok(()),
        }
    }

    fn warn(&self, kept: &mut Kept, why: &str) {
        let why = self.world.masker.mask(why);
        let text = format!("something that was kept for undo stays, until another `clean`: {why}");
        self.world.setup.screen.progress(&Progress::Warning { text });
        kept.trouble.push(why);
    }
}

fn trouble(host: &Role, error: &ActionError) -> String {
    // Errors of the way to a host name it.
    match error {
        ActionError::Transport(error) => error.to_string(),
        error => format!("{host}: {error}"),
    }
}
