//! A folder with a runbook in it, hosts that are real, and the command `runbook`.

mod ran;
mod test;
mod typing;

pub(crate) use ran::{Ran, still};
pub(crate) use test::{Going, Test};
