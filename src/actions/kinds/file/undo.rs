//! How a `file` is taken back.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::ActionError;
use crate::actions::keepsake;
use crate::actions::remote_file::{self, Kept};
use crate::events::record::Keepsake;

use super::aside::Aside;
use super::folders::Made;
use super::judge::{Plan, Seen};
use super::tree::{self, Undress};

/// What takes a `file` back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// A file, a link, or owner, group and mode of one thing.
    Thing(remote_file::Undo),
    /// Folders that were made.
    Made(Made),
    /// What was moved aside.
    Aside(Aside),
    /// Owner, group and mode of many.
    Tree(Undress),
}

impl Undo {
    pub(super) async fn capture(seen: &Seen, cx: &Stash<'_>) -> Result<Self, ActionError> {
        let thing = &seen.thing;
        let unit = cx.env().unit.to_string();
        let kept = match (&seen.plan, &thing.before) {
            (Plan::Link { .. }, Some(before)) => remote_file::keep(&thing.real, before, cx).await?,
            _ => Kept::of(cx).await?,
        }
        .folder;
        Ok(match &seen.plan {
            Plan::Make | Plan::Dress | Plan::Link { .. } => {
                let (before, after) = (thing.before.clone(), Some(thing.after.clone()));
                Self::Thing(remote_file::Undo::new(&thing.real, before, after, kept, cx))
            }
            Plan::Folders { missing, fresh } => Self::Made(Made {
                folders: missing.clone(),
                after: (thing.after.uid, thing.after.gid, thing.after.mode),
                fresh: *fresh,
                kept,
                unit,
            }),
            Plan::Aside { aside } => Self::Aside(Aside {
                path: thing.real.clone(),
                to: aside.clone(),
                before: thing.after.clone(),
                kept,
                unit,
            }),
            Plan::Tree { groups } => {
                let sha256 = tree::keep(thing, groups, &kept, cx).await?;
                Self::Tree(Undress { path: thing.real.clone(), sha256, kept, unit })
            }
        })
    }

    pub(super) async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        match self {
            Self::Thing(thing) => thing.run(cx).await,
            Self::Made(made) => made.remove(cx).await,
            Self::Aside(aside) => aside.back(cx).await,
            Self::Tree(tree) => tree.run(cx).await,
        }
    }

    /// What it keeps beside the folder of the run.
    pub(super) async fn kept(&self, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        match self {
            Self::Thing(thing) => thing.kept(cx).await,
            Self::Aside(aside) => Ok(keepsake::at(&cx.host()?, &aside.to).await?.into_iter().collect()),
            Self::Made(_) | Self::Tree(_) => Ok(Vec::new()),
        }
    }

    /// Removes that.
    pub(super) async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        match self {
            Self::Thing(thing) => thing.discard(cx).await,
            Self::Aside(aside) => keepsake::remove(&cx.host()?, &aside.to, cx).await,
            Self::Made(_) | Self::Tree(_) => Ok(()),
        }
    }
}
