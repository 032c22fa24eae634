//! A report before it is HTML or Markdown: everything that both say, in words.

use serde::Serialize;

use super::moment::Moment;
use super::timeline::Timeline;
use super::words::{Outcome, Tone, Word};

/// A report before it is HTML or Markdown.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub(super) name: String,
    pub(super) run: String,
    pub(super) outcome: Outcome,
    /// What to type next.
    pub(super) next: String,
    /// When, how long, by whom.
    pub(super) facts: Vec<Fact>,
    /// Variables that were given with the command, by name.
    pub(super) given_vars: Vec<Fact>,
    pub(super) given_hosts: Vec<GivenHost>,
    pub(super) probes: Vec<Probe>,
    /// Temporary changes that are still there.
    pub(super) open: Vec<Open>,
    pub(super) timeline: Timeline,
    pub(super) answers: Vec<Answered>,
    pub(super) phases: Vec<Phase>,
    pub(super) undone: Vec<Undone>,
    pub(super) way_back: Vec<WayBack>,
    /// Since when what was kept for that is removed.
    pub(super) cleaned: Option<Moment>,
    /// Where things are left that were kept for undo.
    pub(super) left: Vec<String>,
    pub(super) hosts: Vec<Host>,
    pub(super) totals: Vec<Fact>,
    pub(super) zone: String,
    pub(super) written: Moment,
    pub(super) tool: String,
    pub(super) records: usize,
    /// The hash of the newest record.
    pub(super) hash: String,
}

/// Something that is so.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
}

/// Where a role was said to be, with the command.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GivenHost {
    pub(super) role: String,
    /// The destination, as ssh takes it.
    pub(super) ssh: String,
    /// What else was said of it; its variables by `vars.NAME`.
    pub(super) more: Vec<Fact>,
}

/// A probe and its sums.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Probe {
    pub(super) name: String,
    pub(super) tone: Tone,
    pub(super) state: String,
    pub(super) down: String,
    pub(super) outages: u32,
    pub(super) longest: String,
    pub(super) unwatched: String,
    pub(super) spells: Vec<Outage>,
}

/// A time that a probe was down, or that nobody watched.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outage {
    pub(super) at: Moment,
    pub(super) took: String,
    pub(super) what: &'static str,
    pub(super) why: String,
}

/// A temporary change that is still there.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Open {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) host: String,
    pub(super) until: String,
    pub(super) since: Option<Moment>,
}

/// What somebody said.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answered {
    pub(super) at: Moment,
    pub(super) who: String,
    pub(super) to: String,
    pub(super) words: String,
}

/// A phase.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Phase {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) began: Option<Moment>,
    pub(super) took: Option<String>,
    pub(super) over: usize,
    pub(super) steps: Vec<Step>,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) action: String,
    pub(super) place: String,
    pub(super) hosts: Vec<String>,
    pub(super) word: Word,
    /// `2 applied, 1 failed`, where it has several units.
    pub(super) counts: String,
    pub(super) took: Option<String>,
    /// What is to be known of it besides: a point of no return, a temporary change.
    pub(super) marks: Vec<Fact>,
    /// Whether it is unfolded from the start.
    pub(super) open: bool,
    pub(super) units: Vec<Unit>,
}

/// A step on one host for one item.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unit {
    /// Its host and item; empty where the step has neither.
    pub(super) label: String,
    pub(super) word: Word,
    pub(super) took: Option<String>,
    pub(super) scenes: Vec<Part>,
}

/// Something that happened to a unit.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) at: Moment,
    pub(super) who: String,
    pub(super) tone: Tone,
    pub(super) words: String,
    pub(super) took: Option<String>,
    /// What somebody, or the action, remarked; may be empty.
    pub(super) note: String,
    pub(super) change: Option<Change>,
    pub(super) failure: Option<Failure>,
    pub(super) outputs: Vec<Output>,
    /// What a person answered.
    pub(super) answers: Vec<Fact>,
}

/// What was about to be done.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Change {
    pub(super) summary: String,
    /// A script, or whatever else it is; empty where the summary says it all.
    pub(super) lines: Vec<DiffLine>,
    pub(super) is_diff: bool,
    /// All lines as one text.
    pub(super) text: String,
    /// How many bytes are left out after that.
    pub(super) left_out: usize,
}

/// A line of a diff.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DiffLine {
    /// `add`, `del`, `hunk`, or nothing.
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Why it failed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) hint: String,
    /// The command, where the change does not tell it.
    pub(super) command: String,
    /// The last lines of stderr, where the output does not tell them.
    pub(super) stderr: String,
}

/// What was said on a stream.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Output {
    pub(super) stream: String,
    pub(super) lines: usize,
    pub(super) head: String,
    /// How many bytes are left out after the beginning.
    pub(super) left_out: usize,
    pub(super) tail: String,
}

/// A unit that was taken back, or should have been.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Undone {
    pub(super) at: Moment,
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) host: String,
    pub(super) tone: Tone,
    pub(super) words: String,
}

/// What rollback would take back.
#[derive(Clone, Debug, Serialize)]
pub(super) struct WayBack {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) host: String,
    pub(super) tone: Tone,
    pub(super) how: String,
    /// The script, where the way back is one.
    pub(super) script: String,
    /// Why there is no way back past it; empty where there is.
    pub(super) irreversible: String,
    /// The checkpoints just before its step.
    pub(super) checkpoints: Vec<String>,
}

/// Which machine a role was.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Host {
    pub(super) role: String,
    pub(super) key: String,
    pub(super) machine_id: String,
}
