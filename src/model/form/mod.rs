//! What the language's values look like, said once: the readers know their keys from here, and the JSON Schema and the reference are
//! made of it.

mod declare;
mod reference;
mod schema;
mod walk;

pub use declare::{Form, Key, Named, key, required};
pub use reference::{Place, Reference, anchor};
pub use schema::{Schemas, mapping, schema};
pub use walk::{ITEM, Mapping};

#[cfg(test)]
mod tests;
