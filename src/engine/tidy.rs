//! What a run keeps on its hosts, in its own folders there, goes once nobody will ask for it.

use crate::actions::{ActionError, keepsake};
use crate::base::{Role, UnitId};
use crate::events::record::{Account, Keepsake, Reversal};
use crate::events::{Progress, RunView};
use crate::plan::PlannedStep;
use crate::transport::{Become, Job, JobState};

use super::controller::Controller;
use super::undo::kind_of;
use super::units::Work;

/// A user of a host, as who things are kept there.
pub(super) type Keeper = (Role, Option<Become>);

/// As it stands in the journal.
pub(super) fn account((host, become_user): Keeper) -> Account {
    Account { host, become_user: become_user.map(|user| user.user) }
}

/// Adds each of `more` that is not there yet.
pub(super) fn add<T: PartialEq>(all: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

impl Controller {
    /// Removes what was kept for undo by a unit that was never announced: the controller died in between, so the journal does not know of it.
    /// What cannot be removed stays, for its owner's eyes only: where that is is given.
    pub(super) async fn tidy(&self) -> Vec<Account> {
        let mut left = Vec::new();
        for keeper in self.keepers() {
            if let Err(error) = self.clear(&keeper).await {
                let text =
                    format!("something that was kept for undo stays on {}, until another rollback: {error}", keeper.0);
                self.world.setup.screen.progress(&Progress::Warning { text });
                left.push(account(keeper));
            }
        }
        left
    }

    /// Everybody as who the run may keep something on a host that it has reached.
    pub(super) fn keepers(&self) -> Vec<Keeper> {
        let view = self.journal.view();
        let known = |step: &PlannedStep| view.units_of(step.id()).next().is_some();
        let newest = self.world.plan.steps().enumerate().filter(|(_, step)| known(step)).last();
        // The step after the last that the journal knows of may have been the one.
        let steps = self.world.plan.steps().take(newest.map_or(1, |(at, _)| at + 2));
        let of_before =
            |Account { host, become_user }: &Account| (host.clone(), self.as_user(Some(host), become_user.as_deref()));
        let mut keepers: Vec<Keeper> = view.left.iter().map(of_before).collect();
        for step in steps {
            let items = self.world.units(step, &view).unwrap_or_default();
            for work in items.into_iter().flatten() {
                add(&mut keepers, self.keepers_of(step, work, &view));
            }
        }
        keepers
    }

    /// As who a unit may keep something.
    fn keepers_of(&self, step: &PlannedStep, work: Work, view: &RunView) -> Vec<Keeper> {
        let Ok(prepared) = self.world.prepare(step, &work.unit, work.item, view) else { return Vec::new() };
        let mut keepers = if let Some(host) = work.unit.host {
            vec![(host, prepared.become_user)]
        } else {
            // What is between hosts keeps things on each, as the user that it acts as, and as whoever logs in.
            let users = |role: Role| {
                let user = self.world.become_on(&role, prepared.user.as_deref());
                [(role.clone(), user), (role, None)]
            };
            self.world.plan.reached(step).into_iter().flat_map(users).collect()
        };
        keepers.retain(|(host, _)| host.is_local() || view.pins.contains_key(host));
        keepers
    }

    /// As who a unit that the journal knows of may keep something.
    pub(super) fn keepers_of_unit(&self, unit: &UnitId, reversal: &Reversal) -> Vec<Keeper> {
        let host = unit.host.as_ref();
        let own = host.map(|host| (host.clone(), self.as_user(Some(host), reversal.become_user.as_deref())));
        let mut keepers: Vec<Keeper> = own.into_iter().collect();
        let (Some(captured), Ok(kind)) = (reversal.captured(), kind_of(reversal)) else { return keepers };
        let others = kind.keepers(captured).into_iter();
        add(
            &mut keepers,
            others.map(|Account { host, become_user }| {
                let user = self.as_user(Some(&host), become_user.as_deref());
                (host, user)
            }),
        );
        keepers
    }

    /// The folder in which the run keeps things as that user; none where there is none.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub(super) async fn folder(&self, (host, become_user): &Keeper) -> Result<Option<Keepsake>, ActionError> {
        let transport = self.world.transport(host).await?;
        let home = self.world.job_home(host, become_user.as_ref()).await?;
        Ok(keepsake::measured(&*transport, become_user.as_ref(), &home.folder(&self.world.run)).await?)
    }

    /// A job of the run that runs as that user, if one does.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub(super) async fn running(&self, (host, become_user): &Keeper) -> Result<Option<String>, ActionError> {
        let transport = self.world.transport(host).await?;
        let home = self.world.job_home(host, become_user.as_ref()).await?;
        for at in home.leftovers(&*transport, become_user.as_ref(), &self.world.run).await? {
            if let JobState::Running = Job::new(&*transport, &at, become_user.as_ref()).probe().await? {
                return Ok(Some(at.dir));
            }
        }
        Ok(None)
    }

    /// Removes that folder.
    ///
    /// # Errors
    /// Where the host was not reached, or something stays.
    pub(super) async fn clear(&self, (host, become_user): &Keeper) -> Result<(), ActionError> {
        let transport = self.world.transport(host).await?;
        let home = self.world.job_home(host, become_user.as_ref()).await?;
        Ok(home.clear(&*transport, become_user.as_ref(), &self.world.run).await?)
    }
}
