//! `file`: that something is there, or is not; who owns it; where it leads.

mod action;
mod aside;
mod decode;
mod folders;
mod judge;
mod tree;
mod undo;

pub use action::File;
pub use judge::Seen;
pub use undo::Undo;
