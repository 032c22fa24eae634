//! Three pipes to a process on a host, and who opens them.

use std::any::Any;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use super::TransportError;

/// Something to read from a process.
pub(crate) type Reader = dyn AsyncRead + Send + Unpin;
/// Something to write to a process.
pub(crate) type Writer = dyn AsyncWrite + Send + Unpin;

/// What a process on a host reads and writes, from this side.
pub(crate) struct Channel {
    /// Its stdin.
    pub(crate) input: Box<Writer>,
    /// Its stdout.
    pub(crate) output: Box<Reader>,
    /// Its stderr.
    pub(crate) errors: Box<Reader>,
    /// Which connection it goes over.
    pub(crate) link: u64,
    /// The connections to the same host that are gone.
    pub(crate) gone: Vec<u64>,
    /// What must live as long as the channel: the process, the connection's permit.
    pub(crate) _keep: Box<dyn Any + Send>,
}

/// Opens channels to one host.
#[async_trait]
pub(crate) trait Opener: Send + Sync + 'static {
    /// Starts a command by the login shell, connecting first where there is no connection. `command` is told which connection that is.
    async fn open(&self, command: &(dyn Fn(u64) -> String + Send + Sync)) -> Result<Channel, TransportError>;

    /// Whether the connection of this number still stands.
    async fn stands(&self, link: u64) -> bool;
}
