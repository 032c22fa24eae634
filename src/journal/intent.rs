//! The journal's word that a unit's way back is durable.

use crate::base::UnitId;

/// Allows a unit to be changed. Only the journal makes one, after the reversal has been written; `settle` takes it back. One that is
/// dropped leaves its unit in flight, which is what it is.
#[must_use = "a unit that is not settled stays in flight"]
#[derive(Debug)]
pub struct Intent {
    unit: UnitId,
    attempt: u32,
}

impl Intent {
    /// Made by the journal alone, once the record that announces the unit is durable.
    pub(super) fn new(unit: UnitId, attempt: u32) -> Self {
        Self { unit, attempt }
    }

    /// Gives the unit up: it is settled now.
    pub(super) fn into_unit(self) -> UnitId {
        self.unit
    }

    /// The unit that may be changed.
    #[must_use]
    pub fn unit(&self) -> &UnitId {
        &self.unit
    }

    /// Which try, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Allows what the run keeps for undo to be removed. Only the journal makes one, after it has written that the run cannot be taken back any more.
#[derive(Debug)]
pub struct Cleaning(());

impl Cleaning {
    /// Made by the journal alone.
    pub(super) fn new() -> Self {
        Self(())
    }

    /// The same of what one unit keeps.
    pub fn of(&self, unit: &UnitId) -> Intent {
        Intent::new(unit.clone(), 0)
    }
}
