//! `http`: a request, and what its answer is held to.

mod action;
mod connect;
mod decode;
mod exchange;
mod expect;
#[cfg(fuzzing)]
pub mod fuzzing;
mod outputs;
mod request;
mod tls;
mod trouble;
mod url;

pub use action::Http;
