//! `http`: a request, and what its answer is held to.

mod action;
mod connect;
mod decode;
mod exchange;
mod expect;
mod request;
mod url;

pub use action::Http;
