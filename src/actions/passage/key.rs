//! The key of a passage: made on the source, let in at the destination, and removed from both.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Host, Write};
use crate::actions::contract::ActionError;
use crate::actions::remote_file::verdict;
use crate::base::Role;
use crate::transport::{Command, TransportError};

use super::door::Route;

const COMMON: &str = include_str!("../remote_file/common.sh");
const SHUT: &str = include_str!("shut.sh");
const SWEEP: &str = include_str!("sweep.sh");
pub(super) const LEFT: &str = include_str!("left.sh");

/// Where the two halves of a key are, once there is one: all that it takes to remove them, for an undo a week later too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeKey {
    pub(super) from: Role,
    pub(super) from_user: Option<String>,
    pub(super) from_kept: String,
    pub(super) to: Role,
    pub(super) to_kept: String,
    pub(super) mark: String,
    /// The name of the job that goes by it.
    #[serde(default)]
    pub(super) stage: String,
}

impl OneTimeKey {
    /// The destination.
    #[must_use]
    pub fn to(&self) -> &Role {
        &self.to
    }

    /// The folder on the source in which [`Route::ssh`] is called.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("{}/direct", self.from_kept)
    }

    /// Makes the key, with the destination's own pinned, and lets it in there: for an hour, to begin `script` as the user to act as, and for
    /// nothing else. `call`: what the source has to ask for, exactly, where that is known.
    ///
    /// The script is kept on the destination until the key is removed: it can hold no secret.
    ///
    /// # Errors
    /// Where a host was not reached, or does not do it. Then something of it may be left.
    pub async fn open(
        &self,
        route: &Route,
        script: &str,
        call: Option<&str>,
        cx: &Write<'_>,
    ) -> Result<(), ActionError> {
        let masker = cx.around().masker();
        let (from, to) = (cx.other_as(&self.from, self.from_user.as_deref()).await?, self.door(cx).await?);
        let make = Command::change(format!("{COMMON}{}", include_str!("key.sh")))
            .env("R", self.from_kept.clone())
            .env("K", self.from_kept.clone())
            .env("N", "")
            .env("MARK", self.mark.clone())
            .env("KNOWN", route.known());
        let mut words = verdict(&cx.change_on(&from, make).await?, "making a key for one passage", masker)?;
        let open = self.at_door(&format!("{COMMON}{SHUT}{}", include_str!("open.sh")));
        let open = open.env("PUB", words.remove(0)).stdin(route.serve(script, call));
        verdict(&cx.change_on(&to, open).await?, "letting a key for one passage in", masker).map(drop)
    }

    /// Removes both halves, and what its jobs have left on the source. Where there is nothing, nothing is done.
    ///
    /// # Errors
    /// Where the destination was not reached, or one of them does not do it. The source need not be reached: what is left there opens nothing.
    pub async fn remove(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let masker = cx.around().masker();
        let shut = self.at_door(&format!("{COMMON}{SHUT}shut\n{SWEEP}say done\n"));
        let shut = shut.env("SWEPT", format!("{}/serve", self.to_kept));
        verdict(&cx.change_on(&self.door(cx).await?, shut).await?, "removing the key of a passage", masker)?;
        if_reached(async {
            let from = cx.other_as(&self.from, self.from_user.as_deref()).await?;
            let command = Command::change(format!("{LEFT}each_job rm -rf --\n{SWEEP}"))
                .env("K", self.from_kept.clone())
                .env("S", self.stage.clone())
                .env("SWEPT", self.folder());
            swept(&from, &self.folder(), command, cx).await
        })
        .await
    }

    /// The destination as whoever ssh logs in as.
    async fn door(&self, cx: &Write<'_>) -> Result<Host, ActionError> {
        Ok(cx.other(&self.to).await?.as_user(None))
    }

    fn at_door(&self, script: &str) -> Command {
        Command::change(script)
            .env("R", self.to_kept.clone())
            .env("K", self.to_kept.clone())
            .env("N", "")
            .env("MARK", self.mark.clone())
    }
}

/// Removes a folder of the unit's own, and those above that are empty then.
///
/// # Errors
/// Where the host was not reached, or the folder stays.
pub async fn sweep(host: &Host, folder: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    swept(host, folder, Command::change(SWEEP).env("SWEPT", folder), cx).await
}

async fn swept(host: &Host, folder: &str, command: Command, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = cx.change_on(host, command).await?;
    if said.success() {
        Ok(())
    } else {
        Err(ActionError::failed(format!("removing {folder}: {}", said.error_text().trim())))
    }
}

/// The same on a host that need not be reached: what is left there is of no use to anybody, and a rollback must not wait for it.
///
/// # Errors
/// Where the folder stays on a host that was reached.
pub async fn sweep_if_reached(
    role: &Role,
    user: Option<&str>,
    folder: &str,
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    if_reached(async { sweep(&cx.other_as(role, user).await?, folder, cx).await }).await
}

async fn if_reached(done: impl Future<Output = Result<(), ActionError>>) -> Result<(), ActionError> {
    match done.await {
        Err(ActionError::Transport(TransportError::Unreachable { .. })) => Ok(()),
        done => done,
    }
}
