//! A run as a page that is worth keeping: what its records tell, made into a model, and that into HTML or Markdown.

mod build;
mod html;
mod markdown;
mod model;
mod moment;
mod source;
mod spells;
mod steps;
mod story;
mod stream;
#[cfg(test)]
mod tests;
mod timeline;
mod way_back;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use model::Report;
pub use source::{OutputOf, Outputs, Source};
pub use stream::Stream;
