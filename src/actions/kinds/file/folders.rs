//! Folders, with those above them that are missing.

use serde::{Deserialize, Serialize};

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{change, folder_of, name_of, verdict};
use crate::events::record::Outputs;
use crate::transport::Command;

use super::judge::Seen;

const MAKE: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("folders.sh"));
const REMOVE: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("unmake.sh"));

/// The folders from `nearest`, which is there, down to `path`.
pub(super) fn missing(path: &str, nearest: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut folder = path;
    while folder != nearest && folder != "/" {
        missing.insert(0, folder.to_owned());
        folder = folder_of(folder);
    }
    missing
}

/// Makes the folder and those above it.
pub(super) async fn make(seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    change(&seen.thing, MAKE, &[], cx).await
}

/// What removes folders that were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// All of them, the outermost first.
    pub(super) folders: Vec<String>,
    /// Owner, group and mode that the innermost was given.
    pub(super) after: (u32, u32, u32),
    /// Those that each had when it had just been made.
    pub(super) fresh: (u32, u32, u32),
    pub(super) kept: String,
    pub(super) unit: String,
}

impl Made {
    /// Removes the folders, if nothing is in them.
    pub(super) async fn remove(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        let Some(path) = self.folders.last() else { return Ok("was already as before".to_owned()) };
        let last = cx.env().unit.to_string() == self.unit;
        let command = Command::change(REMOVE)
            .env("R", path.clone())
            .env("COUNT", self.folders.len().to_string())
            .env("K", self.kept.clone())
            .env("N", "")
            .env("L", if last { "1" } else { "0" })
            .env("U1", self.after.0.to_string())
            .env("U2", self.fresh.0.to_string())
            .env("G1", self.after.1.to_string())
            .env("G2", self.fresh.1.to_string())
            .env("M1", format!("{:o}", self.after.2))
            .env("M2", format!("{:o}", self.fresh.2));
        let said = cx.change(command).await?;
        let words = verdict(&said, &format!("removing {path}"), cx.around().masker())?;
        let changed = |what: &str, difference: String| Err(ActionError::Changed { what: what.to_owned(), difference });
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["done"] => Ok("removed: there was nothing before".to_owned()),
            ["already"] => Ok("was already as before".to_owned()),
            ["dressed", at, now] => changed(at, format!("its mode, owner and group are {now} now")),
            ["other", at] => changed(at, "it is no folder any more".to_owned()),
            ["filled", at, names @ ..] => {
                // One of ours may be among them: the next one in.
                let ours = self.folders.iter().find(|folder| folder_of(folder) == *at).map(|folder| name_of(folder));
                let names: Vec<&str> = names.iter().copied().filter(|name| Some(*name) != ours).collect();
                let more = if names.len() > 10 { ", …" } else { "" };
                changed(at, format!("it holds {}{more}", names[..names.len().min(10)].join(", ")))
            }
            other => Err(ActionError::failed(format!("removing {path}: the host says {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_folders_are_those_below_the_nearest() {
        assert_eq!(missing("/a/b/c", "/a"), ["/a/b", "/a/b/c"]);
        assert_eq!(missing("/a/b", "/"), ["/a", "/a/b"]);
        assert_eq!(missing("/a", "/"), ["/a"]);
        assert!(missing("/a", "/a").is_empty());
    }
}
