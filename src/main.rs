//! The command `runbook`.

fn main() {}
