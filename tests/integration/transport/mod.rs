//! Reaching hosts, by way of real shells and a real sshd.

mod job;
mod pipes;
mod shell;
mod ssh;
pub(crate) mod sshd;
mod tenure;
