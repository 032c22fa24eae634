//! Puts a file in place, whole or not at all.

use rand::RngExt as _;

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::base::Masker;
use crate::events::record::{Failure, Outputs};
use crate::transport::{Command, Output};

use super::failing::verdict;
use super::keep::{Kept, hash};
use super::look::Print;
use super::names::{kept_beside, temporary};
use super::seen::Seen;
use super::validate::filled;

const PUT: &str = concat!(include_str!("common.sh"), include_str!("put.sh"), include_str!("whole.sh"));
const ARRIVE: &str = concat!(include_str!("common.sh"), include_str!("put.sh"));
const DRESS: &str = concat!(include_str!("common.sh"), include_str!("meta.sh"));

/// A file on its way to its place.
pub(super) struct Way<'a> {
    pub(super) seen: &'a Seen,
    validate: Option<String>,
    names: String,
    temporary: String,
    kept: Kept,
    aside: Option<String>,
}

impl<'a> Way<'a> {
    /// `rest` tells the temporary file from those of other tries.
    pub(super) async fn of(
        seen: &'a Seen,
        validate: Option<&str>,
        rest: &str,
        cx: &Write<'_>,
    ) -> Result<Self, ActionError> {
        let names = temporary(&seen.real, cx.env().run, cx.env().unit);
        let temporary = format!("{names}{rest}");
        let validate = validate.map(|command| filled(command, &temporary));
        let aside = seen.aside.then(|| kept_beside(&seen.real, cx.env().run, cx.env().unit));
        Ok(Self { seen, validate, names, temporary, kept: Kept::of(cx).await?, aside })
    }

    /// The script with all that it wants to know.
    pub(super) fn command(&self, script: &str) -> Command {
        let Seen { real, after, before, everybody, secret, .. } = self.seen;
        Command::change(script)
            .env("R", real.clone())
            .env("N", self.names.clone())
            .env("T", self.temporary.clone())
            .env("K", self.kept.folder.clone())
            .env("W", after.sha256.clone())
            .env("B", before.as_ref().map_or_else(|| hash(None), counting))
            .env("U", after.uid.to_string())
            .env("G", after.gid.to_string())
            .env("M", format!("{:05o}", after.mode))
            .env("V", self.validate.clone().unwrap_or_default())
            .env("Q", self.aside.clone().unwrap_or_default())
            .env("S", if *everybody && !*secret && self.seen.size <= SHOWN_LATER { "1" } else { "0" })
    }

    /// What the script's words mean.
    pub(super) fn done(&self, said: &Output, masker: &Masker) -> Result<Outputs, ActionError> {
        let path = &self.seen.path;
        let words = verdict(said, &format!("changing {path}"), masker)?;
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["done"] => Ok(Outputs { changed: true, ..Outputs::default() }),
            ["refused", code] => Err(self.refused(code, said, masker)),
            ["torn", _] => Err(torn(path)),
            ["changed", _] => Err(changed(path)),
            other => Err(ActionError::failed(format!("changing {path}: the host says {other:?}"))),
        }
    }

    fn refused(&self, code: &str, said: &Output, masker: &Masker) -> ActionError {
        let command = self.validate.as_deref().unwrap_or_default();
        ActionError::Failed(Box::new(Failure {
            why: format!("the new {} was not accepted by its `validate`: exited with {code}", self.seen.path),
            hint: Some("nothing was put in place".to_owned()),
            command: Some(masker.mask(command)),
            exit_code: code.parse().ok(),
            stderr: masker.mask(crate::actions::said::last_lines(&said.error_text(), 20)),
            ..Failure::default()
        }))
    }
}

/// So much of what was left is kept, to show how it was changed by others since.
const SHOWN_LATER: u64 = 64 * 1024;

/// Puts `content` in place: beside the file first, validated, then renamed over it. One round trip.
///
/// # Errors
/// Where that failed: then nothing was changed.
pub async fn put(seen: &Seen, validate: Option<&str>, content: &[u8], cx: &Write<'_>) -> Result<Outputs, ActionError> {
    let way = Way::of(seen, validate, &try_name(), cx).await?;
    let said = cx.change(way.command(PUT).stdin(content)).await?;
    way.done(&said, cx.around().masker())
}

/// What puts a content in place of which nothing is known before it has come: `script` makes `$T`, sets `$W` to the hash that was due, and ends
/// with `place`, by which names the functions before it go. [`arrived`] reads what it says.
///
/// # Errors
/// Where the host cannot keep anything.
pub async fn arriving(seen: &Seen, script: &str, cx: &Write<'_>) -> Result<Command, ActionError> {
    let way = Way::of(seen, None, &try_name(), cx).await?;
    let command = way.command(&format!("{ARRIVE}{script}")).env("TRY", cx.env().attempt.to_string());
    Ok(command.as_user(cx.host()?.become_user().cloned()))
}

/// What such a script's words mean.
///
/// # Errors
/// Where nothing was put in place.
pub fn arrived(path: &str, said: &str) -> Result<(), ActionError> {
    match said.split('\0').next() {
        Some("done") => Ok(()),
        Some("torn") => Err(torn(path)),
        Some("changed") => Err(changed(path)),
        _ => Err(ActionError::failed(format!("changing {path}: the host says {said:?}"))),
    }
}

/// Gives a thing whose content is right its owner, group and mode.
///
/// # Errors
/// Where the host does not let us, or the thing is no longer what was seen.
pub async fn dress(seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    change(seen, DRESS, &[], cx).await
}

/// Changes what was seen by another script, which finds the functions of `common.sh` before it and says `done` when it is.
///
/// # Errors
/// Where that failed.
pub async fn change(seen: &Seen, script: &str, more: &[(&str, &str)], cx: &Write<'_>) -> Result<Outputs, ActionError> {
    change_fed(seen, script, more, Vec::new(), cx).await
}

/// The same with something for the script to read.
///
/// # Errors
/// Where that failed.
pub async fn change_fed(
    seen: &Seen,
    script: &str,
    more: &[(&str, &str)],
    stdin: Vec<u8>,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let way = Way::of(seen, None, &try_name(), cx).await?;
    let command = more.iter().fold(way.command(script), |command, (name, value)| command.env(*name, *value));
    way.done(&cx.change(command.stdin(stdin)).await?, cx.around().masker())
}

/// What the scripts' `hash_of` says of a thing whose content counts.
fn counting(print: &Print) -> String {
    if print.sha256.is_empty() { String::new() } else { hash(Some(print)) }
}

/// Tells a try from another that may still be under way on the host.
#[must_use]
pub fn try_name() -> String {
    format!("{:08x}", rand::rng().random::<u32>())
}

fn torn(path: &str) -> ActionError {
    ActionError::failed_with_hint(
        format!("what arrived for {path} is not what was read: it was changed meanwhile"),
        "nothing was put in place; try again",
    )
}

fn changed(path: &str) -> ActionError {
    ActionError::failed_with_hint(
        format!("{path} was changed by somebody else since it was looked at"),
        "nothing was put in place; try again to see what it would do now",
    )
    .untouched()
}
