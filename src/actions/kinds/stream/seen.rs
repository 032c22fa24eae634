//! What a check of a stream found, and what takes it back.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::passage::{Choice, OneTimeKey};
use crate::actions::remote_file;
use crate::base::Role;
use crate::events::record::{Account, Keepsake};

use super::staging;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The file that they are to become.
    pub(super) file: Option<remote_file::Seen>,
    /// Which way the bytes go, where it is not by `staging`.
    pub(super) choice: Choice,
    /// The folder of the operator's machine where they are kept on their way, where they go through a file there.
    pub(super) staging: Option<String>,
}

/// How long the other end of a direct stream takes to notice that nobody calls any more: it looks twice as often.
const GONE: std::time::Duration = std::time::Duration::from_secs(1);

impl Seen {
    /// The way, in words.
    pub(super) fn way_in_words(&self) -> String {
        match &self.staging {
            Some(_) => "through a file of this machine (staging)".to_owned(),
            None => self.choice.in_words(),
        }
    }
}

/// What takes a stream back, as far as it can be, and removes what it has left on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The file that was written.
    pub(super) file: Option<FileUndo>,
    /// The folder of this machine that the bytes may have passed.
    pub(super) staging: Option<String>,
    /// What may have been left of a key.
    pub(super) key: Option<OneTimeKey>,
}

/// What puts a file back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileUndo {
    pub(super) on: Role,
    pub(super) user: Option<String>,
    pub(super) undo: remote_file::Undo,
}

impl Undo {
    /// Takes it back.
    pub(super) async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        self.sweep(cx).await?;
        let Some(FileUndo { on, user, undo }) = &self.file else {
            return Err(ActionError::failed(super::action::NO_UNDO));
        };
        undo.run(&cx.at(&cx.other_as(on, user.as_deref()).await?)).await
    }

    /// As who it keeps things.
    pub(super) fn keepers(&self) -> Vec<Account> {
        let of_file = |file: &FileUndo| Account { host: file.on.clone(), become_user: file.user.clone() };
        let here = self.staging.is_some().then(|| Account { host: Role::local(), become_user: None });
        self.file.iter().map(of_file).chain(here).collect()
    }

    /// What it keeps beside the folder of the run.
    pub(super) async fn kept(&self, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        let Some(FileUndo { on, user, undo }) = &self.file else { return Ok(Vec::new()) };
        undo.kept(&cx.at(&cx.other_as(on, user.as_deref()).await?)).await
    }

    /// Removes that.
    pub(super) async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let Some(FileUndo { on, user, undo }) = &self.file else { return Ok(()) };
        undo.discard(&cx.at(&cx.other_as(on, user.as_deref()).await?)).await
    }

    /// Removes what a crash may have left.
    pub(super) async fn sweep(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        if let Some(key) = &self.key {
            key.remove(cx).await?;
            // What was called by it notices that its caller was ended.
            tokio::time::sleep(GONE).await;
        }
        if let Some(folder) = &self.staging {
            staging::sweep(folder, cx).await?;
        }
        Ok(())
    }
}
