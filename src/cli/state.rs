//! Where runs are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::journal::{SqliteStore, Store};

use super::around::Around;
use super::error::CommandError;
use super::exit::Exit;

/// Where runs are kept.
pub(crate) struct State {
    path: PathBuf,
    around: Arc<dyn Around>,
}

impl State {
    /// What `--state` says, or the user's own state folder.
    pub(crate) fn of(said: Option<&str>, around: Arc<dyn Around>) -> Result<Self, CommandError> {
        let path = match said {
            Some(said) => parse(said)?,
            None => home(|name| std::env::var_os(name).map(PathBuf::from))?,
        };
        Ok(Self { path, around })
    }

    /// Opens it, and makes it where there is none.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, CommandError> {
        let opened = SqliteStore::open(&self.path).await;
        let store = opened.map_err(|error| CommandError::from(error).with_exit(Exit::Wrong))?;
        Ok(self.around.store(Arc::new(store)))
    }

    /// Opens it where it is there: looking makes nothing.
    pub(crate) async fn open_to_look(&self) -> Result<Option<Arc<dyn Store>>, CommandError> {
        if !self.path.exists() {
            return Ok(None);
        }
        self.open().await.map(Some)
    }
}

fn parse(said: &str) -> Result<PathBuf, CommandError> {
    let scheme = said.split_once("://");
    let path = match scheme {
        Some(("postgres" | "postgresql", _)) => {
            return Err(CommandError::wrong(
                "--state postgres://… is not in this version of runbook",
                "a file on this machine does: --state runs.db",
            ));
        }
        Some(("sqlite", path)) => path,
        Some((other, _)) => {
            return Err(CommandError::wrong(
                format!("--state {other}://… is nothing that runs can be kept in"),
                "a path does: --state runs.db, or --state sqlite:///var/lib/runs.db",
            ));
        }
        None => said,
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(CommandError::wrong(
            format!("--state {said}: the name of a file is due"),
            "such as --state runs.db",
        ));
    }
    Ok(Path::new(path).to_owned())
}

/// The XDG state folder. A relative one does not count, says the specification.
fn home(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, CommandError> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    let folder = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    folder.map(|folder| folder.join("runbook/journal.db")).ok_or_else(|| {
        CommandError::wrong("there is no home folder to keep runs in: HOME is not set", "say where: --state runs.db")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_url_are_the_same() {
        for (said, path) in [
            ("runs.db", "runs.db"),
            ("/var/lib/runs.db", "/var/lib/runs.db"),
            ("sqlite:///var/lib/runs.db", "/var/lib/runs.db"),
            ("sqlite://runs.db", "runs.db"),
        ] {
            assert_eq!(parse(said).unwrap(), Path::new(path), "{said}");
        }
    }

    #[test]
    fn what_cannot_keep_runs_says_so() {
        for (said, why) in [
            ("postgres://db/runs", "--state postgres://… is not in this version of runbook"),
            ("redis://db", "--state redis://… is nothing that runs can be kept in"),
            ("sqlite://", "--state sqlite://: the name of a file is due"),
            ("folder/", "--state folder/: the name of a file is due"),
        ] {
            assert_eq!(parse(said).unwrap_err().what(), why);
        }
    }

    #[test]
    fn the_state_folder_is_where_xdg_says() {
        let of = |state: Option<&str>, home_is: Option<&str>| {
            home(|name| if name == "HOME" { home_is } else { state }.map(PathBuf::from)).ok()
        };
        assert_eq!(of(Some("/s"), Some("/h")), Some("/s/runbook/journal.db".into()));
        assert_eq!(of(Some("s"), Some("/h")), Some("/h/.local/state/runbook/journal.db".into()));
        assert_eq!(of(None, None), None);
    }
}
