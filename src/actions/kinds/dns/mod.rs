//! `dns`: records of a zone, changed by signed dynamic updates.

mod action;
mod asked;
mod back;
mod decode;
mod look;
mod plan;
mod update;

pub use action::Dns;
pub use back::{Touched, Undo};
pub use look::{Seen, There};
