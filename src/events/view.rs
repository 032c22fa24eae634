//! The fold of records.

/// A run as its records tell it.
#[derive(Clone, Debug, Default)]
pub struct RunView;
