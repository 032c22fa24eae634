//! Puts a long content in place: in pieces, so that neither memory nor a break of the line limits it.

use async_trait::async_trait;

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::display::bytes;
use crate::events::Progress;
use crate::events::record::Outputs;
use crate::transport::TransportError;

use super::failing::verdict;
use super::put::Way;
use super::seen::Seen;

const BEGIN: &str = concat!(include_str!("common.sh"), include_str!("put.sh"), include_str!("begin.sh"));
const PIECE_AT: &str = include_str!("piece.sh");
const END: &str = concat!(include_str!("common.sh"), include_str!("put.sh"), include_str!("end.sh"));

/// The size of a piece: two of them are in memory at a time.
pub const PIECE: u64 = 8 << 20;

/// How often a piece is sent whose connection breaks.
const TRIES: u32 = 5;

/// A content that can be read from any place on.
#[async_trait]
pub trait Pieces: Sync {
    /// Up to `length` bytes from `offset` on.
    async fn piece(&self, offset: u64, length: u64) -> Result<Vec<u8>, ActionError>;
}

/// Puts a content in place piece by piece; what an earlier try brought there is not sent again.
///
/// # Errors
/// Where that failed: then nothing was changed.
pub async fn put_pieces(
    seen: &Seen,
    validate: Option<&str>,
    content: &dyn Pieces,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    // The content's hash is in the name: what is there under it is the beginning of the same content.
    let rest = seen.after.sha256.get(..12).unwrap_or_default();
    let way = Way::of(seen, validate, rest, cx).await?;
    loop {
        let have = begin(&way, cx).await?;
        send(&way, content, have, cx).await?;
        let said = cx.change(way.command(END)).await?;
        // What was there from before may have been damaged by whatever broke it off: all of it is sent once more, and only once.
        if have == 0 || !said.stdout.starts_with(b"torn\0") {
            return way.done(&said, cx.around().masker());
        }
    }
}

/// How much of the content is there from before, in whole pieces: the last one may have been cut off.
async fn begin(way: &Way<'_>, cx: &Write<'_>) -> Result<u64, ActionError> {
    let Seen { path, size, .. } = way.seen;
    let command = way.command(BEGIN).env("Z", size.to_string());
    let begun = verdict(&cx.change(command).await?, &format!("writing {path}"), cx.around().masker())?;
    let number = |at: usize| begun.get(at).and_then(|word| word.parse::<u64>().ok());
    let there = number(0).unwrap_or(0);
    let have = there - there % PIECE;
    match number(1).map(|room| room.saturating_mul(1024)) {
        Some(room) if room < size - have => {
            let (due, room) = (bytes(size - have), bytes(room));
            Err(ActionError::failed(format!("{path} needs {due} more, and the disk has room for {room}")))
        }
        _ => Ok(have),
    }
}

/// Sends the pieces from `have` on. The next one is read while one is written.
async fn send(way: &Way<'_>, content: &dyn Pieces, have: u64, cx: &Write<'_>) -> Result<(), ActionError> {
    let size = way.seen.size;
    let tell = |done: u64| {
        cx.around().progress(Progress::Amount { unit: cx.env().unit.clone(), done, of: Some(size) });
    };
    let read = |at: u64| async move {
        let length = PIECE.min(size - at);
        let piece = if length == 0 { Vec::new() } else { content.piece(at, length).await? };
        if piece.len() as u64 == length {
            return Ok(piece);
        }
        Err(ActionError::failed(format!("what is copied to {} became shorter meanwhile", way.seen.path)))
    };
    let mut at = have;
    tell(at);
    let mut piece = read(at).await?;
    while at < size {
        let next = at + piece.len() as u64;
        let (following, ()) = tokio::try_join!(read(next), write(way, at, &piece, cx))?;
        tell(next);
        (at, piece) = (next, following);
    }
    Ok(())
}

/// Writes a piece. Where the connection breaks it is sent again: twice written is once written.
async fn write(way: &Way<'_>, at: u64, piece: &[u8], cx: &Write<'_>) -> Result<(), ActionError> {
    let mut tries = 1;
    loop {
        let command = way.command(PIECE_AT).env("AT", at.to_string()).stdin(piece);
        match cx.change(command).await {
            Err(ActionError::Transport(TransportError::Lost { .. })) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(said) if said.success() => return Ok(()),
            Ok(said) => {
                let why = format!("writing {}: {}", way.seen.path, said.error_text().trim());
                return Err(super::failing::failed(&said, &why, cx.around().masker()));
            }
        }
    }
}
