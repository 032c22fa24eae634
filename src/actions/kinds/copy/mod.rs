//! `copy`: a local file, a text, or a file of another host, as a file of a host.

mod action;
mod decode;
mod source;

pub use action::Copy;
