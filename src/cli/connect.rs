//! The ways to hosts.

use std::sync::Arc;

use async_trait::async_trait;

use crate::display::Viewer;
use crate::engine::{Connector, Destination};
use crate::events::Progress;
use crate::transport::{Local, Ssh, SshOptions, Transport, TransportError};

use super::around::Around;
use super::error::CommandError;
use super::manner::ReachArguments;

/// The user's own ssh, and this machine's shell.
pub(crate) struct Ways {
    options: SshOptions,
    around: Arc<dyn Around>,
}

impl Ways {
    /// As the arguments say; the screen is told when a host has to be reached again.
    pub(crate) fn new(
        reach: &ReachArguments,
        viewer: Arc<Viewer>,
        around: Arc<dyn Around>,
    ) -> Result<Self, CommandError> {
        if let Some(config) = reach.ssh_config.as_ref().filter(|config| !config.is_file()) {
            return Err(CommandError::wrong(
                format!("--ssh-config {}: there is no such file", config.display()),
                "without it, ssh reads the user's own",
            ));
        }
        let on_reconnect = move |host: &crate::base::Role, attempt: u32, why: &str| {
            viewer.progress(&Progress::Reconnecting { host: host.clone(), attempt, why: why.to_owned() });
        };
        let own = SshOptions::default();
        let options = SshOptions {
            config: reach.ssh_config.clone(),
            reconnect_timeout: reach.reconnect_timeout.unwrap_or(own.reconnect_timeout),
            on_reconnect: Arc::new(on_reconnect),
            ..own
        };
        Ok(Self { options, around })
    }
}

#[async_trait]
impl Connector for Ways {
    async fn connect(&self, host: &Destination) -> Result<Arc<dyn Transport>, TransportError> {
        if host.role.is_local() {
            return Ok(self.around.transport(Arc::new(Local::of_run(host.tenure.clone()))));
        }
        let options = SshOptions { tenure: host.tenure.clone(), ..self.options.clone() };
        let ssh = Ssh::new(host.role.clone(), host.ssh.clone(), host.port, options);
        Ok(self.around.transport(Arc::new(ssh)))
    }
}
