//! What is asked of a host, what comes back, and the trait that every way of reaching one implements.

use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::base::{Role, Secret};

use super::process::Process;

/// A script for a host's `/bin/sh -eu`. It reaches the shell by pipe: never argv, never the host's disk.
#[derive(Clone, Debug)]
pub struct Command {
    /// The script.
    pub script: String,
    /// What the script reads; empty: end of file at once.
    pub stdin: Vec<u8>,
    /// Environment variables, secrets among them; they reach the shell by pipe too.
    pub env: Vec<(String, Secret)>,
    /// The user to act as; none: whoever ssh logs in as.
    pub become_user: Option<Become>,
    /// Whether it may change the host: decides what a lost connection means.
    pub effect: Effect,
    /// After this the script's process group is ended; none: no limit.
    pub timeout: Option<Duration>,
}

/// The user to act as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Become {
    /// The user's name.
    pub user: String,
    /// What sudo asks for; none: `sudo -n`.
    pub password: Option<Secret>,
}

/// Whether a command may change the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads: it is sent again after a lost connection.
    Reads,
    /// It may change something: it is never sent twice.
    Changes,
}

impl Command {
    /// A script that only reads.
    #[must_use]
    pub fn read(script: impl Into<String>) -> Self {
        Self {
            script: script.into(),
            stdin: Vec::new(),
            env: Vec::new(),
            become_user: None,
            effect: Effect::Reads,
            timeout: None,
        }
    }

    /// A script that may change the host.
    #[must_use]
    pub fn change(script: impl Into<String>) -> Self {
        Self { effect: Effect::Changes, ..Self::read(script) }
    }

    /// Gives it something to read.
    #[must_use]
    pub fn stdin(self, stdin: impl Into<Vec<u8>>) -> Self {
        Self { stdin: stdin.into(), ..self }
    }

    /// Adds an environment variable. Values reach scripts as data this way, whatever is in them.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), Secret::new(value.into())));
        self
    }

    /// Acts as another user.
    #[must_use]
    pub fn as_user(self, user: Option<Become>) -> Self {
        Self { become_user: user, ..self }
    }

    /// Limits its time.
    #[must_use]
    pub fn timeout(self, timeout: Option<Duration>) -> Self {
        Self { timeout, ..self }
    }
}

/// What a script left: its whole output and exit code. A death by signal n is 128 + n, as in the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit code.
    pub status: i32,
    /// Everything it wrote to stdout.
    pub stdout: Vec<u8>,
    /// Everything it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether it exited with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == 0
    }

    /// Its stdout as text, invalid bytes replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its stderr as text, invalid bytes replaced.
    #[must_use]
    pub fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// One of a script's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes output as it arrives.
pub trait Sink: Send {
    /// Some bytes of `stream`, in order.
    fn take(&mut self, stream: Stream, bytes: &[u8]);
}

/// A two-way stream of bytes.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Why a host did not do what was asked. Only `Lost` and `Away` leave open whether it did.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// There is no connection and nothing was sent.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// The host.
        host: Role,
        /// In ssh's own words.
        why: String,
    },
    /// The connection was lost after the command may have been sent.
    #[error("lost the connection to {host}: {why}")]
    Lost {
        /// The host.
        host: Role,
        /// What happened.
        why: String,
    },
    /// A job was launched, or may have been, and its host cannot be reached any more: it goes on there without us.
    #[error("{host} cannot be reached any more, and the job may go on there: {why}")]
    Away {
        /// The host.
        host: Role,
        /// What happened.
        why: String,
    },
    /// Another process drives the run now, or it is not known that this one still does: nothing was sent.
    #[error("nothing more is done on {host}: {why}")]
    Superseded {
        /// The host.
        host: Role,
        /// Who has it, or why that is not known.
        why: String,
    },
    /// The command took longer than it may, and was ended.
    #[error("took longer than {limit:?} on {host} and was ended")]
    TimedOut {
        /// The host.
        host: Role,
        /// The limit.
        limit: Duration,
    },
    /// The host's key is not the one that is known: never retried.
    #[error("the host key of {host} is not the known one: {why}")]
    HostKey {
        /// The host.
        host: Role,
        /// In ssh's own words.
        why: String,
    },
    /// sudo does not let us.
    #[error("cannot become {user} on {host}: {why}")]
    Become {
        /// The host.
        host: Role,
        /// The user that was asked for.
        user: String,
        /// In sudo's own words.
        why: String,
    },
    /// The host does not forward to where it was asked to.
    #[error("{host} cannot reach {to}: {why}")]
    Refused {
        /// The host.
        host: Role,
        /// Where to.
        to: String,
        /// Why not.
        why: String,
    },
    /// The host lacks what is needed, or speaks nonsense.
    #[error("{host} cannot be used: {why}")]
    Unusable {
        /// The host.
        host: Role,
        /// What is missing.
        why: String,
    },
}

/// Who a host is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// The fingerprint of the key it proved to hold, as `SHA256:…`; for `local`, empty.
    pub host_key: String,
    /// `/etc/machine-id`; empty where there is none. Clones share one.
    pub machine_id: String,
}

/// A way of reaching one host.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The host's role.
    fn role(&self) -> &Role;

    /// Runs a short script in a shell that is kept open: one round trip. Output goes to `sink` as it arrives, if there is one, and is
    /// returned as a whole otherwise.
    ///
    /// # Errors
    /// Where the host did not do it, or may not have; a script that exits with another code than 0 is no error.
    async fn exec(&self, command: Command, sink: Option<&mut dyn Sink>) -> Result<Output, TransportError>;

    /// Starts a script whose stdin, stdout and stderr are ours to feed and read, for bytes that go from one host to another. It is no
    /// durable job: it ends with the connection, or when the process is dropped. The command's own `stdin` and `timeout` do not count.
    ///
    /// # Errors
    /// Where the host cannot be reached, or may have started it and was lost.
    async fn open(&self, command: Command) -> Result<Process, TransportError>;

    /// Who the host is, by the key of the present connection.
    ///
    /// # Errors
    /// Where it cannot be reached.
    async fn identity(&self) -> Result<Identity, TransportError>;

    /// A connection to `host:port` as the host sees it, through the SSH connection.
    ///
    /// # Errors
    /// Where the host cannot be reached, or refuses to forward.
    async fn dial(&self, to: &str) -> Result<Box<dyn Duplex>, TransportError>;

    /// Ends the connections for good. What runs as a durable job goes on.
    async fn close(&self);
}
