//! `run`: a script, or a program without a shell, as a durable job.

mod action;
mod decode;
mod words;

pub use action::{Run, Seen};
