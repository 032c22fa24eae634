//! One of the two ends: a server on a host, and the folder there that belongs to the move.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::base::{Role, Secret, UnitId};
use crate::events::record::Account;
use crate::transport::{Command, JobId, JobSpec};

use super::action::Side;

const CLEAR: &str = concat!(include_str!("host/calm.sh"), include_str!("host/clear.sh"));
pub(super) const COMMON: &str = include_str!("host/common.sh");

/// A server on a host; all that finds it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) role: Role,
    user: Option<String>,
    port: Option<u16>,
    socket: Option<String>,
    /// The move's own folder there: 0700, and its user's.
    pub(super) folder: String,
    /// What the folders of the unit's durable jobs there begin with.
    jobs: String,
}

impl Place {
    /// The end of that name (`from`, `to`), and the way there.
    pub(super) async fn of(side: &Side, name: &str, cx: &Read<'_>) -> Result<(Self, Host), ActionError> {
        let host = cx.other_as(&side.role, side.user.as_deref()).await?;
        let home = cx.around().job_home(&side.role, host.become_user()).await?;
        let env = cx.env();
        let part = |unit: &UnitId| home.job(&JobId::new(env.run, unit, 0)).dir;
        let place = Self {
            role: side.role.clone(),
            user: host.become_user().map(|user| user.user.clone()),
            port: side.port,
            socket: side.socket.clone(),
            folder: format!("{}/{name}", home.kept(env.run, env.unit)),
            jobs: part(env.unit).trim_end_matches('0').to_owned(),
        };
        Ok((place, host))
    }

    /// The way there again.
    pub(super) async fn host(&self, cx: &Read<'_>) -> Result<Host, ActionError> {
        cx.other_as(&self.role, self.user.as_deref()).await
    }

    /// As who things are kept there.
    pub(super) fn account(&self) -> Account {
        Account { host: self.role.clone(), become_user: self.user.clone() }
    }

    /// A script there that finds the functions of `common.sh`.
    pub(super) fn command(&self, script: &str, database: &str) -> Command {
        let command = Command::read(format!("{COMMON}{script}"));
        self.env(database).into_iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The same as a durable job, with more that it is told.
    pub(super) fn job(&self, script: &str, database: &str, more: Vec<(&str, String)>) -> JobSpec {
        let env = self.env(database).into_iter().chain(more);
        let env = env.map(|(name, value)| (name.to_owned(), Secret::new(value))).collect();
        JobSpec { env, ..JobSpec::script(format!("{COMMON}{script}")) }
    }

    fn env(&self, database: &str) -> Vec<(&'static str, String)> {
        let mut env = vec![("W", self.folder.clone()), ("PGDATABASE", database.to_owned())];
        env.extend(self.port.map(|port| ("PGPORT", port.to_string())));
        env.extend(self.socket.clone().map(|socket| ("PGHOST", socket)));
        env
    }

    /// Removes the move's folder, and what its jobs of these stages have left.
    pub(super) fn clear(&self, stages: &[&str]) -> Command {
        Command::change(CLEAR)
            .env("W", self.folder.clone())
            .env("JOBS", self.jobs.clone())
            .env("STAGES", stages.join(" "))
    }
}
