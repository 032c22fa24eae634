//! The durable memory of runs.

pub mod intent;

pub use intent::Intent;
