//! Where a host keeps a user's jobs.

use serde::{Deserialize, Serialize};

use crate::base::{RunId, UnitId, shell::quote};
use crate::transport::{Become, Command, Transport, TransportError};

use super::spec::{Detach, JobId, JobRef, file_name};

/// The folder of a run that holds what is kept for undo. Names of jobs have a dot in them.
const KEPT: &str = "kept";

/// Where a host keeps the jobs of one user, and how they outlive the connection. Found out once a run; the folders of jobs follow from it
/// without asking the host again, so that they can be journalled before anything is sent.
///
/// A job's folder belongs to the user that it runs as: that user alone starts, follows, signals and removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobHome {
    base: String,
    boot_id: String,
    detach: Detach,
}

impl JobHome {
    /// Asks the host, changing nothing.
    ///
    /// # Errors
    /// Where the host cannot be reached, or cannot keep jobs.
    pub async fn locate(
        transport: &dyn Transport,
        become_user: Option<&Become>,
        state_dir: Option<&str>,
    ) -> Result<Self, TransportError> {
        let unusable = |why: String| TransportError::Unusable { host: transport.role().clone(), why };
        let script = format!("state={}\n{}", quote(state_dir.unwrap_or_default()), include_str!("locate.sh"));
        let said = transport.exec(Command::read(script).as_user(become_user.cloned()), None).await?;
        if !said.success() {
            return Err(unusable(said.error_text().trim().to_owned()));
        }
        Self::parse(&said.text()).map_err(unusable)
    }

    fn parse(said: &str) -> Result<Self, String> {
        let mut lines = said.splitn(4, '\n');
        let (user, boot, how, base) = (lines.next(), lines.next(), lines.next(), lines.next());
        let (Some(_), Some(boot), Some(how), Some(base)) =
            (user, boot, how, base.and_then(|base| base.strip_suffix('\n')))
        else {
            return Err(format!("it does not say where jobs can be kept: {said:?}"));
        };
        let detach = match how {
            "setsid" => Detach::Setsid,
            "perl" => Detach::Perl,
            "scope" => Detach::Scope,
            "user-scope" => Detach::UserScope,
            "killed" => {
                return Err("its logind kills what a user leaves behind at logout (KillUserProcesses=yes), so no job outlives a \
                            lost connection: run `loginctl enable-linger` there for the user"
                    .to_owned());
            }
            _ => {
                return Err(
                    "it has no `setsid` (util-linux or busybox), so no job outlives a lost connection".to_owned()
                );
            }
        };
        Ok(Self { base: base.to_owned(), boot_id: boot.to_owned(), detach })
    }

    /// Where the job of that name is.
    #[must_use]
    pub fn job(&self, id: &JobId) -> JobRef {
        let dir = format!("{}/{}/{}", self.base, id.run(), id.name());
        JobRef { dir, boot_id: self.boot_id.clone(), detach: self.detach }
    }

    /// The folder in which what undo needs of a unit is kept: beside the run's jobs, and for the same eyes only. Whoever keeps something
    /// there makes it, and the folders above it, with mode 0700.
    #[must_use]
    pub fn kept(&self, run: &RunId, unit: &UnitId) -> String {
        format!("{}/{KEPT}/{}", self.folder(run), file_name(&unit.to_string()))
    }

    /// The folder in which a run keeps things here.
    #[must_use]
    pub fn folder(&self, run: &RunId) -> String {
        format!("{}/{}", self.base, file_name(run.as_str()))
    }

    /// Removes all that a run keeps here: jobs that are over, and what undo needed. Only where nothing of the run can be taken back any more.
    ///
    /// # Errors
    /// Where the host cannot be reached, or something stays.
    pub async fn clear(
        &self,
        transport: &dyn Transport,
        become_user: Option<&Become>,
        run: &RunId,
    ) -> Result<(), TransportError> {
        let folder = self.folder(run);
        let script = format!("rm -rf {}; rmdir {} 2>/dev/null || :", quote(&folder), quote(&self.base));
        let said = transport.exec(Command::change(script).as_user(become_user.cloned()), None).await?;
        if said.success() {
            return Ok(());
        }
        let why = said.error_text().trim().to_owned();
        Err(TransportError::Unusable { host: transport.role().clone(), why })
    }

    /// The jobs of a run whose folders are still there.
    ///
    /// # Errors
    /// Where the host cannot be reached.
    pub async fn leftovers(
        &self,
        transport: &dyn Transport,
        become_user: Option<&Become>,
        run: &RunId,
    ) -> Result<Vec<JobRef>, TransportError> {
        let folder = self.folder(run);
        let script = format!("[ ! -d {0} ] || ls -A {0}", quote(&folder));
        let said = transport.exec(Command::read(script).as_user(become_user.cloned()), None).await?;
        let job =
            |name: &str| JobRef { dir: format!("{folder}/{name}"), boot_id: self.boot_id.clone(), detach: self.detach };
        Ok(said.text().lines().filter(|name| *name != KEPT).map(job).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_known_beforehand() {
        let home = JobHome::parse("1000\nboot\nsetsid\n/home/ann lee/.local/state/runbook\n").unwrap();
        let unit = UnitId { step: "dump".into(), item: None, host: None };
        let job = home.job(&JobId::new(&"r1".into(), &unit, 2));
        assert_eq!(job.dir, "/home/ann lee/.local/state/runbook/r1/dump.2");
        assert_eq!(home.kept(&"r1".into(), &unit), "/home/ann lee/.local/state/runbook/r1/kept/dump");
    }

    #[test]
    fn a_host_that_cannot_keep_jobs_says_why() {
        assert!(JobHome::parse("0\nb\nnone\n/x\n").unwrap_err().contains("setsid"));
        assert!(JobHome::parse("0\nb\nkilled\n/x\n").unwrap_err().contains("enable-linger"));
        assert!(JobHome::parse("").is_err());
    }
}
