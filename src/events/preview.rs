//! What would happen: the dry run's words, shown at gates too.

use serde::{Deserialize, Serialize};

use crate::base::{PhaseId, StepId, UnitId};

/// What a unit would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// In a line: 'write /etc/apache2/sites-enabled/default.conf (1.2 KiB, root:root, 0644)'.
    pub summary: String,
    /// Unified diff, rendered script or itemised list; may be empty.
    pub detail: String,
    /// How it will be taken back, in a line.
    pub undo: String,
}

/// What is foreseen for a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// The unit.
    pub unit: UnitId,
    /// Its step's name.
    pub name: String,
    /// Its action's key.
    pub action: String,
    /// `file:line` where the step stands.
    pub place: String,
    /// What will happen to it.
    pub foresight: Foresight,
    /// The steps before it that leave something that it looks at otherwise than it is now: what is foreseen builds on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepId>,
    /// Why there is no way back past it, if the step says so.
    pub irreversible: Option<String>,
    /// Whether a gate stands before it.
    pub gated: bool,
    /// The phase that begins with it, where a gate stands before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_gate: Option<PhaseGate>,
}

/// A phase with a gate before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseGate {
    /// Its id.
    pub phase: PhaseId,
    /// Its name.
    pub name: String,
    /// `file:line` where the gate stands.
    pub place: String,
}

/// What will happen to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "foresight", rename_all = "snake_case")]
pub enum Foresight {
    /// It would change something.
    WouldChange {
        /// What.
        preview: Preview,
        /// Whether it could be taken back.
        reversible: bool,
    },
    /// It is already as asked, or was done in this run.
    AsAsked,
    /// It would be left out.
    LeftOut {
        /// Why.
        why: String,
    },
    /// It cannot be known until that step has run.
    UnknownUntil {
        /// The step.
        step: StepId,
        /// What is known even so: what would be done, rendered as far as it can be; may be empty.
        #[serde(default)]
        known: String,
    },
    /// It could not be done as things stand; an earlier step may change that.
    Blocked {
        /// Why.
        why: String,
        /// Whether an earlier step of the run would change something on that host.
        may_clear: bool,
    },
    /// It waits: for a time or a person.
    Waits {
        /// For what.
        what: String,
    },
}
