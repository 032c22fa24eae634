//! What the earlier steps of a dry run will have left by the time that a unit has its turn: its look is told that instead of what stands there now.

use std::collections::BTreeMap;

use crate::base::{Role, StepId};

use super::nameserver::RecordSet;
use super::remote_file::{Kind, There, folder_of};

/// Something of a host that a step can leave otherwise than it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// What stands at an absolute path whose links are resolved.
    Path(String),
    /// The same with all that is below it.
    Tree(String),
    /// A unit of systemd, by its full name.
    Service(String),
    /// A set of records of a name server, as `server zone place`: filed under the host that asks it.
    Records(String),
    /// Any program, service or folder that comes with a package.
    Software,
}

/// How it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is nothing.
    Nothing,
    /// A file, folder or link.
    There(Box<There>),
    /// Something; what it is, and what is below it, cannot be known.
    Something,
    /// A unit of systemd, as far as it changes.
    Service {
        /// Whether it runs.
        active: Option<bool>,
        /// Whether it is started at boot.
        enabled: Option<bool>,
    },
    /// A set of records; none where there is none.
    Records(Option<Box<RecordSet>>),
    /// It cannot be known, nor what is below it.
    Unknown,
}

/// What a unit leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaves {
    /// On which host; none: its own.
    pub role: Option<Role>,
    /// What.
    pub thing: Thing,
    /// How.
    pub standing: Standing,
}

impl Leaves {
    /// On the unit's own host.
    #[must_use]
    pub fn here(thing: Thing, standing: Standing) -> Self {
        Self { role: None, thing, standing }
    }
}

/// What the steps so far will have left.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    left: BTreeMap<(Role, Thing), Vec<Left>>,
    /// How much was left so far.
    count: usize,
}

/// What one step has left of a thing.
#[derive(Clone, Debug)]
struct Left {
    /// When: the larger, the later.
    at: usize,
    by: StepId,
    standing: Standing,
}

impl Expected {
    /// Adds what a unit of `step` on `host` leaves, over what those before it do.
    pub fn leave(&mut self, step: &StepId, host: Option<&Role>, leaves: Vec<Leaves>) {
        for Leaves { role, thing, standing } in leaves {
            let Some(role) = role.or_else(|| host.cloned()) else { continue };
            self.count += 1;
            let left = Left { at: self.count, by: step.clone(), standing };
            self.left.entry((role, thing)).or_default().push(left);
        }
    }

    /// Forgets what a step leaves on a host: another has taken that back.
    pub fn forget(&mut self, step: &StepId, host: Option<&Role>) {
        for ((role, _), left) in &mut self.left {
            left.retain(|left| left.by != *step || host.is_some_and(|host| host != role));
        }
    }

    /// How a thing will be, and by which step; none: as it is.
    #[must_use]
    pub fn at(&self, role: &Role, thing: &Thing) -> Option<(StepId, Standing)> {
        if let Thing::Tree(path) = thing {
            let inside = self.inside(role, path).map(|left| (left.by.clone(), Standing::Unknown));
            return self.at(role, &Thing::Path(path.clone())).or(inside);
        }
        let own = self.last(role, thing);
        let Thing::Path(path) = thing else { return own.map(|own| (own.by.clone(), self.service(role, thing, own))) };
        let above = above(path).filter_map(|folder| {
            let left = self.left.get(&(role.clone(), Thing::Path(folder.to_owned())))?;
            // A folder that was made says nothing of what is below it: what was left there before does.
            left.iter().rev().find_map(|left| Some((left.at, &left.by, below(&left.standing)?)))
        });
        let own = own.map(|own| (own.at, &own.by, own.standing.clone()));
        let (_, by, standing) = own.into_iter().chain(above).max_by_key(|(at, ..)| *at)?;
        Some((by.clone(), standing))
    }

    /// Whether anything is said of a thing, or of a folder above it.
    #[must_use]
    pub fn concerns(&self, role: &Role, thing: &Thing) -> bool {
        if let Thing::Tree(path) = thing {
            return self.inside(role, path).is_some() || self.concerns(role, &Thing::Path(path.clone()));
        }
        let is_said = |thing: &Thing| self.last(role, thing).is_some();
        is_said(thing)
            || matches!(thing, Thing::Path(path) if above(path).any(|folder| is_said(&Thing::Path(folder.to_owned()))))
    }

    /// What was left last below a path.
    fn inside(&self, role: &Role, path: &str) -> Option<&Left> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let inside =
            |of: &Role, thing: &Thing| of == role && matches!(thing, Thing::Path(other) if other.starts_with(&below));
        let inside = self.left.iter().filter(|((of, thing), _)| inside(of, thing));
        inside.filter_map(|(_, left)| left.last()).max_by_key(|left| left.at)
    }

    fn last(&self, role: &Role, thing: &Thing) -> Option<&Left> {
        self.left.get(&(role.clone(), thing.clone()))?.last()
    }

    /// A unit that was started by one step and enabled by another is both.
    fn service(&self, role: &Role, thing: &Thing, last: &Left) -> Standing {
        let all = self.left.get(&(role.clone(), thing.clone())).into_iter().flatten();
        all.fold(last.standing.clone(), |so_far, left| match (so_far, &left.standing) {
            (Standing::Service { active, enabled }, Standing::Service { active: a, enabled: e }) => {
                Standing::Service { active: a.or(active), enabled: e.or(enabled) }
            }
            (so_far, _) => so_far,
        })
    }
}

