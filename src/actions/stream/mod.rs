//! `stream`: what a script on one host writes, a script on another reads, all of it or nothing.

mod action;
mod decode;
mod ear;
mod relay;
mod report;

pub use action::StreamAction;
