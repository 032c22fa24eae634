//! What things are called in a report, and what to make of them.

use serde::Serialize;

use crate::base::StepId;
use crate::events::UnitState;
use crate::events::view::Status;

/// What to make of something: never said by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tone {
    /// Nothing in particular.
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Doubt,
    /// Wrong.
    Bad,
}

/// A state in a word or two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Word {
    pub(super) tone: Tone,
    /// One sign.
    pub(super) mark: &'static str,
    pub(super) text: &'static str,
}

/// All that can be said of a unit, the worst first: what a step is goes by the worst of its units.
const WORDS: [Word; 12] = [
    word(Tone::Bad, "✗", "could not be undone"),
    word(Tone::Bad, "✗", "failed"),
    word(Tone::Bad, "✗", "could not be begun"),
    word(Tone::Doubt, "?", "not known"),
    word(Tone::Doubt, "…", "under way"),
    word(Tone::Doubt, "…", "being undone"),
    word(Tone::Doubt, "…", "waiting"),
    word(Tone::Plain, "·", "not begun"),
    word(Tone::Plain, "↶", "undone"),
    word(Tone::Good, "✓", "applied"),
    word(Tone::Good, "=", "as asked"),
    word(Tone::Plain, "−", "left out"),
];

const fn word(tone: Tone, mark: &'static str, text: &'static str) -> Word {
    Word { tone, mark, text }
}

/// Where the word of a unit stands among all: smaller is worse.
pub(super) fn rank(state: &UnitState, left_out: bool) -> usize {
    match state {
        UnitState::Stuck(..) => 0,
        UnitState::Failed(..) => 1,
        UnitState::Blocked(_) => 2,
        UnitState::Unsure(..) => 3,
        UnitState::InFlight(_) => 4,
        UnitState::Undoing(..) => 5,
        UnitState::Waiting(_) => 6,
        UnitState::Pending => 7,
        UnitState::Undone => 8,
        UnitState::Applied(_) if left_out => 11,
        UnitState::Applied(_) => 9,
        UnitState::Satisfied => 10,
        UnitState::Skipped => 11,
    }
}

/// The word at that place.
pub(super) fn ranked(rank: usize) -> Word {
    WORDS[rank].clone()
}

/// How it stands with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Outcome {
    pub(super) tone: Tone,
    /// In a word or two.
    pub(super) word: &'static str,
    /// Why, or what of; may be empty.
    pub(super) why: String,
}

/// How it stands with a run.
pub(super) fn outcome(status: &Status) -> Outcome {
    let said = |tone, word, why: String| Outcome { tone, word, why };
    let target =
        |to: &Option<StepId>| to.as_ref().map_or("to the start".to_owned(), |step| format!("to just before {step}"));
    match status {
        Status::Fresh => said(Tone::Plain, "not begun", String::new()),
        Status::Running => said(Tone::Doubt, "running", "or its process died".to_owned()),
        Status::Parked { why, .. } => said(Tone::Doubt, "parked", first(why).to_owned()),
        Status::Stopped { why } => said(Tone::Bad, "stopped", first(why).to_owned()),
        Status::RollingBack { to } => said(Tone::Doubt, "being rolled back", target(to)),
        Status::RolledBack { to, complete: true } => said(Tone::Plain, "rolled back", target(to)),
        Status::RolledBack { to, complete: false } => {
            said(Tone::Bad, "rollback stopped", format!("{}: not all of it could be undone", target(to)))
        }
        Status::Done { open: 0 } => said(Tone::Good, "done", String::new()),
        Status::Done { .. } => said(Tone::Doubt, "done", "but temporary changes are open".to_owned()),
        Status::Abandoned => said(Tone::Plain, "given up", "left as it was".to_owned()),
    }
}

/// The first line of a text.
pub(super) fn first(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default()
}
