//! `lookup`: what the DNS says of a name, by one server's word, or by that of all who answer for it.

mod action;
mod authority;
mod decode;
mod gather;
mod judge;

pub use action::Lookup;