/// How things will be below something that stands so; none: as they are.
fn below(standing: &Standing) -> Option<Standing> {
    match standing {
        Standing::Nothing => Some(Standing::Nothing),
        Standing::Something | Standing::Unknown => Some(Standing::Unknown),
        // It leads elsewhere than what was looked at.
        Standing::There(there) if there.print.kind == Kind::Link => Some(Standing::Unknown),
        Standing::There(_) | Standing::Service { .. } | Standing::Records(_) => None,
    }
}

/// The folders that a path is in, the nearest first.
pub fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| (*path != "/").then(|| folder_of(path))).skip(1)
}

#[cfg(test)]
mod tests {
    use super::super::remote_file::Print;
    use super::*;

    fn path(path: &str) -> Thing {
        Thing::Path(path.to_owned())
    }

    #[test]
    fn the_last_word_counts_and_reaches_what_is_below() {
        let (old, new) = (Role::from("old"), Role::from("new"));
        let mut expected = Expected::default();
        let leave = |expected: &mut Expected, step: &str, thing, standing| {
            expected.leave(&step.into(), Some(&old), vec![Leaves::here(thing, standing)]);
        };
        leave(&mut expected, "fill", path("/srv/data"), Standing::Unknown);
        assert_eq!(expected.at(&old, &path("/srv/data/a/b")), Some(("fill".into(), Standing::Unknown)));
        assert_eq!(expected.at(&old, &path("/srv/database")), None);
        assert_eq!(expected.at(&new, &path("/srv/data")), None);
        let tree = Thing::Tree("/srv".into());
        assert_eq!(expected.at(&old, &tree), Some(("fill".into(), Standing::Unknown)));
        assert!(expected.concerns(&old, &tree) && !expected.concerns(&new, &tree));
        assert_eq!(expected.at(&old, &Thing::Tree("/srv/dat".into())), None);
        leave(&mut expected, "empty", path("/srv"), Standing::Nothing);
        assert_eq!(expected.at(&old, &path("/srv/data/a")), Some(("empty".into(), Standing::Nothing)));
        assert!(expected.concerns(&old, &path("/srv/x")) && !expected.concerns(&old, &path("/")));
        // What was made after that is there, and what was taken back never was.
        leave(&mut expected, "fill-again", path("/srv/data"), Standing::Unknown);
        assert_eq!(expected.at(&old, &path("/srv/data/a")), Some(("fill-again".into(), Standing::Unknown)));
        expected.forget(&"fill-again".into(), Some(&old));
        expected.forget(&"empty".into(), Some(&new));
        assert_eq!(expected.at(&old, &path("/srv/data/a")), Some(("empty".into(), Standing::Nothing)));
        expected.forget(&"empty".into(), None);
        assert_eq!(expected.at(&old, &path("/srv/data/a")), Some(("fill".into(), Standing::Unknown)));
    }

    #[test]
    fn what_stands_below_a_link_or_a_folder_that_was_made_anew_is_not_what_stood_there() {
        let old = Role::from("old");
        let there = |kind| {
            let print = Print { kind, sha256: String::new(), uid: 0, gid: 0, mode: 0o755 };
            let (owner, group, target) = ("root".to_owned(), "root".to_owned(), Vec::new());
            let (size, names, mounted, loses_acl, content) = (0, 1, false, false, None);
            Standing::There(Box::new(There { print, owner, group, size, names, target, mounted, loses_acl, content }))
        };
        let mut expected = Expected::default();
        for (step, thing, standing) in [
            ("switch", path("/srv/live"), there(Kind::Link)),
            ("empty", path("/srv/data"), Standing::Nothing),
            ("make", path("/srv/data"), there(Kind::Directory)),
            ("fresh", path("/srv/new"), there(Kind::Directory)),
        ] {
            expected.leave(&step.into(), Some(&old), vec![Leaves::here(thing, standing)]);
        }
        assert_eq!(expected.at(&old, &path("/srv/live/index")), Some(("switch".into(), Standing::Unknown)));
        assert_eq!(expected.at(&old, &path("/srv/data/a/b")), Some(("empty".into(), Standing::Nothing)));
        assert_eq!(expected.at(&old, &path("/srv/data")), Some(("make".into(), there(Kind::Directory))));
        assert_eq!(expected.at(&old, &path("/srv/new/a")), None);
    }

    #[test]
    fn a_unit_is_what_all_have_made_of_it() {
        let (old, unit) = (Role::from("old"), Thing::Service("a.service".into()));
        let mut expected = Expected::default();
        for (step, active, enabled) in
            [("on", None, Some(true)), ("start", Some(true), None), ("stop", Some(false), None)]
        {
            expected.leave(
                &step.into(),
                Some(&old),
                vec![Leaves::here(unit.clone(), Standing::Service { active, enabled })],
            );
        }
        let due = Standing::Service { active: Some(false), enabled: Some(true) };
        assert_eq!(expected.at(&old, &unit), Some(("stop".into(), due)));
    }

    #[test]
    fn folders_above_are_told_from_the_nearest() {
        assert_eq!(above("/a/b/c").collect::<Vec<_>>(), ["/a/b", "/a", "/"]);
        assert_eq!(above("/").count(), 0);
    }
}
