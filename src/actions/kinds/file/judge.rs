//! What has to be done at a path, going by what stands there.

use serde::{Deserialize, Serialize};

use crate::actions::expected::{Leaves, Standing, Thing};
use crate::actions::remote_file::{
    Access, Changes, Kind, Look, Print, Seen as Target, There, mode_after, sha256, writable,
};
use crate::base::Role;

use super::action::{File, State};
use super::tree::{Group, Tree};
use super::{aside, folders};

/// A path at which something is not as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub(super) thing: Target,
    pub(super) plan: Plan,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "plan", rename_all = "snake_case")]
pub(super) enum Plan {
    /// An empty file.
    Make,
    /// Owner, group and mode.
    Dress,
    /// A link.
    Link {
        /// Where it leads.
        to: String,
    },
    /// A folder, and those above it that are missing.
    Folders {
        /// All that are missing, the outermost first.
        missing: Vec<String>,
        /// Owner, group and mode of each when it has just been made.
        fresh: (u32, u32, u32),
    },
    /// It goes aside.
    Aside {
        /// Where to.
        aside: String,
    },
    /// Owner, group and mode of what is in a folder, and its own.
    Tree {
        /// The entries that change, by what they are and become.
        groups: Vec<Group>,
    },
}

impl Plan {
    pub(super) fn undo_in_words(&self, was_there: bool) -> &'static str {
        match self {
            Self::Make => "it is removed again, if it is still empty",
            Self::Dress => "owner, group and mode of before are put back",
            Self::Link { .. } if was_there => "it leads again to where it led before",
            Self::Link { .. } => "it is removed again",
            Self::Folders { .. } => "it is removed again, if it is empty",
            Self::Aside { .. } => "it is moved back",
            Self::Tree { .. } => "owner, group and mode of each are put back",
        }
    }

    /// What is still wanting, for a verdict.
    pub(super) fn wanting(&self, path: &str) -> String {
        match self {
            Self::Make => format!("there is no {path}"),
            Self::Folders { .. } => format!("there is no folder {path}"),
            Self::Dress => format!("{path} has another owner, group or mode"),
            Self::Link { to } => format!("{path} does not lead to {to}"),
            Self::Aside { .. } => format!("{path} is still there"),
            Self::Tree { groups } => {
                let count: u64 = groups.iter().map(|group| group.count).sum();
                format!("{count} in {path} have another owner, group or mode")
            }
        }
    }
}

impl Seen {
    /// What will stand at the path, and at those that come into being with it.
    pub(super) fn leaves(&self) -> Vec<Leaves> {
        let at = |path: &str, standing| Leaves::here(Thing::Path(path.to_owned()), standing);
        match &self.plan {
            Plan::Make => vec![self.thing.leaves(Some(Vec::new()))],
            Plan::Link { to } => vec![self.thing.leaves_link(to)],
            Plan::Folders { missing, .. } => {
                // Those above are as it is, but for owner, group and mode of their own.
                let own = self.thing.leaves(None);
                missing.iter().map(|folder| at(folder, own.standing.clone())).collect()
            }
            Plan::Aside { .. } => vec![at(&self.thing.real, Standing::Nothing)],
            // What it holds stays as it is.
            Plan::Dress | Plan::Tree { .. } => Vec::new(),
        }
    }
}

type Judged = Result<Option<Seen>, String>;

impl File {
    /// What has to be done; none: nothing. `more` is what the second script said.
    pub(super) fn judge(&self, look: &Look, more: &[u8], role: &Role) -> Judged {
        if look.real.is_empty() {
            return Err(format!("{} is a symbolic link on {role} that goes round in circles", self.path));
        }
        match (self.state, &look.there) {
            (Some(State::Absent), None) => Ok(None),
            (Some(State::Absent), Some(there)) => aside::plan(self, look, there, more, role).map(Some),
            (Some(State::Link), there) => self.link(look, there.as_ref(), role),
            (Some(State::Directory), None) => self.folders(look, role).map(Some),
            (Some(State::Present), None) => self.make(look, role).map(Some),
            (None, None) => {
                let link = if look.linked {
                    format!(": it is a link to {}, which is missing", look.real)
                } else {
                    String::new()
                };
                Err(format!("there is no {} on {role}{link}", self.path))
            }
            (Some(State::Directory), Some(there)) if there.print.kind != Kind::Directory => {
                Err(format!("{} is {} on {role}, and no folder", self.path, there.print.kind.in_words()))
            }
            (Some(State::Present), Some(there)) if there.print.kind == Kind::Directory => {
                Err(format!("{} is a folder on {role}: `state: directory` if that is meant", self.path))
            }
            (_, Some(there)) if self.recurse => self.tree(look, there, more, role),
            (_, Some(there)) => self.dress(look, there, role),
        }
    }

    fn link(&self, look: &Look, there: Option<&There>, role: &Role) -> Judged {
        let to = self.to.clone().unwrap_or_default();
        if let Some(there) = there.filter(|there| there.print.kind != Kind::Link) {
            let what = there.print.kind.in_words();
            return Err(format!("{} is {what} on {role}, and no link: `move` it first, if that is meant", self.path));
        }
        let (uid, gid) = self.owned.numbers(look, true, role)?;
        let print = Print { kind: Kind::Link, sha256: sha256(to.as_bytes()), uid, gid, mode: 0o777 };
        let leads = |there: &There| there.target == to.as_bytes();
        if there.is_some_and(|there| leads(there) && (there.print.uid, there.print.gid) == (uid, gid)) {
            return Ok(None);
        }
        writable(look, role)?;
        let mut changes = Changes::default();
        if let Some(there) = there {
            changes.turn("leads to", &String::from_utf8_lossy(&there.target), &to);
            self.owners(there, look, &mut changes);
        }
        if !look.leads {
            changes.note(format!("there is no {to} yet"));
        }
        let before = there.map(|there| there.print.clone());
        let summary = format!("link {} to {to}", self.path);
        let thing = Target::plain(look, before, print, summary, &changes).owned_by(self.owned.whose(look));
        Ok(Some(Seen { thing, plan: Plan::Link { to } }))
    }

