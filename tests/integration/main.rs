//! What needs real processes, real shells or a real sshd.

#![expect(clippy::disallowed_methods, reason = "tests look at what is there, whoever made it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod actions;
mod cli;
mod engine;
mod errors;
mod events;
mod support;
mod transport;
