//! What `sync` does.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use crate::actions::context::{Host, Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::durable;
use crate::actions::expected::{Leaves, Standing, Thing};
use crate::actions::passage::{Door, Via};
use crate::base::{Role, duration};
use crate::events::Preview;
use crate::events::record::{Account, Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::back::Undo;
use super::decode::{Ids, Place};
use super::end::End;
use super::keep::{self, Rooms};
use super::seen::Seen;
use super::shards::listed;
use super::survey::survey;
use super::{direct, room, transfer, way};

/// A tree that is brought from one host to another.
#[derive(Debug)]
pub struct Sync {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) delete: bool,
    pub(super) exclude: Vec<String>,
    pub(super) checksum: bool,
    pub(super) bwlimit: Option<String>,
    pub(super) ids: Ids,
    pub(super) live: bool,
    pub(super) via: Via,
    pub(super) parallel: u32,
    /// Whether it was applied by this process: a live source is another one by the time that one looks again.
    pub(super) applied: OnceLock<()>,
}

#[async_trait]
impl Action for Sync {
    const KIND: &'static str = "sync";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        for place in [&self.from, &self.to] {
            cx.stands(&place.role, &place.path)?;
        }
        let (from, to) = self.ends(cx).await?;
        let mut seen = match Seen::of(self, &from, &to) {
            Ok(seen) => seen,
            Err(why) => return Ok(Check::Blocked(why)),
        };
        let found = match survey(self, &seen, &from, &to).await? {
            Ok(found) => found,
            Err(why) => return Ok(Check::Blocked(cx.around().masker().mask(&why))),
        };
        let door = self.via.door((&from.host, &to.host), direct::STAGE, cx).await?;
        let leftover = door.as_ref().is_ok_and(Door::leftover);
        if found.tally.is_empty() && !leftover {
            return Ok(Check::Satisfied);
        }
        // Of what is still under way some is there already, under another name.
        if !leftover && let Some(why) = room::lacking(found.tally.bytes, &from, &to).await? {
            return Ok(Check::Blocked(why));
        }
        (seen.tally, seen.attributes) = (found.tally, found.attributes);
        if let Some(why) = way::choose(self.via, &mut seen, door, cx).await? {
            return Ok(Check::Blocked(why));
        }
        if self.parallel > 1 || seen.staging.is_some() {
            seen.files = listed(found.files);
        }
        Ok(Check::Differs(seen))
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let notes = std::iter::once(seen.way_in_words()).chain(seen.notes.iter().cloned());
        let notes = notes.map(|note| format!("{note}\n"));
        Preview {
            summary: format!(
                "sync {}:{} to {}:{}: {}",
                self.from.role,
                self.from.path,
                self.to.role,
                self.to.path,
                seen.tally.in_words()
            ),
            detail: notes.chain([seen.tally.names()]).collect(),
            undo: format!("what it replaces or deletes comes back from {}, what it creates goes", seen.backup),
        }
    }

    async fn leaves(&self, _seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        let path = self.to.path.trim_end_matches('/').to_owned();
        Ok(vec![Leaves { role: Some(self.to.role.clone()), thing: Thing::Path(path), standing: Standing::Unknown }])
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        let (from, to) = (cx.other_as(&self.from.role, None).await?, cx.other_as(&self.to.role, None).await?);
        let sha256 = keep::keep(seen, &to, cx).await?;
        let user = |host: &Host| host.become_user().map(|user| user.user.clone());
        let mut litter = Vec::new();
        if !seen.files.is_empty() {
            litter.push((self.from.role.clone(), user(&from), seen.lists.clone()));
        }
        litter.extend(seen.staging.clone().map(|folder| (Role::local(), None, folder)));
        Ok(Reversible::By(Undo {
            to: self.to.role.clone(),
            user: user(&to),
            rooms: Rooms::of(seen),
            fresh: seen.fresh,
            sha256,
            halves: seen.choice.key.clone(),
            litter,
            unit: cx.env().unit.to_string(),
        }))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let (from, to) = (cx.other_as(&self.from.role, None).await?, cx.other_as(&self.to.role, None).await?);
        let running = match &seen.choice.key {
            Some(_) => durable::adopt_stage(&from, direct::STAGE, cx).await?,
            None => None,
        };
        // What an earlier try has left goes first, whatever comes of this one.
        if let (Some(key), None) = (&seen.choice.key, &running)
            && cx.env().attempt > cx.env().first
        {
            key.remove(cx).await?;
        }
        keep::begin(seen, &to, running.is_none(), cx).await?;
        // A durable job looks after its time itself.
        let is_job = running.is_some() || seen.choice.direct().is_some();
        let limit = cx.env().timeout.filter(|_| !is_job).unwrap_or(Duration::MAX);
        let carried = match timeout(limit, transfer::carry(self, seen, running, (&from, &to), cx)).await {
            Ok(carried) => carried,
            Err(_) => Err(ActionError::failed_with_hint(
                format!("took longer than {} and was ended", duration::show(limit)),
                "`timeout:` of the step gives it more time; it goes on from where it was",
            )),
        };
        // What may still be under way has not left anything yet.
        if matches!(carried, Err(ActionError::Detached | ActionError::Transport(_) | ActionError::Journal(_))) {
            return carried.map(|()| Outputs::default());
        }
        // How it was left is noted whatever came of it: undo goes by that.
        keep::end(seen, &to, cx).await?;
        carried?;
        let _ = self.applied.set(());
        Ok(Outputs { stdout: seen.tally.in_words(), changed: true, ..Outputs::default() })
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        if self.live && self.applied.get().is_some() {
            return Ok(Verdict::Holds);
        }
        Ok(match self.check(cx).await? {
            Check::Satisfied => Verdict::Holds,
            Check::Differs(seen) => Verdict::Fails(format!(
                "the two are still different: {}\n{}",
                seen.tally.in_words(),
                seen.tally.names()
            )),
            Check::Blocked(why) | Check::Unknowable(why) => Verdict::Fails(why),
        })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(cx).await
    }

    fn keepers(undo: &Undo) -> Vec<Account> {
        undo.keepers()
    }

    async fn kept(undo: &Undo, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        undo.kept(cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    /// What has come is not sent again: the transfer goes on from there.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

impl Sync {
    async fn ends(&self, cx: &Read<'_>) -> Result<(End, End), ActionError> {
        tokio::try_join!(End::look(&self.from, cx), End::look(&self.to, cx))
    }
}
