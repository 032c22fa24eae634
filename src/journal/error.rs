//! Why the journal does not do what is asked. Whoever meets one of these stops: nothing is done that cannot be journalled.

use std::path::PathBuf;

use crate::base::RunId;
use crate::base::fs::FsError;
use crate::events::Impossible;

use super::lease::Holder;

/// What went wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database did not do it: full disk, read-only, gone.
    #[error("the journal cannot be written: {0}")]
    Database(#[from] sqlx::Error),
    /// The file was removed or replaced by another under the process that writes it.
    #[error("the journal {} was removed or replaced while the run went on: what has come since is not kept, and nothing more is done", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The state folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FsError),
    /// The file was written by a newer version of the tool.
    #[error("{} is of version {found}, newer than the {known} that this version of runbook knows", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The file is something else.
    #[error("{} is no journal", path.display())]
    NoJournal {
        /// The file.
        path: PathBuf,
    },
    /// There is no such run.
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    /// A run of that id exists already.
    #[error("there is a run `{0}` already")]
    Exists(RunId),
    /// Another operator holds the run.
    #[error("run {run} is held by {holder}")]
    Held {
        /// The run.
        run: RunId,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// Another operator took the run over: this process must not touch it any more.
    #[error("run {0} was taken over by another operator: nothing more is done from here")]
    Fenced(RunId),
    /// A record that cannot follow those before it.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// An entry that is not what was written.
    #[error("the journal of run {run} was tampered with, or damaged, at entry {seq}: {why}")]
    Tampered {
        /// The run.
        run: RunId,
        /// The first entry that is not as it was written.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A record that cannot be written as JSON.
    #[error("a record cannot be written: {0}")]
    Encoding(#[from] serde_json::Error),
}
