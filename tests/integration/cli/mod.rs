//! The command `runbook`, from what is typed to what is seen.

mod arguments;
mod by_hand;
mod check;
mod clean;
mod demo;
mod draft;
mod edits;
mod foreseen;
mod hosts;
mod include;
pub(crate) mod journal;
mod log;
mod notify;
mod output;
mod pinned;
mod report;
mod rollback;
mod run;
mod secrets;
mod show;
mod signals;
mod typing;
mod waiting;
