//! Reaching hosts: short scripts over a shell kept open, and durable jobs that outlive the connection.

pub mod command;

pub use command::{Become, Command, Effect, Output, Sink, Stream, Transport, TransportError};
