//! What a book looks like, for whoever has the actions that belong into it.

use crate::model::form::Key;

use super::{phase, step, substep, top};

/// The keys of a book's parts, the actions left out.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// At the top.
    pub book: &'static [Key],
    /// Of a phase.
    pub phase: &'static [Key],
    /// Of what stands in the place of a phase.
    pub include: &'static [Key],
    /// Of a step.
    pub step: &'static [Key],
    /// Of a step of `verify` or `undo`.
    pub part: &'static [Key],
}

/// What the loader goes by.
pub const DECLARED: Declared = Declared {
    book: &top::KEYS,
    phase: &phase::KEYS,
    include: &phase::INCLUDE,
    step: &step::KEYS,
    part: &substep::KEYS,
};
