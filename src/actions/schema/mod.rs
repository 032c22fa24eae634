//! The language as a whole, the book as the loader declares it and each action as it declares itself: as JSON Schema and as a reference.

mod json;
mod markdown;
mod parts;

pub use json::document;
pub use markdown::reference;
