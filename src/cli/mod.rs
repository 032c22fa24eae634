//! The command `runbook`: arguments, the operator, exit codes, one file for each command.

mod answers;
mod arguments;
mod around;
mod book;
mod choose;
mod commands;
mod connect;
mod console;
mod context;
mod demo;
mod difference;
mod drive;
mod entry;
mod error;
pub mod exit;
mod inputs;
mod keyboard;
mod manner;
mod notify;
mod operator;
mod pinned;
mod ready;
mod run_id;
mod screen;
mod secrets;
mod signals;
mod state;
mod terminal;
mod variables;
mod who;

pub use around::Around;
pub use entry::{main, main_around};
pub use exit::Exit;
