//! YAML text to nodes. The parser is serde-saphyr's; its events are read rather than its serde side, because only they tell quoted from plain,
//! keep `0644` as it was written, and go on after a duplicate key.

mod build;
mod explain;
mod parse;
mod place;

pub use parse::{MAX_BYTES, decode_utf8, parse};
pub use place::Places;
