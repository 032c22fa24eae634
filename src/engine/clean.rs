//! What a run that is over still keeps on its hosts for its undo, and how that goes.

use std::collections::BTreeSet;

use crate::actions::{ActionError, Write};
use crate::base::{Role, UnitId};
use crate::events::record::{Account, Keepsake, Reversal};
use crate::events::{Progress, Record};
use crate::journal::Intent;
use crate::transport::TransportError;

use super::around::Around;
use super::controller::{Controller, EngineError};
use super::tidy::{Keeper, account, add};
use super::undo::kind_of;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What is there.
    pub things: Vec<Keepsake>,
    /// What could not be looked at or removed, and why.
    pub trouble: Vec<String>,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    kept: Kept,
    /// Of whom something stays.
    left: Vec<Keeper>,
    /// The hosts that could not be reached.
    away: BTreeSet<Role>,
}

impl Controller {
    /// Looks what the run keeps on its hosts so that it can be taken back. Changes nothing.
    pub async fn kept(&self) -> Kept {
        let mut found = Found::default();
        for keeper in self.all_keepers() {
            if !found.is_left(&keeper) {
                found.take(self.folder(&keeper).await, std::slice::from_ref(&keeper), &keeper.0);
            }
        }
        for (unit, reversal) in self.reversals() {
            let keepers = self.keepers_of_unit(&unit, &reversal);
            if !keepers.iter().any(|keeper| found.is_left(keeper)) {
                found.take(self.kept_by(&unit, &reversal, None).await, &keepers, &unit);
            }
        }
        self.unrevealing(found.kept)
    }

    /// Removes that. From the first moment on, the run cannot be taken back any more. What could not be removed is told, and another try removes
    /// it. Gives what was removed.
    ///
    /// # Errors
    /// Where the journal does not take a record: also where the run is not over.
    pub async fn clean(&self) -> Result<Kept, EngineError> {
        let cleaning = self.journal.intend_cleaning().await?;
        let mut found = Found::default();
        let keepers = self.all_keepers();
        for keeper in &keepers {
            if !found.is_left(keeper) {
                found.take(self.is_calm(keeper).await.map(|()| None), std::slice::from_ref(keeper), &keeper.0);
            }
        }
        // What units keep elsewhere goes first: in the folders stands which is whose.
        for (unit, reversal) in self.reversals() {
            let of_unit = self.keepers_of_unit(&unit, &reversal);
            if of_unit.iter().any(|keeper| found.is_left(keeper)) {
                found.left.extend(of_unit);
            } else {
                found.take(self.kept_by(&unit, &reversal, Some(&cleaning.of(&unit))).await, &of_unit, &unit);
            }
        }
        for keeper in &keepers {
            if !found.is_left(keeper) {
                found.take(self.empty(keeper).await, std::slice::from_ref(keeper), &keeper.0);
            }
        }
        let Found { kept, mut left, away } = found;
        left.extend(keepers.into_iter().filter(|keeper| away.contains(&keeper.0)));
        let kept = self.unrevealing(kept);
        for why in &kept.trouble {
            let text = format!("something that was kept for undo stays, until another `clean`: {why}");
            self.world.setup.screen.progress(&Progress::Warning { text });
        }
        let mut accounts: Vec<Account> = Vec::new();
        add(&mut accounts, left.into_iter().map(account));
        self.journal.append(Record::Cleaned { removed: kept.things.clone(), left: accounts }).await?;
        Ok(kept)
    }

    /// What hosts said about it may hold a secret.
    fn unrevealing(&self, kept: Kept) -> Kept {
        let trouble = kept.trouble.iter().map(|why| self.world.masker.mask(why)).collect();
        Kept { trouble, ..kept }
    }

    /// Everybody as who the run keeps something.
    fn all_keepers(&self) -> Vec<Keeper> {
        let mut keepers = self.keepers();
        for (unit, reversal) in self.reversals() {
            add(&mut keepers, self.keepers_of_unit(&unit, &reversal));
        }
        keepers
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
}

impl Found {
    /// Whether something of that user stays, or its host is away: it is not waited for twice.
    fn is_left(&self, keeper: &Keeper) -> bool {
        self.away.contains(&keeper.0) || self.left.contains(keeper)
    }

    /// Takes in what is kept, or why that is not known, of these.
    fn take<T: IntoIterator<Item = Keepsake>>(
        &mut self,
        found: Result<T, ActionError>,
        of: &[Keeper],
        what: &impl std::fmt::Display,
    ) {
        let error = match found {
            Ok(things) => return self.kept.things.extend(things),
            Err(error) => error,
        };
        self.left.extend(of.iter().cloned());
        if let ActionError::Transport(TransportError::Unreachable { host, .. } | TransportError::Away { host, .. }) =
            &error
        {
            self.away.insert(host.clone());
            self.kept.trouble.push(error.to_string());
        } else {
            self.kept.trouble.push(format!("{what}: {error}"));
        }
    }
}
