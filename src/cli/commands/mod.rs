//! The commands, one file each.

pub(crate) mod abandon;
pub(crate) mod by_hand;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod due;
mod earlier;
mod follow;
mod hosts;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod new;
mod outline;
pub(crate) mod plan;
mod preview;
mod put;
mod records;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod status;
