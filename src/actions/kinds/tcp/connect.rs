//! The way to a port: from the operator's machine, or as a host sees it.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::names;
use crate::transport::{Duplex, TransportError};

use super::decode::address;

/// How long one address of a name may take to answer, where there are others.
const ONE: Duration = Duration::from_secs(10);

/// Why nothing came of it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The port, or the way to it, is not as it has to be.
    No(String),
    /// It could not even be tried.
    Untried(ActionError),
}

/// Connects to `host:port`: the connection is really there when this returns, through a host too.
pub(super) async fn connect(to: &str, cx: &Read<'_>) -> Result<Box<dyn Duplex>, Trouble> {
    let (name, port) = address(to).map_err(|why| Trouble::Untried(ActionError::failed(format!("`to`: {why}"))))?;
    match cx.env().host.as_ref().filter(|host| !host.role().is_local()) {
        None => directly(&name, port, cx).await,
        Some(host) => match host.dial(to).await {
            Ok(stream) => Ok(stream),
            Err(refused @ TransportError::Refused { .. }) => Err(Trouble::No(refused.to_string())),
            Err(error) => Err(Trouble::Untried(error.into())),
        },
    }
}

async fn directly(name: &str, port: u16, cx: &Read<'_>) -> Result<Box<dyn Duplex>, Trouble> {
    let addresses = names::look_up(name, port, None, None, cx).await.map_err(|error| match error {
        ActionError::Failed(failure) => Trouble::No(failure.why),
        other => Trouble::Untried(other),
    })?;
    let mut failures = Vec::new();
    for address in &addresses {
        let last = failures.len() + 1 == addresses.len();
        let why = match timeout(if last { Duration::MAX } else { ONE }, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What is sent is one piece: nothing is gained by waiting for more.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(stream));
            }
            Ok(Err(error)) => told(&error),
            Err(_) => format!("no answer within {} s", ONE.as_secs()),
        };
        failures.push(format!("cannot connect to {address}: {why}"));
    }
    Err(Trouble::No(failures.join("; ")))
}

/// Without the number.
fn told(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
