//! Whether an edit can be made in a file as it stands there.

use crate::actions::remote_file::{
    Changes, Content, Look, Owned, Print, Seen as File, Text, There, file_there, mode_after, replaceable, sha256,
};
use crate::base::{Masker, Role};

use super::host::{Found, Manner, Seen};
use super::text::Lines;

/// What an edit would do with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: it is as asked.
    AsAsked,
    /// It cannot be done, for this reason.
    Blocked(String),
    /// This.
    Edit {
        /// In a few words: 'replace line 3'.
        what: String,
        /// What else there is to know.
        notes: Vec<String>,
        /// The file afterwards.
        lines: Lines,
    },
}

/// The file that stands there, and its content as lines; none where there is no file.
///
/// # Errors
/// Where it is something else, or cannot be read. In a sentence.
pub(super) fn lines_of<'a>(found: &'a Found, role: &Role) -> Result<Option<(&'a There, &'a [u8])>, String> {
    let path = &found.look.path;
    let Some(there) = file_there(&found.look, role)? else { return Ok(None) };
    match &found.content {
        Some(content) => Ok(Some((there, content))),
        None => Err(format!("{path} is larger than 4 MiB on {role}: not a file to be edited line by line")),
    }
}

/// What would be done with the file; `content` is what it will hold.
///
/// # Errors
/// Where it cannot be. In a sentence.
pub(super) fn seen(
    found: &Found,
    (there, old): (&There, &[u8]),
    content: &[u8],
    (what, notes): (&str, Vec<String>),
    (role, masker): (&Role, &Masker),
) -> Result<Seen, String> {
    let look = &found.look;
    let path = &look.path;
    let (manner, mode) = if there.mounted {
        if !found.writable {
            return Err(format!("{path} is a mount point on {role}, and cannot be written where it is"));
        }
        (Manner::InPlace, there.print.mode)
    } else {
        replaceable(look, Some(there), role)?;
        Owned::default().numbers(look, true, role)?;
        (Manner::Renamed, mode_after(Some(there), None, 0o644, false, true))
    };
    let manner = if found.unfinished.is_some() { Manner::Finish } else { manner };
    let mut changes = Changes::default();
    if look.linked {
        changes.note(format!("{path} is a link: {} is written, the link stays", look.real));
    }
    if there.mounted {
        changes.note("it is a mount point: written where it is, not replaced");
    } else if there.names > 1 {
        let others = there.names - 1;
        changes.note(format!("it has {others} more hard links: they keep the content that it has now"));
    }
    for note in notes {
        changes.note(note);
    }
    changes.mode(there.print.mode, mode);
    let hash = sha256(content);
    difference(&format!("{role}:{}", look.real), look, there, old, content, &mut changes, masker);
    let after = Print { sha256: hash, mode, ..there.print.clone() };
    let summary = masker.mask(&format!("{path}: {what}"));
    let mut file = File::plain(look, Some(there.print.clone()), after, summary, &changes);
    file.size = content.len() as u64;
    Ok(Seen { file, manner, what: masker.mask(what) })
}

/// How one content differs from another, where everybody may read it.
pub(super) fn difference(
    name: &str,
    look: &Look,
    there: &There,
    old: &[u8],
    new: &[u8],
    changes: &mut Changes,
    masker: &Masker,
) {
    let everybody = look.folder.everybody && there.print.mode & 0o004 != 0;
    // Bytes that are no text stand in lines that nobody edits: they do not keep the others from being shown.
    let (old_shown, new_shown) = (lossy(old), lossy(new));
    let text = |shown| if everybody { Text::Whole(shown) } else { Text::Private };
    let side = |content: &[u8], shown| Content { size: content.len() as u64, sha256: "", text: text(shown) };
    changes.content(name, Some(side(old, &old_shown)), side(new, &new_shown), masker);
}

fn lossy(content: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(content).replace('\0', "\u{fffd}").into_bytes()
}
