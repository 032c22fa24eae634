//! The person at the keyboard, or the answers file in their place. The engine asks; only `cli` prompts.

use async_trait::async_trait;

use crate::actions::Task;
use crate::base::{StepId, UnitId};
use crate::events::record::Failure;
use crate::events::{Foreseen, RunView};

/// Who answers. Silence is never a yes: where nobody is there and nothing was said beforehand, the answer is to park.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Whether a person is there to be asked.
    fn is_present(&self) -> bool;

    /// May the run go past this gate?
    async fn gate(&self, gate: &Gate, view: &RunView) -> GateAnswer;

    /// A unit failed: what now?
    async fn failure(&self, trouble: &Trouble, view: &RunView) -> Remedy;

    /// A person's step: is it done?
    async fn task(&self, unit: &UnitId, name: &str, task: &Task, view: &RunView) -> TaskAnswer;
}

/// A point at which the run asks before it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// By which `--answers` and the journal know it: the id of its phase or step.
    pub id: String,
    /// The name of the phase or step.
    pub title: String,
    /// What is asked.
    pub prompt: String,
    /// The step's or phase's description, in Markdown.
    pub description: Option<String>,
    /// The word that has to be typed back.
    pub typed: Option<String>,
    /// Why there is no way back past it, if there is none: `--yes` does not do.
    pub irreversible: Option<String>,
    /// What comes next, as the dry run would show it.
    pub next: Vec<Foreseen>,
    /// What rollback would take back from here, newest first.
    pub rollback: Vec<UnitId>,
    /// When rollback has to be over, where the book says it.
    pub deadline: Option<String>,
}

/// What was said at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// Go on; on whose word (`terminal`, `answers file`, `--yes`).
    Yes {
        /// On whose word.
        by: String,
    },
    /// Not now.
    No,
    /// Nobody was there to say.
    Silence,
}

/// A unit that failed, could not be begun, or whose outcome is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// The unit.
    pub unit: UnitId,
    /// Its step's name.
    pub name: String,
    /// `file:line` where the step stands.
    pub place: String,
    /// What is known.
    pub failure: Failure,
    /// Whether it may have been applied.
    pub unsure: bool,
    /// Whether trying it again is safe to offer first.
    pub may_retry: bool,
    /// Checkpoints and the start: where rolling back can go.
    pub rollback_targets: Vec<RollbackTarget>,
    /// The ssh destination for a shell on the host.
    pub shell: Option<String>,
}

/// A point that rollback can return to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackTarget {
    /// The checkpoint's name; none: the start.
    pub checkpoint: Option<String>,
    /// Just before this step; none: the start.
    pub step: Option<StepId>,
}

/// What is to be done about a failed unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Try it again, as it is in the book now (edited, if the operator edited it).
    Retry {
        /// Whether the book is to be read again.
        edited: bool,
    },
    /// Leave it out and go on.
    Skip {
        /// Why.
        note: String,
    },
    /// It was done in another terminal.
    MarkDone {
        /// How.
        note: String,
    },
    /// Take the run back.
    RollBack(RollbackTarget),
    /// Stop here, resumable.
    Stop,
}

/// What became of a person's step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskAnswer {
    /// It is done.
    Done {
        /// What was asked, by name.
        answers: std::collections::BTreeMap<String, String>,
        /// A note that is kept.
        note: Option<String>,
        /// On whose word.
        by: String,
    },
    /// It is left out.
    Skip {
        /// A note that is kept.
        note: Option<String>,
    },
    /// Not now: the run parks.
    NotNow,
}
