//! A `.deb` of the operator's machine.

use std::path::Path;

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{Hasher, Kept, PIECE};
use crate::base::fs;
use crate::events::Progress;
use crate::transport::{Command, TransportError};

const ROOM: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("room.sh"));
const PIECE_AT: &str = include_str!("piece.sh");
const WHOLE: &str = include_str!("whole.sh");

/// The magic of the `ar` archive that a `.deb` is.
const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// The longest control data that is read.
const MOST: u64 = 8 << 20;

/// How often a piece is sent whose connection breaks.
const TRIES: u32 = 5;

/// The beginning of the archive, as far as the control data: enough for the host's `dpkg-deb` to say what it is.
pub(super) fn head(path: &Path) -> Result<Vec<u8>, ActionError> {
    let begin = fs::read_piece(path, 0, MOST)?;
    let end = end_of_control(&begin).ok_or_else(|| {
        ActionError::failed(format!(
            "{} is no Debian package, or its control data is longer than 8 MiB",
            path.display()
        ))
    })?;
    Ok(begin[..end].to_vec())
}

fn end_of_control(archive: &[u8]) -> Option<usize> {
    let mut at = MAGIC.len();
    if !archive.starts_with(MAGIC) {
        return None;
    }
    loop {
        let header = archive.get(at..at + HEADER)?;
        let size: usize = std::str::from_utf8(&header[48..58]).ok()?.trim().parse().ok()?;
        // Members begin at even places.
        at = at.checked_add(HEADER)?.checked_add(size)?.checked_add(size % 2)?;
        if header.starts_with(b"control.tar") {
            return (at - size % 2 <= archive.len()).then(|| at.min(archive.len()));
        }
    }
}

/// Brings it to the host, into the folder that is kept for undo. Gives its path there.
pub(super) async fn bring(path: &Path, name: &str, cx: &Write<'_>) -> Result<String, ActionError> {
    let kept = Kept::of(cx).await?.folder;
    // apt takes the name's end for the kind of the file.
    let there = format!("{kept}/{}.deb", name.replace(':', "_"));
    let size = fs::facts(path)?.size;
    let command = |script: &str| Command::change(script).env("K", kept.clone()).env("T", there.clone());
    let failed = |why: String| ActionError::failed(format!("bringing {} to the host: {why}", path.display()));
    let room = cx.change(command(ROOM).env("R", there.clone()).env("N", "")).await?;
    if !room.success() {
        return Err(failed(room.error_text().trim().to_owned()));
    }
    let mut hasher = Hasher::default();
    let mut at = 0;
    while at < size {
        let piece = fs::read_piece(path, at, PIECE)?;
        if piece.is_empty() {
            return Err(failed("it became shorter meanwhile".to_owned()));
        }
        hasher.take(&piece);
        send(command(PIECE_AT).env("AT", at.to_string()).stdin(piece.clone()), cx).await?.map_err(&failed)?;
        at += piece.len() as u64;
        cx.around().progress(Progress::Amount { unit: cx.env().unit.clone(), done: at, of: Some(size) });
    }
    let said = cx.change(command(WHOLE).env("W", hasher.finish())).await?;
    if said.success() { Ok(there) } else { Err(failed("what arrived is not what was read".to_owned())) }
}

/// Twice written is once written.
async fn send(command: Command, cx: &Write<'_>) -> Result<Result<(), String>, ActionError> {
    let mut tries = 1;
    loop {
        match cx.change(command.clone()).await {
            Err(ActionError::Transport(TransportError::Lost { .. })) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(said) if said.success() => return Ok(Ok(())),
            Ok(said) => return Ok(Err(said.error_text().trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut member =
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len()).into_bytes();
        member.extend_from_slice(content);
        member.resize(member.len() + content.len() % 2, b'\n');
        member
    }

    #[test]
    fn the_control_data_is_found() {
        let begin = [MAGIC.to_vec(), member("debian-binary", b"2.0\n"), member("control.tar.xz", b"odd")].concat();
        let whole = [begin.clone(), member("data.tar.xz", &[7; 1000])].concat();
        assert_eq!(end_of_control(&whole), Some(begin.len()));
        assert_eq!(end_of_control(&whole[..begin.len() - 2]), None, "cut off");
        assert_eq!(end_of_control(b"PK\x03\x04"), None);
        assert_eq!(end_of_control(&[MAGIC.to_vec(), member("data.tar", b"x")].concat()), None);
    }
}
