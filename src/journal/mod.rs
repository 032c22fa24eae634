//! The durable memory of runs: append-only, write-ahead, hash-chained, and in the hands of one process at a time.

pub mod chain;
pub mod error;
pub mod handle;
pub mod intent;
pub mod lease;
pub mod memory;
pub mod sqlite;
pub mod store;

pub use error::JournalError;
pub use handle::{Journal, Listener, load, output};
pub use intent::{Cleaning, Intent};
pub use lease::{Fence, Holder};
pub use memory::MemoryStore;
pub use sqlite::SqliteStore;
pub use store::{OutputKey, Store};
