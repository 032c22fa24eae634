//! First drafts of runbooks: one to start from, and what a plan in prose comes to.

mod hosts;
mod import;
mod markdown;
mod outline;
mod start;
mod write;

pub use import::{ImportError, MAX_BYTES, import};
pub use start::starting_point;
