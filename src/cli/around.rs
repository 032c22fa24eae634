//! What a command reaches the world by, for a program that has to stand in between.

use std::sync::Arc;

use crate::journal::Store;
use crate::transport::Transport;

/// Wraps the journal and the ways to hosts. The sweep of faults does: it counts what passes, and ends the process there.
pub trait Around: Send + Sync {
    /// Where runs are kept.
    fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;

    /// A way to a host.
    fn transport(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport>;
}

/// Nothing in between: the command as everybody has it.
pub(crate) struct Plainly;

impl Around for Plainly {
    fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        store
    }

    fn transport(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        transport
    }
}
