//! A folder with a runbook in it, hosts that are real, and the command `runbook`.

mod ran;
mod test;
mod typing;

pub(crate) use ran::Ran;
pub(crate) use test::Test;
