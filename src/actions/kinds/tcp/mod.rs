//! `tcp`: connects, sends, reads what comes, and closes.

mod action;
mod connect;
mod decode;
mod talk;

pub use action::Tcp;
