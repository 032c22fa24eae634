//! What a unit of a dry run looks at and leaves: the previews of later ones build on those of earlier ones.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::actions::{Expected, Leaves, Standing, Thing};
use crate::base::{Role, StepId};

use super::world::lock;

/// A look of a dry run, by what the steps before are expected to leave.
pub(super) struct Ahead<'a> {
    expected: &'a Expected,
    gathered: Mutex<Gathered>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The things that were asked about.
    pub(super) asked: BTreeSet<(Role, Thing)>,
    /// The steps that leave them otherwise than they are.
    pub(super) after: BTreeSet<StepId>,
    /// What the unit leaves itself.
    pub(super) leaves: Vec<Leaves>,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(expected: &'a Expected) -> Self {
        Self { expected, gathered: Mutex::default() }
    }

    /// How a thing will be by then.
    pub(super) fn expected(&self, role: &Role, thing: &Thing) -> Option<(StepId, Standing)> {
        let mut gathered = lock(&self.gathered);
        gathered.asked.insert((role.clone(), thing.clone()));
        let said = self.expected.at(role, thing)?;
        gathered.after.insert(said.0.clone());
        Some(said)
    }

    /// Takes down what the unit leaves.
    pub(super) fn leave(&self, leaves: Vec<Leaves>) {
        lock(&self.gathered).leaves = leaves;
    }

    /// What came of it.
    pub(super) fn gathered(self) -> Gathered {
        self.gathered.into_inner().unwrap_or_default()
    }
}

impl Gathered {
    /// Whether it would come out otherwise now.
    pub(super) fn is_concerned(&self, expected: &Expected) -> bool {
        self.asked.iter().any(|(role, thing)| expected.concerns(role, thing))
    }
}
