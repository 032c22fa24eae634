//! `package`: Debian packages, by apt.

mod action;
mod back;
mod deb;
mod decode;
mod job;
mod keep;
mod look;

pub use action::{Package, Seen};
pub use back::Undo;
