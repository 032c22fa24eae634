//! Hosts over SSH, by the user's own ssh and its configuration.

mod dial;
mod links;
mod master;
mod options;
mod transport;
mod words;

pub use options::{OnReconnect, SshOptions};
pub use transport::Ssh;
