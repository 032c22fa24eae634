//! `service`: units of systemd.

mod action;
mod back;
mod unit;

pub use action::Service;
pub use back::Undo;
pub use unit::Unit;
