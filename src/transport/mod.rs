//! Reaching hosts: short scripts over a shell kept open, and durable jobs that outlive the connection.

mod channel;
pub mod command;
mod escalate;
pub mod fake;
pub mod job;
pub mod local;
mod marks;
mod pool;
pub mod process;
mod request;
mod shell;
pub mod ssh;
mod tenure;

pub use command::{Become, Command, Duplex, Effect, Identity, Output, Sink, Stream, Transport, TransportError};
pub use fake::Fake;
pub use job::{Job, JobEnd, JobHome, JobId, JobRef, JobSpec, JobState, Offsets, Program};
pub use local::Local;
pub use process::{Ended, Errors, Heard, Process};
pub use ssh::{Ssh, SshOptions};
pub use tenure::{Lease, Tenure};
