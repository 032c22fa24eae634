//! The command `runbook`, from what is typed to what is seen.

mod arguments;
mod check;