    fn make(&self, look: &Look, role: &Role) -> Result<Seen, String> {
        writable(look, role)?;
        let after = self.fresh(look, Kind::File, 0o644, role)?;
        let summary = format!("make {}, an empty file ({})", self.path, self.dress_in_words(look, after.mode));
        let after = Print { sha256: sha256(b""), ..after };
        let thing = Target::plain(look, None, after, summary, &Changes::default()).owned_by(self.owned.whose(look));
        Ok(Seen { thing, plan: Plan::Make })
    }

    fn folders(&self, look: &Look, role: &Role) -> Result<Seen, String> {
        let folder = &look.folder;
        match folder.access {
            Access::Open => {}
            Access::Blocked => return Err(format!("{} is no folder on {role}", folder.path)),
            Access::ReadOnly | Access::Closed => {
                return Err(format!("nothing can be made in {} on {role}: `become` who may", folder.path));
            }
        }
        let default = if folder.set_gid { 0o2755 } else { 0o755 };
        let after = self.fresh(look, Kind::Directory, default, role)?;
        let missing = folders::missing(&look.real, &folder.path);
        let mut changes = Changes::default();
        if let [above @ .., _] = missing.as_slice()
            && !above.is_empty()
        {
            changes.note(format!("and above it {}", above.join(", ")));
        }
        let summary = format!("make the folder {} ({})", self.path, self.dress_in_words(look, after.mode));
        let fresh = (look.me.uid, look.me.gid, default);
        let thing = Target::plain(look, None, after, summary, &changes).owned_by(self.owned.whose(look));
        Ok(Seen { thing, plan: Plan::Folders { missing, fresh } })
    }

    fn dress(&self, look: &Look, there: &There, role: &Role) -> Judged {
        let before = Print { sha256: String::new(), ..there.print.clone() };
        let (uid, gid) = self.owned.numbers(look, false, role)?;
        let moved = (uid, gid) != (before.uid, before.gid);
        let mode = mode_after(Some(there), self.mode.as_ref(), 0, before.kind == Kind::Directory, moved);
        let after = Print { uid, gid, mode, ..before.clone() };
        if after == before {
            return Ok(None);
        }
        if look.me.uid != 0 && look.me.uid != before.uid {
            return Err(format!("{}: only its owner or root can change it on {role} (`become: root`)", self.path));
        }
        let mut changes = Changes::default();
        if look.linked {
            changes.note(format!("{} is a link: {} is changed, the link stays", self.path, look.real));
        }
        self.owners(there, look, &mut changes);
        changes.mode(before.mode, mode);
        let summary = format!("set {} to {}", self.path, self.dress_in_words(look, mode));
        let thing = Target::plain(look, Some(before), after, summary, &changes);
        Ok(Some(Seen { thing, plan: Plan::Dress }))
    }

    fn tree(&self, look: &Look, there: &There, more: &[u8], role: &Role) -> Judged {
        if there.print.kind != Kind::Directory {
            return Err(format!("{} is {} on {role}, and has nothing in it", self.path, there.print.kind.in_words()));
        }
        // An unknown name blocks, and so does one that may not be given; whether entries may be changed is for each of them.
        self.owned.numbers(look, false, role)?;
        let tree = Tree::read(more).map_err(|why| format!("cannot look at all of {} on {role}: {why}", self.path))?;
        let groups = tree.changed(look, self.mode.as_ref());
        if groups.is_empty() {
            return Ok(None);
        }
        if let Some(group) = groups.iter().find(|group| look.me.uid != 0 && look.me.uid != group.before.1) {
            let count = group.count;
            return Err(format!(
                "{count} in {} belong to others: only root can change them (`become: root`)",
                self.path
            ));
        }
        let mut changes = Changes::default();
        for group in &groups {
            changes.note(group.in_words());
        }
        let count: u64 = groups.iter().map(|group| group.count).sum();
        let bits = self.mode.as_ref().map(|mode| format!("mode {mode}"));
        let names = [("owner", &self.owned.owner), ("group", &self.owned.group)];
        let names = names.into_iter().filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)));
        let asked = names.chain(bits).collect::<Vec<_>>().join(", ");
        let summary = format!("set {count} of {} in {} to {asked}", tree.count(), self.path);
        let print = Print { sha256: String::new(), ..there.print.clone() };
        let thing = Target::plain(look, Some(print.clone()), print, summary, &changes);
        Ok(Some(Seen { thing, plan: Plan::Tree { groups } }))
    }

    /// What a new thing will be.
    fn fresh(&self, look: &Look, kind: Kind, default: u32, role: &Role) -> Result<Print, String> {
        let (uid, gid) = self.owned.numbers(look, true, role)?;
        let mode = mode_after(None, self.mode.as_ref(), default, kind == Kind::Directory, false);
        Ok(Print { kind, sha256: String::new(), uid, gid, mode })
    }

    fn owners(&self, there: &There, look: &Look, changes: &mut Changes) {
        let (owner, group) = self.owned.whose(look);
        changes.turn("owner", &there.owner, &owner);
        changes.turn("group", &there.group, &group);
    }

    fn dress_in_words(&self, look: &Look, mode: u32) -> String {
        let (owner, group) = self.owned.whose(look);
        format!("{owner}:{group}, {mode:04o}")
    }
}
