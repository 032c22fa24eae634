//! What a sync is about: what is named where, and what keeps it from being done.

use serde::{Deserialize, Serialize};

use crate::actions::passage::Choice;

use super::action::Sync;
use super::decode::is_within;
use super::end::{End, Kind, Rsync};
use super::item::Tally;
use super::options::literal;

/// What was seen of both ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What would change.
    pub(super) tally: Tally,
    /// The folder of the destination that rsync's names are relative to.
    pub(super) base: String,
    /// What may change in it: `.` or `./name`.
    pub(super) entry: String,
    /// The destination as its rsync is told it.
    pub(super) dest: String,
    /// Whether the folder is made first.
    pub(super) fresh: bool,
    /// The folder of the source that the same names are relative to, with a slash.
    pub(super) listed_in: String,
    /// Where what undo needs is kept on the destination.
    pub(super) kept: String,
    /// Where what is replaced or deleted goes: on the same file system.
    pub(super) backup: String,
    /// What of runbook's own lies in the trees: patterns of rsync's.
    pub(super) own: Vec<String>,
    /// The same at the destination, as find(1) names it; empty where there is nothing.
    pub(super) prune: String,
    pub(super) acls: bool,
    pub(super) xattrs: bool,
    /// What exists and gets another ACL or other attributes in place, and folders that go: as rsync names them.
    pub(super) attributes: Vec<String>,
    /// What a person should know beforehand.
    pub(super) notes: Vec<String>,
    /// Which way the bytes go, where it is not by `staging`.
    pub(super) choice: Choice,
    /// The files that are sent, where they are sent by lists.
    pub(super) files: Vec<Listed>,
    /// Where lists are kept on the source.
    pub(super) lists: String,
    /// Where files are on their way, on the operator's machine, where they go through a folder there.
    pub(super) staging: Option<String>,
}

/// A file that is sent by a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Its name, as rsync escapes it.
    pub(super) name: String,
    pub(super) bytes: u64,
    /// The name that it is another name of.
    pub(super) linked: Option<String>,
}

impl Seen {
    /// What is to be done, or why it cannot be.
    pub(super) fn of(sync: &Sync, from: &End, to: &End) -> Result<Self, String> {
        if let Some(why) = from.lacks().or_else(|| to.lacks()) {
            return Err(why);
        }
        readable(from)?;
        let is_folder = from.kind == Kind::Directory && (from.slash() || !from.linked);
        let content = is_folder && from.slash();
        let to_path = to.path.trim_end_matches('/');
        if to.kind == Kind::Other {
            return Err(format!("{to_path} is neither a folder nor a file on {}", to.role));
        }
        if to.kind == Kind::Absent && to.parent.is_empty() {
            return Err(format!("the folder of {to_path} does not exist on {}{}", to.role, to.or_closed()));
        }
        let into = is_folder || to.slash() || to.kind == Kind::Directory;
        if into && to.kind == Kind::File {
            return Err(format!("{to_path} is a file on {}, and a folder is to be there", to.role));
        }
        if !to.writable {
            return Err(format!("{} cannot be written by {} on {}", to.real, to.user, to.role));
        }
        let within = |folder: &str, name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
        let fresh = into && to.kind == Kind::Absent;
        let base = match (into, fresh) {
            (true, true) => within(&to.parent, to.name()),
            (true, false) => to.real.clone(),
            (false, _) => to.parent.clone(),
        };
        let (entry, dest) = match (content, into) {
            (true, _) => (".".to_owned(), within(&base, "")),
            (false, true) => (format!("./{}", from.name()), within(&base, "")),
            (false, false) => (format!("./{}", to.name()), within(&base, to.name())),
        };
        let listed_in = if content { from.path.clone() } else { within(from.folder(), "") };
        let kept_at: Vec<&str> = to.kept.rsplitn(4, '/').collect();
        let dot_name = match kept_at.as_slice() {
            [unit, _, run, ..] => format!(".runbook-{run}-{unit}"),
            _ => ".runbook-backup".to_owned(),
        };
        let backup = if to.kept_device == to.device {
            within(&to.kept, "backup")
        } else if fresh {
            within(&to.parent, &dot_name)
        } else if to.parent_device == to.device && to.parent_writable && base != "/" {
            within(base.rsplit_once('/').map_or("/", |(folder, _)| folder), &dot_name)
        } else {
            within(&base, &dot_name)
        };
        let mut seen = Self {
            base,
            entry,
            dest,
            fresh,
            listed_in,
            backup,
            kept: to.kept.clone(),
            lists: format!("{}/lists", from.kept),
            ..Self::default()
        };
        seen.own(content, from, to);
        seen.abilities(sync, from, to);
        Ok(seen)
    }

    /// Notes what of runbook's own lies in the trees.
    fn own(&mut self, content: bool, from: &End, to: &End) {
        let relative = |path: &str, folder: &str| {
            is_within(path, folder).then(|| path[folder.trim_end_matches('/').len()..].to_owned())
        };
        let whole = format!("{}/{}", self.base.trim_end_matches('/'), self.entry.trim_start_matches(['.', '/']));
        if let Some(path) = relative(to.home(), &self.base).filter(|_| is_within(to.home(), &whole)) {
            self.prune = format!(".{}", literal(&path));
            self.own.push(literal(&path));
        }
        if from.kind == Kind::Directory
            && let Some(path) = relative(from.home(), &from.real)
        {
            let pattern = if content { literal(&path) } else { literal(&format!("/{}{path}", from.name())) };
            if !self.own.contains(&pattern) {
                self.own.push(pattern);
            }
        }
    }

    /// What both ends can.
    fn abilities(&mut self, sync: &Sync, from: &End, to: &End) {
        let both = |can: fn(&Rsync) -> bool| {
            let lacking = [from, to].into_iter().find(|end| end.is_plain() || !end.rsync.as_ref().is_some_and(can));
            lacking.map(|end| {
                let which = if end.is_plain() { "the file system" } else { "rsync" };
                format!("{which} on {} knows none", end.role)
            })
        };
        let (acls, xattrs) = (both(|rsync| rsync.acls), both(|rsync| rsync.xattrs));
        (self.acls, self.xattrs) = (acls.is_none(), xattrs.is_none());
        self.notes.extend(acls.map(|why| format!("ACLs are not kept: {why}")));
        self.notes.extend(xattrs.map(|why| format!("extended attributes are not kept: {why}")));
        if to.uid != 0 {
            let (user, role) = (&to.user, &to.role);
            self.notes
                .push(format!("owners are not kept: rsync is {user} on {role}, and only root can give files away"));
        }
        if sync.live {
            self.notes.push("what changes on the source meanwhile is left for the next sync (`live`)".to_owned());
        }
    }
}

fn readable(from: &End) -> Result<(), String> {
    let (path, role) = (from.path.trim_end_matches('/'), &from.role);
    match from.kind {
        Kind::Absent => Err(format!("there is no {path} on {role}{}", from.or_closed())),
        Kind::File | Kind::Other if from.slash() => Err(format!("{path} is no folder on {role}")),
        _ if !from.readable && !from.linked => Err(format!("{path} cannot be read by {} on {role}", from.user)),
        _ => Ok(()),
    }
}
