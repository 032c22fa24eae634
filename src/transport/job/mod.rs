//! Durable remote jobs: they outlive the connection and the controller, are started once, and keep their output and exit code on the host
//! until they are removed.

mod follow;
#[cfg(fuzzing)]
pub mod fuzzing;
mod home;
mod program;
mod run;
mod spec;

pub use home::JobHome;
pub use run::Job;
pub use spec::{Detach, JobEnd, JobId, JobRef, JobSpec, JobState, Offsets, Program, Shell};
