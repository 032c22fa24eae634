//! What the language's values look like, said once: the readers know their keys from here, and the JSON Schema is made of it.

mod declare;
mod schema;

pub use declare::{Form, Key, Named, key, required};
pub use schema::{Schemas, mapping, schema};

#[cfg(test)]
mod tests;
