//! Everything as JSON: what `--output json` writes, an object a line. `event` says what it is.

use jiff::Timestamp;
use serde::Serialize;

use crate::base::{PhaseId, RunId, StepId, UnitId};
use crate::events::view::Status;
use crate::events::{Entry, Foreseen, RunView};
use crate::model::Diagnostic;

use super::closing::{Ending, Typing, next};
use super::sums::Sums;

/// A line of JSON. Signs of life are lines of their own kind: [`crate::events::Progress`].
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// A durable fact.
    Record {
        /// As the journal keeps it.
        entry: &'a Entry,
    },
    /// Something is wrong with the book.
    Diagnostic {
        /// What.
        diagnostic: &'a Diagnostic,
    },
    /// What would happen to a unit.
    Foreseen {
        /// What.
        foreseen: &'a Foreseen,
    },
    /// The sums of a dry run.
    Sums {
        /// The sums.
        sums: Sums,
    },
    /// Where a run stands.
    Run {
        /// Where.
        run: Box<RunState>,
    },
    /// How it ended.
    End {
        /// How.
        ending: &'a Ending,
        /// The run, where there is one.
        run: Option<RunId>,
        /// What to type next.
        next: Vec<String>,
    },
}

impl<'a> Event<'a> {
    /// How it ended, and what to type next.
    #[must_use]
    pub fn end(ending: &'a Ending, view: &RunView, typing: Typing<'_>) -> Self {
        let run = view.started.as_ref().map(|started| started.run.clone());
        Self::End { ending, run, next: next(ending, view, typing).into_iter().map(|(_, command)| command).collect() }
    }

    /// Where a run stands.
    #[must_use]
    pub fn run(view: &RunView) -> Self {
        Self::Run { run: Box::new(RunState::of(view)) }
    }

    /// Everything that is foreseen, and the sums.
    #[must_use]
    pub fn foreseen(units: &'a [Foreseen]) -> Vec<Self> {
        let mut events: Vec<Self> = units.iter().map(|foreseen| Self::Foreseen { foreseen }).collect();
        events.push(Self::Sums { sums: Sums::of(units) });
        events
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn diagnostics(found: &'a [Diagnostic]) -> Vec<Self> {
        found.iter().map(|diagnostic| Self::Diagnostic { diagnostic }).collect()
    }
}

/// Where a run stands, for scripts.
#[derive(Debug, Serialize)]
pub struct RunState {
    /// The run.
    pub run: Option<RunId>,
    /// The book's name.
    pub name: Option<String>,
    /// The book's path.
    pub path: Option<String>,
    /// In a word: `running`, `parked`, `stopped`, `rolling_back`, `rolled_back`, `rollback_stopped`, `done`, `abandoned`.
    pub status: &'static str,
    /// Why it is parked or stopped.
    pub why: Option<String>,
    /// When it is due.
    pub until: Option<Timestamp>,
    /// When it began.
    pub began: Option<Timestamp>,
    /// Its newest record's time.
    pub last: Option<Timestamp>,
    /// The phase that was entered last.
    pub phase: Option<PhaseId>,
    /// How many steps are over.
    pub steps_over: usize,
    /// How many there are.
    pub steps: usize,
    /// Every unit that anything happened to.
    pub units: Vec<UnitLine>,
    /// The temporary changes that are open.
    pub temporary: Vec<Open>,
    /// What rollback to the start would take back, newest first.
    pub rollback: Vec<UnitId>,
    /// Where rollback can go.
    pub checkpoints: Vec<Checkpoint>,
}

/// A unit, for scripts.
#[derive(Debug, Serialize)]
pub struct UnitLine {
    /// The unit.
    pub unit: UnitId,
    /// Its state in a word.
    pub state: &'static str,
    /// When its newest try began.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// A remark.
    pub note: Option<String>,
}

/// A temporary change that is open, for scripts.
#[derive(Debug, Serialize)]
pub struct Open {
    /// The unit that made it.
    pub unit: UnitId,
    /// Until when, in the book's words.
    pub until: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// A checkpoint, for scripts.
#[derive(Debug, Serialize)]
pub struct Checkpoint {
    /// Its name.
    pub name: String,
    /// The step that it stands before.
    pub step: StepId,
}

impl RunState {
    /// Where a run stands.
    #[must_use]
    pub fn of(view: &RunView) -> Self {
        let (status, why, until) = status(&view.status);
        let (steps_over, steps) = view.steps_over();
        let started = view.started.as_ref();
        Self {
            run: started.map(|started| started.run.clone()),
            name: started.map(|started| started.name.clone()),
            path: started.map(|started| started.path.clone()),
            status,
            why,
            until,
            began: view.began,
            last: view.last,
            phase: view.phase.clone(),
            steps_over,
            steps,
            units: view
                .units
                .iter()
                .map(|(unit, seen)| UnitLine {
                    unit: unit.clone(),
                    state: seen.state.word(),
                    began: seen.began,
                    ended: seen.ended,
                    note: seen.note.clone(),
                })
                .collect(),
            temporary: view
                .ledger()
                .into_iter()
                .map(|open| Open { unit: open.unit, until: open.until, since: open.since })
                .collect(),
            rollback: view.undo_order(None),
            checkpoints: view
                .checkpoints
                .iter()
                .map(|(name, step)| Checkpoint { name: name.clone(), step: step.clone() })
                .collect(),
        }
    }
}

fn status(status: &Status) -> (&'static str, Option<String>, Option<Timestamp>) {
    match status {
        Status::Fresh => ("fresh", None, None),
        Status::Running => ("running", None, None),
        Status::Parked { why, until } => ("parked", Some(why.clone()), *until),
        Status::Stopped { why } => ("stopped", Some(why.clone()), None),
        Status::RollingBack { .. } => ("rolling_back", None, None),
        Status::RolledBack { complete: true, .. } => ("rolled_back", None, None),
        Status::RolledBack { complete: false, .. } => ("rollback_stopped", None, None),
        Status::Done { .. } => ("done", None, None),
        Status::Abandoned => ("abandoned", None, None),
    }
}
