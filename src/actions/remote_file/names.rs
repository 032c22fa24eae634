//! Names of files that stand beside another for a while, or are moved out of its way.

use crate::base::{RunId, UnitId};

use super::hash::sha256;
use super::look::folder_of;

/// The longest name that Linux takes, in bytes.
const LONGEST: usize = 255;

/// What the name of every temporary file of a unit beside `path` begins with, folder and all: `/etc/.hosts.runbook-1f2e3d4c.`. The rest
/// tells one try from another.
#[must_use]
pub fn temporary(path: &str, run: &RunId, unit: &UnitId) -> String {
    beside(path, &format!("runbook-{}.", tag(run, unit)), 12)
}

fn tag(run: &RunId, unit: &UnitId) -> String {
    sha256(format!("{run}\0{unit}").as_bytes())[..8].to_owned()
}

/// The other name by which a unit keeps what stands at `path`, where its own folder is on another file system: `/etc/.hosts.runbook-1f2e3d4c-kept`.
#[must_use]
pub(super) fn kept_beside(path: &str, run: &RunId, unit: &UnitId) -> String {
    beside(path, &format!("runbook-{}-kept", tag(run, unit)), 0)
}

/// Where what stands at `path` is moved aside by a run: `/etc/.hosts.runbook-r1`. Further ones, for a name that is taken, are counted.
#[must_use]
pub fn aside(path: &str, run: &RunId) -> String {
    beside(path, &format!("runbook-{run}"), 4)
}

/// The name at the end of `path`.
#[must_use]
pub fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A dot name in the folder of `path` with the name of `path` in it, as far as there is room, with `more` bytes to spare.
fn beside(path: &str, what: &str, more: usize) -> String {
    let (folder, name) = (folder_of(path), name_of(path));
    let room = LONGEST.saturating_sub(2 + what.len() + more);
    let end = (0..=name.len().min(room)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    let slash = if folder == "/" { "" } else { "/" };
    format!("{folder}{slash}.{}.{what}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(step: &str) -> UnitId {
        UnitId { step: step.into(), item: None, host: None }
    }

    #[test]
    fn names_stand_beside_and_tell_units_apart() {
        let (a, b) =
            (temporary("/etc/hosts", &"r1".into(), &unit("a")), temporary("/etc/hosts", &"r1".into(), &unit("b")));
        assert!(a.starts_with("/etc/.hosts.runbook-") && a.ends_with('.') && a != b, "{a} {b}");
        assert_eq!(aside("/etc/hosts", &"r1".into()), "/etc/.hosts.runbook-r1");
        assert_eq!(aside("/hosts", &"r1".into()), "/.hosts.runbook-r1");
    }

    #[test]
    fn a_long_name_is_cut_where_a_character_ends() {
        let long = format!("/x/{}", "ü".repeat(127));
        let name = temporary(&long, &"r1".into(), &unit("a"));
        assert!(name_of(&name).len() + 12 <= LONGEST && name_of(&name).starts_with(".üü"), "{name}");
    }
}
