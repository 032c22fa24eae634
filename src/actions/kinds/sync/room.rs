//! Whether there is room for what comes.

use crate::actions::contract::ActionError;
use crate::display::bytes;
use crate::transport::Command;

use super::end::End;

/// Says that the destination's disk has not room for so much; what is replaced stays beside it until the run is cleaned up.
pub(super) async fn lacking(needed: u64, from: &End, to: &End) -> Result<Option<String>, ActionError> {
    let Some(room) = to.room.filter(|room| *room < needed) else { return Ok(None) };
    // A file may be mostly holes.
    let script = "du -sk -- \"$P\" 2>/dev/null | { read -r x rest && echo \"$x\"; } || :";
    let said = from.host.read(Command::read(script).env("P", from.path.clone())).await?.text();
    let whole = said.trim().parse::<u64>().map_or(u64::MAX, |kib| kib.saturating_mul(1024));
    let needed = needed.min(whole);
    Ok((room < needed).then(|| {
        format!("{} has {} left on {}, and up to {} are to come", to.real, bytes(room), to.role, bytes(needed))
    }))
}
