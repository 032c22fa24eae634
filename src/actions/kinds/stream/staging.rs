//! Through a file of the operator's machine.

use crate::actions::context::{Host, Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::passage;
use crate::actions::side::{Account, Side};
use crate::base::Role;
use crate::display::bytes;
use crate::transport::Command;

/// The end where the bytes are kept.
const KEEP: &str =
    concat!(include_str!("../../remote_file/common.sh"), include_str!("pieces.sh"), include_str!("stage.sh"));

/// How much room there is for what is kept in `$K`, in KiB.
const ROOM: &str =
    r#"x=$K; while [ ! -d "$x" ]; do x=${x%/*}; x=${x:-/}; done; df -k --output=avail -- "$x" | tail -n 1 | tr -d ' '"#;

/// The unit's own folder here; in words why so many bytes cannot go through it.
pub(super) async fn look(size: Option<u64>, cx: &Read<'_>) -> Result<Result<String, String>, ActionError> {
    let folder = cx.around().job_home(&Role::local(), None).await?.kept(cx.env().run, cx.env().unit);
    let said = here(cx).await?.read(Command::read(ROOM).env("K", folder.clone())).await?;
    let room = said.text().trim().parse::<u64>().ok().map(|kib| kib.saturating_mul(1024));
    Ok(match (room, size) {
        (Some(room), Some(size)) if room < size => {
            Err(format!("{folder} has {} left on this machine, and {} go through it", bytes(room), bytes(size)))
        }
        _ => Ok(folder),
    })
}

/// This machine, as whoever sits at it.
pub(super) async fn here(cx: &Read<'_>) -> Result<Host, ActionError> {
    Ok(cx.other(&Role::local()).await?.as_user(None))
}

/// What keeps what comes.
pub(super) fn keep(folder: &str) -> Command {
    Command::change(KEEP).env("K", folder).env("R", folder).env("N", "").env("T", path(folder))
}

/// What gives it again.
pub(super) fn give(folder: &str) -> Side {
    let account = Account { on: Role::local(), become_user: None };
    Side::ours(account, r#"exec cat <"$FILE""#, &[("FILE", &path(folder))])
}

/// Removes what is kept, and the folders above that are empty then.
pub(super) async fn sweep(folder: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    passage::sweep(&here(cx).await?, &path(folder), cx).await
}

fn path(folder: &str) -> String {
    format!("{folder}/staged")
}
