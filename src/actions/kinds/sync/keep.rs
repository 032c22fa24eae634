//! What undo will need of a destination, kept there.

use crate::actions::context::{Host, Stash, Write};
use crate::actions::contract::ActionError;
use crate::actions::remote_file::verdict;
use crate::transport::Command;

use super::item::unescaped;
use super::options::PARTIAL;
use super::seen::Seen;

pub(super) const COMMON: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"));
const KEEP: &str =
    concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"), include_str!("keep.sh"));
const BEGIN: &str =
    concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"), include_str!("begin.sh"));
const END: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"), include_str!("end.sh"));

/// Where things are on a destination.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Rooms {
    pub(super) base: String,
    pub(super) entry: String,
    pub(super) prune: String,
    pub(super) kept: String,
    pub(super) backup: String,
    /// rsync's options for ACLs and attributes.
    pub(super) extras: String,
}

impl Rooms {
    pub(super) fn of(seen: &Seen) -> Self {
        let extras = match (seen.acls, seen.xattrs) {
            (true, true) => "-A -X",
            (true, false) => "-A",
            (false, true) => "-X",
            (false, false) => "",
        };
        Self {
            base: seen.base.clone(),
            entry: seen.entry.clone(),
            prune: seen.prune.clone(),
            kept: seen.kept.clone(),
            backup: seen.backup.clone(),
            extras: extras.to_owned(),
        }
    }

    /// Whether all of it is in the folder of the run.
    pub(super) fn is_in_one_place(&self) -> bool {
        self.backup.strip_prefix(&self.kept).is_some_and(|rest| rest.starts_with('/'))
    }

    /// A script that knows where things are.
    pub(super) fn command(&self, script: &str) -> Command {
        Command::change(script)
            .env("R", self.base.clone())
            .env("B", self.base.clone())
            .env("E", self.entry.clone())
            .env("S", self.prune.clone())
            .env("K", self.kept.clone())
            .env("BK", self.backup.clone())
            .env("X", self.extras.clone())
            .env("PARTIAL", PARTIAL)
            .env("N", "")
    }
}

fn names(seen: &Seen) -> Vec<u8> {
    seen.attributes.iter().flat_map(|name| [unescaped(name), vec![0]].concat()).collect()
}

/// Lists the destination, and copies what a transfer would change in place and a list does not tell. Gives the list's hash.
pub(super) async fn keep(seen: &Seen, host: &Host, cx: &Stash<'_>) -> Result<String, ActionError> {
    let command = Rooms::of(seen).command(KEEP).stdin(names(seen));
    let said = cx.keep_on(host, command).await?;
    let what = format!("keeping what is in {} for undo", seen.base);
    let mut words = verdict(&said, &what, cx.around().masker())?;
    words.pop().ok_or_else(|| ActionError::failed(what))
}

/// The same for what a later try finds to do besides.
pub(super) async fn begin(seen: &Seen, host: &Host, calm: bool, cx: &Write<'_>) -> Result<(), ActionError> {
    let list = if cx.env().attempt > cx.env().first { names(seen) } else { Vec::new() };
    let command = Rooms::of(seen).command(BEGIN).env("CALM", if calm { "1" } else { "0" }).stdin(list);
    let said = cx.change_on(host, command).await?;
    verdict(&said, &format!("keeping what is in {} for undo", seen.base), cx.around().masker()).map(drop)
}

/// Ends what a lost connection has left behind.
pub(super) async fn calm(seen: &Seen, host: &Host, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = cx.change_on(host, Rooms::of(seen).command(&format!("{COMMON}calm\nsay done\n"))).await?;
    verdict(&said, "ending what a lost connection has left", cx.around().masker()).map(drop)
}

/// Notes how the destination was left.
pub(super) async fn end(seen: &Seen, host: &Host, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = cx.change_on(host, Rooms::of(seen).command(END)).await?;
    verdict(&said, &format!("looking at what is in {} now", seen.base), cx.around().masker()).map(drop)
}
