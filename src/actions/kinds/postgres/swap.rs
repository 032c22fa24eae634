//! The moment in which the copy takes its place.

use crate::actions::Host;
use crate::actions::context::{Read, Write};
use crate::actions::contract::{ActionError, Verdict};
use crate::base::Role;
use crate::events::record::Failure;
use crate::transport::{Command, Output};

use super::look::reason;
use super::names::Names;
use super::place::Place;

const SWAP: &str = include_str!("host/swap.sh");
const STANDING: &str = include_str!("host/standing.sh");

/// A database under one of our names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct There {
    pub(super) oid: u64,
    /// Whether it takes connections.
    pub(super) open: bool,
}

/// What stands on the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) name: Option<There>,
    pub(super) new: Option<There>,
    pub(super) before: Option<There>,
    pub(super) after: Option<There>,
    /// The number of the database that was restored.
    pub(super) made: Option<u64>,
    /// The snapshot after which everything in it is somebody else's.
    pub(super) seen: Option<String>,
    /// Whether what it came to then is known.
    pub(super) figures: bool,
    /// Whether nothing of the move was left to do.
    pub(super) over: bool,
}

impl Standing {
    fn read(text: &str) -> Option<Self> {
        let mut standing = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [which, oid, open] => {
                    let there = Some(There { oid: oid.parse().ok()?, open: *open == "t" });
                    match *which {
                        "name" => standing.name = there,
                        "new" => standing.new = there,
                        "before" => standing.before = there,
                        "after" => standing.after = there,
                        _ => return None,
                    }
                }
                ["made", oid] => standing.made = Some(oid.parse().ok()?),
                ["seen", seen] => standing.seen = Some((*seen).to_owned()),
                ["figures"] => standing.figures = true,
                ["over"] => standing.over = true,
                _ => return None,
            }
        }
        Some(standing)
    }

    /// Whether what was made is in its place.
    pub(super) fn is_in_place(&self) -> bool {
        self.new.is_none() && self.made.is_some() && self.name.map(|there| there.oid) == self.made
    }

    /// Whether the database is there.
    pub(super) fn verdict(&self, name: &str, role: &Role) -> Verdict {
        match self.name {
            None => Verdict::Fails(format!("there is no database {name} on {role}")),
            Some(There { open: false, .. }) => {
                Verdict::Fails(format!("the database {name} on {role} takes no connections"))
            }
            Some(there) if self.made.is_some_and(|made| made != there.oid) => {
                Verdict::Fails(format!("the database {name} on {role} is not the one that was moved there"))
            }
            Some(_) => Verdict::Holds,
        }
    }
}

/// What stands on the target.
pub(super) async fn standing(
    place: &Place,
    host: &Host,
    names: &Names,
    cx: &Read<'_>,
) -> Result<Standing, ActionError> {
    let said = host.read(with_names(place.command(STANDING, names.maintenance()), names)).await?;
    succeeded(&said, &format!("looking at the databases of {}", place.role), cx)?;
    let text = said.text();
    Standing::read(&text)
        .ok_or_else(|| ActionError::failed(format!("what stands on {} cannot be read: {text}", place.role)))
}

/// Puts what was restored in its place. Gives what the database that stood there is called now.
pub(super) async fn swap(
    place: &Place,
    host: &Host,
    names: &Names,
    cx: &Write<'_>,
) -> Result<Option<String>, ActionError> {
    let said = cx.change_on(host, with_names(place.command(SWAP, names.maintenance()), names)).await?;
    succeeded(&said, &format!("putting {} in place on {}", names.name, place.role), cx)?;
    let text = said.text();
    let aside = text.lines().find_map(|line| line.strip_prefix("aside "));
    Ok(aside.map(str::to_owned))
}

pub(super) fn with_names(command: Command, names: &Names) -> Command {
    let Names { name, new, before, after } = names.clone();
    command.env("NAME", name).env("NEW", new).env("BEFORE", before).env("AFTER", after)
}

/// Fails with what the host said, where its script did.
pub(super) fn succeeded(said: &Output, what: &str, cx: &Read<'_>) -> Result<(), ActionError> {
    if said.success() {
        return Ok(());
    }
    let masker = cx.around().masker();
    let (why, stderr) = (masker.mask(&format!("{what}: {}", reason(said))), masker.mask(said.error_text().trim()));
    Err(ActionError::Failed(Box::new(Failure { why, stderr, exit_code: Some(said.status), ..Failure::default() })))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn what_stands_there_is_read() {
        let standing = Standing::read("name 7 t\nbefore 5 f\nmade 7\nseen 741:741:\nfigures\nover\n").unwrap();
        assert!(standing.is_in_place() && standing.over && standing.figures);
        assert_eq!(standing.before, Some(There { oid: 5, open: false }));
        assert_eq!(standing.verdict("site", &"new".into()), Verdict::Holds);
        let other = Standing { made: Some(8), ..standing.clone() };
        assert!(matches!(other.verdict("site", &"new".into()), Verdict::Fails(why) if why.contains("is not the one")));
        assert!(!Standing { new: Some(There { oid: 9, open: true }), ..standing }.is_in_place());
        assert!(Standing::read("what 7 t\n").is_none());
    }
}
