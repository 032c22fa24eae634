//! How hosts are reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Role;
use crate::transport::Tenure;

/// Is told of each try to reconnect: which one, from 1, and why it is needed or why the one before failed.
pub type OnReconnect = Arc<dyn Fn(&Role, u32, &str) + Send + Sync>;

/// How hosts are reached, where ssh's own configuration does not say.
#[derive(Clone)]
pub struct SshOptions {
    /// Another configuration than the user's own (`ssh -F`).
    pub config: Option<PathBuf>,
    /// How long a host that was reached before is waited for.
    pub reconnect_timeout: Duration,
    /// Is told of each try to reconnect.
    pub on_reconnect: OnReconnect,
    /// The run that is driven, and by which process; none: nothing is.
    pub tenure: Option<Tenure>,
    /// Where control sockets are kept; none: `$XDG_RUNTIME_DIR` or `/tmp`, in folders that only we may enter.
    pub control_dir: Option<PathBuf>,
}

impl Default for SshOptions {
    fn default() -> Self {
        Self {
            config: None,
            reconnect_timeout: Duration::from_mins(5),
            on_reconnect: Arc::new(|_, _, _| ()),
            tenure: None,
            control_dir: None,
        }
    }
}
