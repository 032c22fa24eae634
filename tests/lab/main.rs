//! Migrations between real hosts: the lab of `tests/lab/lab`, and the real binary where its operator sits. Needs root; without it each
//! test says loudly that it did not test.

#![expect(clippy::disallowed_methods, reason = "tests look at what is there, whoever made it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "tests/actions/mod.rs"]
mod actions;
#[path = "tests/banks.rs"]
mod banks;
#[path = "tests/claims.rs"]
mod claims;
#[path = "tests/clean.rs"]
mod clean;
#[path = "../faults/mod.rs"]
mod faults;
#[path = "tests/gearman.rs"]
mod gearman;
#[path = "tests/hostile.rs"]
mod hostile;
#[path = "tests/lab.rs"]
mod lab;
#[path = "tests/migration.rs"]
mod migration;
#[path = "tests/operator.rs"]
mod operator;
#[path = "tests/promises.rs"]
mod promises;
#[path = "tests/reboot.rs"]
mod reboot;
#[path = "tests/secrets.rs"]
mod secrets;
#[path = "tests/survey.rs"]
mod survey;
mod table;
#[path = "tests/watch.rs"]
mod watch;
