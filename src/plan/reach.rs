//! Which hosts a step reaches.

use std::collections::BTreeSet;

use crate::base::Role;

use super::check::{named_within, parts};
use super::planned::{Plan, PlannedStep};

impl Plan {
    /// Every role that a step is known to reach, `local` among them: those that it acts on, and those that its action, its checks and its
    /// undo name. What a template names only once it is rendered is not among them.
    #[must_use]
    pub fn reached(&self, step: &PlannedStep) -> BTreeSet<Role> {
        let mut roles: BTreeSet<Role> = step.hosts.iter().cloned().collect();
        for part in parts::of(&step.step) {
            roles.extend(self.roles(part.on));
            roles.extend(self.roles(&named_within(&part.call)));
        }
        roles.retain(|role| role.is_local() || self.host(role).is_some());
        roles
    }
}
