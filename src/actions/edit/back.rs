//! What has to be done to take an edit out, going by what stands there now.

use std::collections::BTreeMap;

use crate::actions::contract::ActionError;
use crate::actions::remote_file::{Changes, Kind, Left, Look};
use crate::base::Masker;

use super::merge::{Taken, take_out};
use super::place::difference;
use super::text::Lines;
use super::undo::Undo;

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// Nothing, for this reason.
    Nothing(&'static str),
    /// The copy of that name takes its place.
    Copy(String),
    /// This becomes its content.
    Write(Vec<u8>),
}

impl Back {
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::Nothing(why) => why,
            Self::Copy(_) => "the edit is taken out: the file is what it was before",
            Self::Write(_) => "the edit is taken out; what others have changed since stays",
        }
    }
}

/// The file's content, and what was kept of it, by name.
#[derive(Debug, Default)]
pub(super) struct Copies {
    now: Option<Vec<u8>>,
    writable: bool,
    kept: BTreeMap<String, Vec<u8>>,
}

impl Copies {
    /// Reads what the host said.
    pub(super) fn of(answer: &[u8]) -> Option<Self> {
        let (writable, mut rest) = field(answer)?;
        let mut copies = Self { writable: writable == b"1", ..Self::default() };
        while !rest.is_empty() {
            let (name, after) = field(rest)?;
            let (size, after) = field(after)?;
            let size: usize = std::str::from_utf8(size).ok()?.parse().ok()?;
            let (content, after) = after.split_at_checked(size)?;
            if name == b"now" {
                copies.now = Some(content.to_vec());
            } else {
                copies.kept.insert(String::from_utf8(name.to_vec()).ok()?, content.to_vec());
            }
            rest = after;
        }
        Some(copies)
    }

    /// What stood there before a try, by the name of the copy.
    fn was(&self, left: &Left) -> Option<(String, &[u8])> {
        [format!("was.{}", left.sha256), "copy".to_owned()]
            .into_iter()
            .find_map(|name| self.kept.get(&name).map(|content| (name, content.as_slice())))
    }

    fn left(&self, left: &Left) -> Option<&[u8]> {
        self.kept.get(&format!("left.{}", left.sha256)).map(Vec::as_slice)
    }
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// See [`super::Edit::untangle`].
pub(super) type Untangle = fn(&Lines, &Lines, &Lines) -> Option<Lines>;

/// What has to be done.
///
/// # Errors
/// Where somebody else has changed what the edit made, or what was kept is gone.
pub(super) fn judge(
    undo: &Undo,
    look: &Look,
    copies: &Copies,
    untangle: Untangle,
    masker: &Masker,
) -> Result<Back, ActionError> {
    let nothing = |why| Ok(Back::Nothing(why));
    let others = |difference: String| ActionError::Changed { what: undo.path.clone(), difference };
    let Some(last) = look.left.last() else {
        let now = look.there.as_ref().map(|there| there.print.sha256.as_str());
        if now == Some(&undo.after.sha256) {
            let why = format!("what was kept in {} to take the edit out of {} again is gone", undo.kept, undo.path);
            return Err(ActionError::failed_with_hint(why, "take it out by hand, then settle the step with `done`"));
        }
        return nothing("was already as before");
    };
    let gone = || ActionError::failed(format!("what was kept in {} is not whole", undo.kept));
    let (name, was) = copies.was(last).ok_or_else(gone)?;
    let left = copies.left(last).ok_or_else(gone)?;
    let (was_lines, left_lines) = (Lines::of(was), Lines::of(left));
    let Some(there) = &look.there else {
        return match take_out(&was_lines, &left_lines, &Lines::default()) {
            Taken::Already => nothing("the file is gone, and the edit with it"),
            Taken::Out(_) | Taken::Changed => Err(others("it is gone".to_owned())),
        };
    };
    if there.print.kind != Kind::File {
        return Err(others(format!("{} stands there now", there.print.kind.in_words())));
    }
    let Some(now) = &copies.now else {
        return Err(ActionError::failed(format!("{} cannot be read any more, or has become too long", undo.path)));
    };
    if now == was {
        return nothing("was already as before");
    }
    if there.mounted && !copies.writable {
        return Err(ActionError::failed(format!("{} cannot be written where it is", undo.path)));
    }
    // A write in place was broken off: of the edit, or of its undo.
    if let Some(due) = copies.kept.get("place").filter(|due| due.len() > now.len() && due.starts_with(now)) {
        return Ok(if due == left || due == was { Back::Copy(name) } else { Back::Write(due.clone()) });
    }
    if now == left {
        let same = (last.uid, last.gid, last.mode) == (there.print.uid, there.print.gid, there.print.mode);
        return Ok(if same { Back::Copy(name) } else { Back::Write(was.to_vec()) });
    }
    let now_lines = Lines::of(now);
    let taken = match take_out(&was_lines, &left_lines, &now_lines) {
        Taken::Changed => match untangle(&was_lines, &left_lines, &now_lines) {
            Some(lines) if lines == now_lines => Taken::Already,
            Some(lines) => Taken::Out(lines),
            None => Taken::Changed,
        },
        taken => taken,
    };
    match taken {
        Taken::Already => nothing("somebody has taken it out already"),
        Taken::Out(lines) => Ok(Back::Write(lines.content())),
        Taken::Changed => {
            let mut changes = Changes::default();
            difference(&undo.path, look, there, left, now, &mut changes, masker);
            Err(others(format!("the very lines of the edit are others now:\n{}", changes.text())))
        }
    }
}
