//! Takes a sync back.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Host, Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::keepsake;
use crate::actions::passage::{OneTimeKey, sweep_if_reached};
use crate::actions::remote_file::{failed, verdict};
use crate::base::Role;
use crate::events::record::{Account, Keepsake};

use super::keep::{COMMON, Rooms};
use super::plan::{Found, Plan};

/// So much of what is different is told.
const TOLD: usize = 10;

/// What takes a sync back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The destination's host, and the user that rsync was there.
    pub(super) to: Role,
    pub(super) user: Option<String>,
    pub(super) rooms: Rooms,
    /// Whether the folder was made.
    pub(super) fresh: bool,
    /// The hash of the list of what was there.
    pub(super) sha256: String,
    /// What may have been left of a direct transfer's key.
    pub(super) halves: Option<OneTimeKey>,
    /// What else may have been left on its way: hosts, users and folders.
    pub(super) litter: Vec<(Role, Option<String>, String)>,
    /// The unit whose undo this is: where another takes it back, it may be applied again, and taken back again.
    pub(super) unit: String,
}

impl Undo {
    /// Brings the destination back, unless others have changed since what would be put back.
    pub(super) async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        self.sweep(cx).await?;
        let host = cx.other_as(&self.to, self.user.as_deref()).await?;
        let base = &self.rooms.base;
        let what = format!("looking at what has become of {base}");
        let compare = self.rooms.command(&format!("{COMMON}{}", include_str!("compare.sh")));
        let said = cx.change_on(&host, compare).await?;
        if !said.success() {
            return Err(failed(&said, &what, cx.around().masker()));
        }
        let cannot = || ActionError::failed(format!("{what}: the answer makes no sense"));
        let found = Found::read(&said.stdout).ok_or_else(cannot)?;
        if found.undone {
            return Ok(ALREADY.to_owned());
        }
        if found.lost {
            return Err(ActionError::failed_with_hint(
                format!("what was kept of {base} for undo is no longer in {} on {}", self.rooms.kept, self.to),
                "what it was like before cannot be told any more: bring it back by hand, then settle the step with `done`",
            ));
        }
        if found.sha256 != self.sha256 {
            return Err(ActionError::failed(format!(
                "what was kept in {} on {} is no longer what it was",
                self.rooms.kept, self.to
            )));
        }
        let plan = found.plan().map_err(|odd| {
            let more = if odd.len() > TOLD { format!("\n… and {} more", odd.len() - TOLD) } else { String::new() };
            let difference = format!("\n{}{more}", odd[..odd.len().min(TOLD)].join("\n"));
            ActionError::Changed { what: base.clone(), difference }
        })?;
        if plan.is_empty() {
            self.forget(&host, cx).await?;
            return Ok(ALREADY.to_owned());
        }
        self.carry_out(&plan, &host, cx).await?;
        self.forget(&host, cx).await?;
        Ok(plan.in_words())
    }

    /// As who it keeps things, at the destination and on the way.
    pub(super) fn keepers(&self) -> Vec<Account> {
        let on_the_way = self.litter.iter().map(|(role, user, _)| (role, user));
        std::iter::once((&self.to, &self.user))
            .chain(on_the_way)
            .map(|(host, user)| Account { host: host.clone(), become_user: user.clone() })
            .collect()
    }

    /// What it keeps beside the folder of the run: what was replaced and deleted, where the destination is another disk.
    pub(super) async fn kept(&self, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        if self.rooms.is_in_one_place() {
            return Ok(Vec::new());
        }
        let host = cx.other_as(&self.to, self.user.as_deref()).await?;
        Ok(keepsake::at(&host, &self.rooms.backup).await?.into_iter().collect())
    }

    /// Removes that, and what a transfer that was given up has left.
    pub(super) async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        self.sweep(cx).await?;
        if self.rooms.is_in_one_place() {
            return Ok(());
        }
        let host = cx.other_as(&self.to, self.user.as_deref()).await?;
        keepsake::remove(&host, &self.rooms.backup, cx).await
    }

    async fn sweep(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        if let Some(key) = &self.halves {
            key.remove(cx).await?;
        }
        for (role, user, folder) in &self.litter {
            sweep_if_reached(role, user.as_deref(), folder, cx).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, plan: &Plan, host: &Host, cx: &Write<'_>) -> Result<(), ActionError> {
        let each = async |op: &str, value: &str, paths: Vec<u8>| {
            if paths.is_empty() {
                return Ok(());
            }
            let script = format!("{COMMON}{}", include_str!("back.sh"));
            let command = self.rooms.command(&script).env("OP", op).env("V", value).stdin(paths);
            let said = cx.change_on(host, command).await?;
            verdict(&said, &format!("taking back what is in {} ({op})", self.rooms.base), cx.around().masker())
                .map(drop)
        };
        each("remove", "", list(&plan.remove)).await?;
        each("rmdir", "", list(&plan.rmdir)).await?;
        each("mkdir", "", list(&plan.mkdir)).await?;
        each("restore", "", list(&plan.restore)).await?;
        if !self.rooms.extras.is_empty() {
            each("attributes", "", list(&plan.attributes)).await?;
        }
        for (owner, paths) in &plan.owner {
            each("owner", owner, list(paths)).await?;
        }
        for (mode, paths) in &plan.mode {
            each("mode", mode, list(paths)).await?;
        }
        let times = plan.time.iter().flat_map(|(time, path)| [time.as_bytes(), b"\0", path, b"\0"].concat());
        each("time", "", times.collect()).await
    }

    async fn forget(&self, host: &Host, cx: &Write<'_>) -> Result<(), ActionError> {
        let last = cx.env().unit.to_string() == self.unit;
        let command = self
            .rooms
            .command(&format!("{COMMON}{}", include_str!("forget.sh")))
            .env("L", if last { "1" } else { "0" })
            .env("FRESH", if self.fresh { "1" } else { "0" });
        let said = cx.change_on(host, command).await?;
        verdict(&said, "removing what was kept for undo", cx.around().masker()).map(drop)
    }
}

const ALREADY: &str = "was already as before";

/// Paths, each ended by NUL.
fn list(paths: &[Vec<u8>]) -> Vec<u8> {
    paths.iter().flat_map(|path| [path.as_slice(), b"\0"].concat()).collect()
}
