//! `move`: things moved within a file system, several in order as one.

mod action;
mod look;
mod order;

pub use action::{Moves, Undo};
pub use look::{Place, Seen, Thing};
pub use order::Pair;
