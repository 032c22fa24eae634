//! The operator: the only place that prompts.

mod editor;
mod failure;
mod gate;
mod person;
mod task;

pub(crate) use editor::Mending;
pub(crate) use person::{Person, ShellWords};
