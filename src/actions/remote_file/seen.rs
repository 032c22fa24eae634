//! What a check of a file's content found, and whether it can be brought about.

use serde::{Deserialize, Serialize};

use crate::actions::contract::{Check, Verdict};
use crate::base::{Masker, Role};
use crate::display::bytes;
use crate::events::Preview;

use super::detail::{Changes, Content, Text};
use super::look::{Access, Kind, Look, Print, There};
use super::metadata::mode_after;
use super::placement::Placement;

/// A content that is to stand on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New<'a> {
    /// Its size in bytes.
    pub size: u64,
    /// Its hash.
    pub sha256: String,
    /// The mode of a new file, where none is asked for.
    pub mode: u32,
    /// What may be shown of it.
    pub text: Text<'a>,
    /// Whether a secret is in it.
    pub secret: bool,
}

/// A file that is not as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The path as asked.
    pub path: String,
    /// The path of the file itself.
    pub real: String,
    /// What stands there.
    pub before: Option<Print>,
    /// What will.
    pub after: Print,
    /// Its size in bytes.
    pub size: u64,
    /// Whether everybody will be able to read it.
    pub everybody: bool,
    /// Whether a secret is in it: then not even its hash may be kept by the journal.
    pub secret: bool,
    /// Whether what stands there is so long that it is kept by another name, and not copied.
    #[serde(default)]
    pub aside: bool,
    /// The name of its owner.
    #[serde(default)]
    pub owner: String,
    /// The name of its group.
    #[serde(default)]
    pub group: String,
    summary: String,
    detail: String,
}

/// What is longer is kept by another name.
const LONG: u64 = 64 << 20;

impl Seen {
    /// Whether a file that was looked at is as asked, and if not, whether it can be.
    #[must_use]
    pub fn judge(placement: &Placement, look: &Look, new: &New<'_>, role: &Role, masker: &Masker) -> Check<Self> {
        match Self::plan(placement, look, new, role, masker) {
            Err(why) => Check::Blocked(why),
            Ok(seen) if seen.before.as_ref() == Some(&seen.after) => Check::Satisfied,
            Ok(seen) => Check::Differs(seen),
        }
    }

    fn plan(placement: &Placement, look: &Look, new: &New<'_>, role: &Role, masker: &Masker) -> Result<Self, String> {
        let there = file_there(look, role)?;
        let replaced = there.is_none_or(|there| there.print.sha256 != new.sha256);
        let (uid, gid) = placement.owned.numbers(look, replaced, role)?;
        let moved = there.is_some_and(|there| (there.print.uid, there.print.gid) != (uid, gid));
        let mode = mode_after(there, placement.mode.as_ref(), new.mode, false, replaced || moved);
        if replaced {
            replaceable(look, there, role)?;
            has_room(look, new.size, role)?;
        } else if there
            .is_some_and(|there| look.me.uid != 0 && there.print.uid != look.me.uid && there.print.mode != mode)
        {
            return Err(format!("{}: only its owner or root can change its mode (`become: root`)", look.path));
        }
        let after = Print { kind: Kind::File, sha256: new.sha256.clone(), uid, gid, mode };
        let everybody = look.folder.everybody && mode & 0o004 != 0;
        let (owner, group) = placement.owned.whose(look);
        let dress = format!("{owner}:{group}, {mode:04o}");
        let path = &look.path;
        let summary = if replaced && new.text == Text::Unknown {
            format!("write {path} ({dress})")
        } else if replaced {
            format!("write {path} ({}, {dress})", bytes(new.size))
        } else {
            format!("set {path} to {dress}")
        };
        let mut changes = Changes::default();
        if look.linked {
            changes.note(format!("{path} is a link: {} is written, the link stays", look.real));
        }
        if let Some(there) = there {
            changes.turn("owner", &there.owner, &owner);
            changes.turn("group", &there.group, &group);
            changes.mode(there.print.mode, mode);
            if replaced && there.names > 1 {
                let others = there.names - 1;
                changes.note(format!("it has {others} more hard links: they keep the content that it has now"));
            }
        }
        if replaced {
            let text = if everybody || new.text == Text::Unknown { new.text } else { Text::Private };
            let content = Content { size: new.size, sha256: &new.sha256, text };
            let old = there.map(|there| Content::of(look, there));
            changes.content(&format!("{role}:{}", look.real), old, content, masker);
        }
        Ok(Self {
            path: path.clone(),
            real: look.real.clone(),
            before: there.map(|there| there.print.clone()),
            after,
            size: new.size,
            everybody,
            secret: new.secret,
            // What has more names can be changed by another of them.
            aside: replaced && there.is_some_and(|there| there.size > LONG && there.names == 1),
            owner,
            group,
            summary: masker.mask(&summary),
            detail: changes.text(),
        })
    }

