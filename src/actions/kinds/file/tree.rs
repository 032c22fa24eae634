//! Owner, group and mode of everything in a folder.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Stash, Write};
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{Found, Look, Seen as Thing, change_fed, verdict};
use crate::base::Mode;
use crate::events::record::Outputs;
use crate::transport::Command;

use super::judge::Seen;

/// Says how many entries there are of each kind, mode, owner and group.
pub(super) const LOOK: &str = include_str!("count.sh");
const KEEP: &str =
    concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"), include_str!("keep.sh"));
const DRESS: &str =
    concat!(include_str!("../../remote_file/common.sh"), include_str!("list.sh"), include_str!("dress.sh"));
const UNDRESS: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("undress.sh"));

/// Mode, owner and group.
pub(super) type Dress = (u32, u32, u32);

/// Entries that are alike, and what they become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    /// What they are, as find(1) says it: `f`, `d`, `l`.
    pub(super) kind: char,
    pub(super) before: Dress,
    pub(super) after: Dress,
    pub(super) count: u64,
}

impl Group {
    /// As in '12 files: mode 0664 -> 0644, owner 1000 -> 33'.
    pub(super) fn in_words(&self) -> String {
        let what = match (self.kind, self.count) {
            ('f', 1) => "file",
            ('f', _) => "files",
            ('d', 1) => "folder",
            ('d', _) => "folders",
            ('l', 1) => "link",
            ('l', _) => "links",
            _ => "others",
        };
        let mut turns = Vec::new();
        if self.before.0 != self.after.0 {
            turns.push(format!("mode {:04o} -> {:04o}", self.before.0, self.after.0));
        }
        for (what, before, after) in [("owner", self.before.1, self.after.1), ("group", self.before.2, self.after.2)] {
            if before != after {
                turns.push(format!("{what} {before} -> {after}"));
            }
        }
        format!("{} {what}: {}", self.count, turns.join(", "))
    }
}

/// All entries of a folder, and itself, by what is alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree(Vec<(u64, char, Dress)>);

impl Tree {
    /// Reads what the script said; in a sentence what it could not look at.
    pub(super) fn read(said: &[u8]) -> Result<Self, String> {
        let read = |line: &str| {
            let mut words = line.split_whitespace();
            let (count, kind) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            let mode = u32::from_str_radix(words.next()?, 8).ok()?;
            Some((count, kind, (mode, words.next()?.parse().ok()?, words.next()?.parse().ok()?)))
        };
        // Behind the count comes an error message.
        let why = |line: &str| line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim().to_owned();
        let text = String::from_utf8_lossy(said);
        let kinds: Result<Vec<_>, String> = text.lines().map(|line| read(line).ok_or_else(|| why(line))).collect();
        kinds.map(Self)
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(count, ..)| count).sum()
    }

    /// Those that change.
    pub(super) fn changed(&self, look: &Look, mode: Option<&Mode>) -> Vec<Group> {
        let number = |found: Found, now: u32| if let Found::Number(number) = found { number } else { now };
        let group = |&(count, kind, before): &(u64, char, Dress)| {
            let (now, uid, gid) = before;
            let (uid, gid) = (number(look.owner, uid), number(look.group, gid));
            let moved = (uid, gid) != (before.1, before.2);
            // A new owner does not get set-id bits that were the old one's: the system takes them away too.
            let kept = if moved && kind == 'f' { now & !0o6000 } else { now };
            let mode = match mode {
                Some(mode) if kind != 'l' => mode.applied_to(kept, kind == 'd'),
                _ => kept,
            };
            Group { kind, before, after: (mode, uid, gid), count }
        };
        self.0.iter().map(group).filter(|group| group.before != group.after).collect()
    }
}

/// The groups as the scripts read them: a number, what they are, what they have and what they get.
fn manifest(groups: &[Group]) -> String {
    let line = |(at, group): (usize, &Group)| {
        let Group { kind, before, after, .. } = group;
        format!("{at} {kind} {:o} {} {} {:05o} {} {}\n", before.0, before.1, before.2, after.0, after.1, after.2)
    };
    groups.iter().enumerate().map(line).collect()
}

/// Lists on the host everything that changes, with what it has now. Gives the list's hash.
pub(super) async fn keep(thing: &Thing, groups: &[Group], kept: &str, cx: &Stash<'_>) -> Result<String, ActionError> {
    let command = Command::read(KEEP)
        .env("R", thing.real.clone())
        .env("K", kept)
        .env("N", "")
        .stdin(manifest(groups).into_bytes());
    let what = format!("keeping owners and modes in {} for undo", thing.path);
    let mut words = verdict(&cx.keep(command).await?, &what, cx.around().masker())?;
    words.pop().ok_or_else(|| ActionError::failed(format!("{what}: the host says nothing")))
}

/// Gives what was listed its owner, group and mode; lists it first where a later try finds something else to do.
pub(super) async fn dress(seen: &Seen, groups: &[Group], cx: &Write<'_>) -> Result<Outputs, ActionError> {
    let attempt = cx.env().attempt.to_string();
    change_fed(&seen.thing, DRESS, &[("X", &attempt)], manifest(groups).into_bytes(), cx).await
}

/// What gives everything in a folder its owner, group and mode back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undress {
    pub(super) path: String,
    /// The hash of the list.
    pub(super) sha256: String,
    pub(super) kept: String,
    pub(super) unit: String,
}

impl Undress {
    /// Gives it back, unless somebody else has changed some of it since.
    pub(super) async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        let path = &self.path;
        let last = cx.env().unit.to_string() == self.unit;
        let command = Command::change(UNDRESS)
            .env("R", path.clone())
            .env("K", self.kept.clone())
            .env("N", "")
            .env("H", self.sha256.clone())
            .env("L", if last { "1" } else { "0" });
        let what = format!("putting owners and modes in {path} back");
        let words = verdict(&cx.change(command).await?, &what, cx.around().masker())?;
        let changed = |difference: String| Err(ActionError::Changed { what: path.clone(), difference });
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["done", "0"] => Ok("owners and modes are as before".to_owned()),
            ["done", gone] => Ok(format!("owners and modes are as before; {gone} of them are gone meanwhile")),
            ["already"] => Ok("was already as before".to_owned()),
            ["gone"] => changed("it is gone".to_owned()),
            ["changed", odd @ ..] => {
                let more = if odd.len() > 10 { "\n…" } else { "" };
                changed(format!("mode, owner and group are\n{}{more}", odd[..odd.len().min(10)].join("\n")))
            }
            other => Err(ActionError::failed(format!("{what}: the host says {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_counts_is_read() {
        let tree = Tree::read(b"     12 f 664 1000 33\n      1 d 2775 0 0\n").unwrap();
        assert_eq!(tree, Tree(vec![(12, 'f', (0o664, 1000, 33)), (1, 'd', (0o2775, 0, 0))]));
        assert_eq!(tree.count(), 13);
        let said = b"  1 d 755 0 0\n  1 find: x: Permission denied\n";
        assert_eq!(Tree::read(said).unwrap_err(), "find: x: Permission denied");
    }

    #[test]
    fn a_group_says_what_changes() {
        let group = Group { kind: 'f', before: (0o664, 1000, 33), after: (0o644, 0, 33), count: 12 };
        assert_eq!(group.in_words(), "12 files: mode 0664 -> 0644, owner 1000 -> 0");
        assert_eq!(manifest(&[group]), "0 f 664 1000 33 00644 0 33\n");
    }
}
