//! The documentation holds: every example in it is read as the tool reads it, and every link leads somewhere.

#![expect(clippy::disallowed_methods, reason = "tests look at what is there, whoever made it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod actions;
mod blocks;
mod commands;
mod examples;
mod links;
mod reference;
mod schema;
mod sessions;
