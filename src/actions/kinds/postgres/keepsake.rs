//! What stood there before, once nobody will ask for it any more.

use crate::actions::context::{Read, Write};
use crate::actions::contract::ActionError;
use crate::events::record::Keepsake;
use crate::transport::Command;

use super::action::Undo;
use super::swap::{succeeded, with_names};

const KEPT: &str = include_str!("host/kept.sh");
const DISCARD: &str = include_str!("host/discard.sh");

impl Undo {
    /// What it keeps.
    pub(super) async fn kept(&self, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        let host = self.to.host(cx).await?;
        let said = host.read(self.about(KEPT)).await?;
        let role = &self.to.role;
        succeeded(&said, &format!("looking at the databases of {role}"), cx)?;
        let databases = said.text();
        let read = |line: &str| {
            let (bytes, name) = line.split_once(' ')?;
            let what = format!("the database {name}");
            Some(Keepsake { host: role.clone(), what, bytes: bytes.parse().ok()? })
        };
        Ok(databases.lines().filter_map(read).collect())
    }

    /// Removes that, and what a move that was given up has left of its key.
    pub(super) async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        if let Some(key) = &self.key {
            key.remove(cx).await?;
        }
        let said = cx.change_on(&self.to.host(cx).await?, self.about(DISCARD)).await?;
        succeeded(&said, &format!("dropping what stood on {} as {} before", self.to.role, self.names.name), cx)
    }

    fn about(&self, script: &str) -> Command {
        let command = with_names(self.to.command(script, self.names.maintenance()), &self.names);
        // No database has this number.
        command.env("OID", self.stood.map_or(0, |stood| stood.oid).to_string())
    }
}
