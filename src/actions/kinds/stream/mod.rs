//! `stream`: what one end gives, a script or a file, the other takes: all of it or nothing.

mod action;
mod decode;
mod direct;
mod ear;
mod ends;
mod overheard;
mod relay;
mod report;
mod seen;
mod staging;

pub use action::StreamAction;
