//! What undo will need of a file whose content or metadata is about to change.

use crate::actions::context::Stash;
use crate::actions::contract::{ActionError, Reversible};

use super::back::Undo;
use super::keep::{Kept, keep};
use super::look::Print;
use super::seen::Seen;

/// Keeps a file as it is, on its host.
///
/// # Errors
/// Where it is no longer as it was seen, or the host cannot keep it.
pub async fn capture(seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
    let kept = match &seen.before {
        // What is long gets another name as it is replaced, and not before.
        Some(before) if seen.writes() && !seen.aside => keep(&seen.real, before, cx).await?,
        _ => Kept::of(cx).await?,
    };
    // The hash of a secret may give it away to whoever reads the journal and has a list of words: it stays on the host.
    let hashless = |print: &Print| Print { sha256: String::new(), ..print.clone() };
    let (before, after) = match (seen.secret, seen.writes()) {
        (false, _) => (seen.before.clone(), Some(seen.after.clone())),
        (true, true) => (seen.before.clone(), None),
        (true, false) => (seen.before.as_ref().map(hashless), Some(hashless(&seen.after))),
    };
    let undo = Undo::new(&seen.real, before, after, kept.folder, cx);
    Ok(Reversible::By(if seen.aside { undo.kept_aside(cx) } else { undo }))
}