    /// A thing without a content that is not as asked.
    #[must_use]
    pub fn plain(look: &Look, before: Option<Print>, after: Print, summary: String, detail: &Changes) -> Self {
        let everybody = look.folder.everybody && after.mode & 0o004 != 0;
        Self {
            path: look.path.clone(),
            real: look.real.clone(),
            before,
            after,
            size: 0,
            everybody,
            secret: false,
            aside: false,
            owner: look.there.as_ref().map(|there| there.owner.clone()).unwrap_or_default(),
            group: look.there.as_ref().map(|there| there.group.clone()).unwrap_or_default(),
            summary,
            detail: detail.text(),
        }
    }

    /// The same with the names of its owner and group.
    #[must_use]
    pub fn owned_by(self, (owner, group): (String, String)) -> Self {
        Self { owner, group, ..self }
    }

    /// Whether its content changes, or it is not there at all.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.sha256 != self.after.sha256)
    }

    /// What would be done.
    #[must_use]
    pub fn preview(&self) -> Preview {
        let undo = match &self.before {
            None => "it is removed again",
            Some(_) if self.writes() => "the content of before is put back, with its owner, mode and times",
            Some(_) => "owner, group and mode of before are put back",
        };
        Preview { summary: self.summary.clone(), detail: self.detail.clone(), undo: undo.to_owned() }
    }
}

/// What a check that is made afterwards says.
#[must_use]
pub fn holds(check: &Check<Seen>) -> Verdict {
    match check {
        Check::Satisfied => Verdict::Holds,
        Check::Differs(seen) if seen.before.is_none() => Verdict::Fails(format!("there is no {}", seen.path)),
        Check::Differs(seen) if seen.writes() => Verdict::Fails(format!("{} has another content", seen.path)),
        Check::Differs(seen) => Verdict::Fails(format!("{} has another owner, group or mode", seen.path)),
        Check::Blocked(why) | Check::Unknowable(why) => Verdict::Fails(why.clone()),
    }
}

/// The file that stands at a path, if one does.
///
/// # Errors
/// Where something else does, or it cannot be read. In a sentence.
pub fn file_there<'a>(look: &'a Look, role: &Role) -> Result<Option<&'a There>, String> {
    let path = &look.path;
    if look.real.is_empty() {
        return Err(format!("{path} is a symbolic link on {role} that leads nowhere: it goes round in circles"));
    }
    let Some(there) = &look.there else { return Ok(None) };
    match there.print.kind {
        Kind::File if there.print.sha256.is_empty() => {
            Err(format!("{path} on {role} cannot be read, so it could not be put back: `become` who may read it"))
        }
        Kind::File => Ok(Some(there)),
        Kind::Directory => Err(format!("{path} is a folder on {role}: give the whole path of the file")),
        other => Err(format!("{path} is {} on {role}", other.in_words())),
    }
}

/// Whether another file can take its place.
///
/// # Errors
/// Where it cannot. In a sentence.
pub fn replaceable(look: &Look, there: Option<&There>, role: &Role) -> Result<(), String> {
    let path = &look.path;
    writable(look, role)?;
    let Some(there) = there else { return Ok(()) };
    if there.mounted {
        return Err(format!("{path} is a mount point on {role}: it cannot be replaced"));
    }
    if there.loses_acl {
        return Err(format!("{path} has an ACL, which is lost unless {role} has getfacl and setfacl (package `acl`)"));
    }
    Ok(())
}

/// Whether the folder of a path is there and can be entered.
fn reachable(look: &Look, role: &Role) -> Result<(), String> {
    let folder = &look.folder;
    let due = super::look::folder_of(&look.real);
    match folder.access {
        Access::Blocked => Err(format!("{} is no folder on {role}", folder.path)),
        Access::Closed => Err(format!("{} cannot be entered on {role}: `become` who may", folder.path)),
        Access::Open | Access::ReadOnly if !look.folder_is_there() => {
            Err(format!("there is no folder {due} on {role}: a `file` step with `state: directory` makes it"))
        }
        Access::Open | Access::ReadOnly => Ok(()),
    }
}

/// Whether names can be made and taken away in the folder of a path.
///
/// # Errors
/// Where they cannot, in a sentence.
pub fn writable(look: &Look, role: &Role) -> Result<(), String> {
    reachable(look, role)?;
    if look.folder.access == Access::ReadOnly {
        return Err(format!("{} cannot be written on {role}, so nothing changes at {}", look.folder.path, look.path));
    }
    Ok(())
}

fn has_room(look: &Look, size: u64, role: &Role) -> Result<(), String> {
    match look.room.map(|room| room.saturating_mul(1024)) {
        Some(room) if room < size => {
            let (due, left) = (bytes(size), bytes(room));
            Err(format!("{} needs {due}, and the disk has room for {left} on {role}", look.path))
        }
        _ => Ok(()),
    }
}
