//! What undo needs beside the folder of the run: how large it is, and how it goes.

use crate::events::record::Keepsake;
use crate::transport::{Become, Command, Transport, TransportError};

use super::context::{Host, Write};
use super::contract::ActionError;

/// In KiB, as the host rounds it. What cannot be read in it is not counted, and a file that has other names as well takes no room by this one.
const SIZE: &str = r#"
if [ -f "$P" ] && [ ! -L "$P" ] && [ "$(stat -c %h -- "$P")" -gt 1 ]; then echo 0
elif [ -e "$P" ] || [ -L "$P" ]; then du -sk -- "$P" 2>/dev/null || :; fi"#;
const REMOVE: &str = r#"rm -rf -- "$P""#;
const REMOVE_ALL: &str = r#"for p in "$P"*; do { [ ! -e "$p" ] && [ ! -L "$p" ]; } || rm -f -- "$p"; done"#;

/// The thing at a path of a host; none where nothing is there.
///
/// # Errors
/// Where the host was not reached.
pub async fn at(host: &Host, path: &str) -> Result<Option<Keepsake>, ActionError> {
    let transport = host.transport();
    Ok(measured(&**transport, host.become_user(), path).await?)
}

/// The same as a user of a host.
///
/// # Errors
/// Where the host was not reached.
pub async fn measured(
    transport: &dyn Transport,
    become_user: Option<&Become>,
    path: &str,
) -> Result<Option<Keepsake>, TransportError> {
    let look = Command::read(SIZE).env("P", path).as_user(become_user.cloned());
    let said = transport.exec(look, None).await?.text();
    let kib: Option<u64> = said.split_whitespace().next().and_then(|word| word.parse().ok());
    let host = transport.role().clone();
    Ok(kib.map(|kib| Keepsake { host, what: path.to_owned(), bytes: kib * 1024 }))
}

/// Removes the thing at a path of a host, and all that is in it.
///
/// # Errors
/// Where the host was not reached, or it stays.
pub async fn remove(host: &Host, path: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    removed(host, REMOVE, path, cx).await
}

/// Removes the files and links whose paths begin so.
///
/// # Errors
/// Where the host was not reached, or one stays.
pub async fn remove_all(host: &Host, begin: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    removed(host, REMOVE_ALL, begin, cx).await
}

async fn removed(host: &Host, script: &str, path: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = cx.change_on(host, Command::change(script).env("P", path)).await?;
    if said.success() {
        return Ok(());
    }
    let why = cx.around().masker().mask(said.error_text().trim());
    Err(ActionError::failed(format!("removing {path}: {why}")))
}
