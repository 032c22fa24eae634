//! A host over SSH.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::Role;
use crate::transport::command::{Duplex, Identity};
use crate::transport::local::machine_id;
use crate::transport::pool::Pool;
use crate::transport::{Command, Output, Process, Sink, Transport, TransportError};

use super::links::Links;
use super::master::Target;
use super::options::SshOptions;

/// A host over SSH. It connects when it is first used, and again when the connection is lost.
pub struct Ssh {
    pool: Arc<Pool<Links>>,
}

impl Ssh {
    /// The way to `destination`: whatever `ssh` accepts, `user@host`, an alias of its configuration, or `ssh://user@host:port`.
    #[must_use]
    pub fn new(role: Role, destination: impl Into<String>, port: Option<u16>, options: SshOptions) -> Self {
        let tenure = options.tenure.clone();
        let target = Target { destination: destination.into(), port, options };
        Self { pool: Pool::new(role.clone(), Links::new(role, target), tenure) }
    }
}

#[async_trait]
impl Transport for Ssh {
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
        // The id first: its command finds out whether the connection still stands.
        let machine_id = machine_id(self).await?;
        Ok(Identity { host_key: self.pool.opener().key().await?, machine_id })
    }

    async fn dial(&self, to: &str) -> Result<Box<dyn Duplex>, TransportError> {
        self.pool.is_ours().await?;
        Ok(Box::new(self.pool.opener().dial(to).await?))
    }

    async fn close(&self) {
        self.pool.forget();
        self.pool.opener().close().await;
    }
}
