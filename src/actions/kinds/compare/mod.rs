//! `compare`: what two scripts say has to be the same.

mod action;
mod difference;
mod gather;

pub use action::Compare;
