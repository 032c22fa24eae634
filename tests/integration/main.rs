//! What needs real processes, real shells or a real sshd.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod transport;
