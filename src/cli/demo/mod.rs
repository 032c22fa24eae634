//! `runbook demo`: two hosts of this machine, and what is shown with them.

mod machines;
mod story;

pub(super) use machines::{Machines, TMP};
pub(super) use story::Story;
