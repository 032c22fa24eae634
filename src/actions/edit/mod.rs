//! What the actions share that edit lines of a file: `line`, `cron` and `hosts_entry`. They read it whole, put it back whole, and take
//! their own edit out of whatever it is by then.

mod back;
mod host;
mod merge;
mod place;
mod text;
mod undo;
mod words;

pub use host::{Edit, Edited, Seen};
pub(super) use merge::likeness;
pub use place::Plan;
pub use text::{Line, Lines};
pub use undo::Undo;
pub use words::{listed, regex};
