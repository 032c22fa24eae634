//! Keeps what undo will need, on the host.

use crate::actions::context::{Read, Stash};
use crate::actions::contract::ActionError;
use crate::transport::Command;

use super::failing::verdict;
use super::look::{Kind, Print};

const KEEP: &str = concat!(include_str!("common.sh"), include_str!("keep.sh"));

/// Where a unit keeps what undo needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The folder on the host.
    pub folder: String,
}

impl Kept {
    /// The unit's own.
    ///
    /// # Errors
    /// Where the host was not reached, or cannot keep anything.
    pub async fn of(cx: &Read<'_>) -> Result<Self, ActionError> {
        let host = cx.host()?;
        let home = cx.around().job_home(host.transport().role(), host.become_user()).await?;
        Ok(Self { folder: home.kept(cx.env().run, cx.env().unit) })
    }
}

/// Copies the file or link at `path`, metadata and all, to where undo finds it: it has to be what was `seen`.
///
/// # Errors
/// Where it is not any more, or the host cannot keep it.
pub async fn keep(path: &str, seen: &Print, cx: &Stash<'_>) -> Result<Kept, ActionError> {
    let kept = Kept::of(cx).await?;
    let command = Command::read(KEEP).env("R", path).env("K", kept.folder.clone()).env("N", "");
    let words = verdict(&cx.keep(command).await?, &format!("keeping {path} for undo"), cx.around().masker())?;
    let metadata = if seen.kind == Kind::Link { words.get(1).cloned().unwrap_or_default() } else { meta(seen) };
    if words == [hash(Some(seen)), metadata] {
        return Ok(kept);
    }
    Err(ActionError::failed_with_hint(format!("{path} was changed while it was looked at"), "try again"))
}

/// What the scripts' `hash_of` says of a thing.
pub(super) fn hash(print: Option<&Print>) -> String {
    match print {
        None => "-".to_owned(),
        Some(Print { kind: Kind::Link, sha256, .. }) => format!("link {sha256}"),
        Some(Print { sha256, .. }) => format!("file {sha256}"),
    }
}

fn meta(print: &Print) -> String {
    format!("{} {} {:o}", print.uid, print.gid, print.mode)
}
