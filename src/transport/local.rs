//! The operator's own machine, by the same kept shells.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::process::Command as Child;

use crate::base::Role;

use super::channel::{Channel, Opener};
use super::command::{Duplex, Identity};
use super::pool::Pool;
use super::{Command, Output, Process, Sink, Tenure, Transport, TransportError};

/// The operator's own machine.
pub struct Local {
    pool: Arc<Pool<Spawner>>,
}

impl Local {
    /// The way to it.
    #[must_use]
    pub fn new() -> Self {
        Self::of_run(None)
    }

    /// The way to it for a process that drives a run.
    #[must_use]
    pub fn of_run(tenure: Option<Tenure>) -> Self {
        let spawner = Spawner { role: Role::local(), home: None };
        Self { pool: Pool::new(Role::local(), spawner, tenure) }
    }
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Transport for Local {
    fn role(&self) -> &Role {
        self.pool.role()
    }

    async fn exec(&self, command: Command, sink: Option<&mut dyn Sink>) -> Result<Output, TransportError> {
        self.pool.exec(&command, sink).await
    }

    async fn open(&self, command: Command) -> Result<Process, TransportError> {
        self.pool.start(&command).await
    }

    async fn identity(&self) -> Result<Identity, TransportError> {
        Ok(Identity { host_key: String::new(), machine_id: machine_id(self).await? })
    }

    async fn dial(&self, to: &str) -> Result<Box<dyn Duplex>, TransportError> {
        self.pool.is_ours().await?;
        let refused = |error: std::io::Error| TransportError::Refused {
            host: self.role().clone(),
            to: to.to_owned(),
            why: error.to_string(),
        };
        Ok(Box::new(TcpStream::connect(to).await.map_err(refused)?))
    }

    async fn close(&self) {
        self.pool.forget();
    }
}

/// The machine id that a host says it has.
pub(crate) async fn machine_id(transport: &dyn Transport) -> Result<String, TransportError> {
    let said = transport.exec(Command::read("cat /etc/machine-id 2>/dev/null || :"), None).await?;
    Ok(said.text().trim().to_owned())
}

/// Starts shells on this machine.
pub(crate) struct Spawner {
    pub(crate) role: Role,
    /// Where the shells are at home; none: where the operator is.
    pub(crate) home: Option<PathBuf>,
}

#[async_trait]
impl Opener for Spawner {
    async fn open(&self, command: &(dyn Fn(u64) -> String + Send + Sync)) -> Result<Channel, TransportError> {
        let link = 0;
        let mut process = detached("/bin/sh");
        process.arg("-c").arg(command(link));
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(home) = &self.home {
            // What is in its `bin` stands in for the machine's own commands.
            let path = std::env::var("PATH").unwrap_or_default();
            process.env("PATH", format!("{}/bin:{path}", home.display()));
            process.env("HOME", home).current_dir(home);
        }
        let cannot = |why: String| TransportError::Unusable { host: self.role.clone(), why };
        let mut child = process.spawn().map_err(|error| cannot(format!("starting a shell: {error}")))?;
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(cannot("starting a shell: no pipes".to_owned()));
        };
        Ok(Channel {
            input: Box::new(input),
            output: Box::new(output),
            errors: Box::new(errors),
            link,
            gone: Vec::new(),
            _keep: Box::new(child),
        })
    }

    async fn stands(&self, _link: u64) -> bool {
        true
    }
}

/// A process in a session of its own, so that the terminal's Ctrl-C is ours alone and nothing in it can ask the terminal anything. Where
/// there is no `setsid` at least its process group is its own.
#[expect(clippy::disallowed_methods, reason = "one of the homes of local processes")]
fn detached(program: &str) -> Child {
    let setsid = ["/usr/bin/setsid", "/bin/setsid"].into_iter().find(|path| Path::new(path).exists());
    if let Some(setsid) = setsid {
        let mut process = Child::new(setsid);
        process.arg(program);
        return process;
    }
    let mut process = Child::new(program);
    process.process_group(0);
    process
}
