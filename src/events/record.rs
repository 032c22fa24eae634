//! Durable facts. A record is written before it is shown, and never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{PhaseId, Role, RunId, StepId, UnitId};

pub use super::kept::{Account, Keepsake};
use super::preview::Preview;

/// A record as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its position in the run, from 1.
    pub seq: u64,
    /// When it was written, by the operator's clock.
    pub at: Timestamp,
    /// Who wrote it: `user@machine`.
    pub who: String,
    /// SHA-256, in hex, of the entry before it; empty for the first.
    pub previous: String,
    /// What happened.
    pub record: Record,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// The run began. All that decides what it does is in here, secrets by name only.
    Started(Box<Started>),
    /// A role was tied to the machine that it is.
    Pinned {
        /// The role.
        role: Role,
        /// The host key's fingerprint, `SHA256:…`.
        host_key: String,
        /// `/etc/machine-id`.
        machine_id: String,
    },
    /// The run went on in another process.
    Resumed {
        /// What the book says now, where it was edited since.
        edited: Option<Box<Edited>>,
    },
    /// A phase began.
    PhaseEntered {
        /// Which.
        phase: PhaseId,
    },
    /// A gate was answered.
    Answered {
        /// The gate: the id of its phase or step.
        gate: String,
        /// What was said.
        answer: Answer,
    },
    /// The list of a `foreach` was worked out: once, and kept.
    Listed {
        /// The step.
        step: StepId,
        /// Its items.
        items: Vec<serde_json::Value>,
    },
    /// A step's checkpoint was passed: the point just before it.
    CheckpointReached {
        /// The checkpoint.
        name: String,
        /// The step.
        step: StepId,
    },
    /// A unit is about to be applied, and this is how it will be taken back. Comes before the first byte that changes anything.
    Intended {
        /// The unit.
        unit: UnitId,
        /// Which try, from 1. Later tries carry the reversal of the first.
        attempt: u32,
        /// How to take it back.
        reversal: Box<Reversal>,
        /// What this try is about to do, rendered and masked, for whoever looks back at the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preview: Option<Box<Preview>>,
    },
    /// A durable job is about to be launched for the unit.
    Sent {
        /// The unit.
        unit: UnitId,
        /// Its folder on the host, and whatever else finds it again.
        job: serde_json::Value,
    },
    /// How applying a unit ended.
    Settled {
        /// The unit.
        unit: UnitId,
        /// How.
        outcome: Outcome,
    },
    /// The unit was already as asked: nothing was changed.
    Satisfied {
        /// The unit.
        unit: UnitId,
        /// What earlier steps left for later ones, where it leaves something even so.
        outputs: Box<Outputs>,
    },
    /// The unit could not be begun: nothing was changed.
    Blocked {
        /// The unit.
        unit: UnitId,
        /// Everything a person needs to know.
        failure: Box<Failure>,
    },
    /// What became of a try could not be found out, or another could not be begun: it stands as it did.
    Unsettled {
        /// The unit.
        unit: UnitId,
        /// Everything a person needs to know.
        failure: Box<Failure>,
    },
    /// The unit is left out.
    Skipped {
        /// The unit.
        unit: UnitId,
        /// Why: its `when`, the operator, `--tags`.
        why: String,
    },
    /// A wait or a person's step holds the run.
    Waiting {
        /// The unit.
        unit: UnitId,
        /// Until when; none: until somebody answers.
        until: Option<Timestamp>,
        /// For what, where it is not the time itself that is waited for: then the wait is over by `until` at the latest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        what: Option<String>,
    },
    /// A failed or uncertain unit is to be tried again, as the operator asked.
    Reopened {
        /// The unit.
        unit: UnitId,
    },
    /// The process ended with the run parked.
    Parked {
        /// What for.
        why: String,
        /// The time it waits for, if it is a time.
        until: Option<Timestamp>,
    },
    /// The process ended before the run did.
    Stopped {
        /// Why: a failed unit, Ctrl-C.
        why: String,
    },
    /// The run is taken back.
    RollbackBegun {
        /// To just before that step; none: to the start.
        to: Option<StepId>,
    },
    /// A unit is about to be taken back.
    UndoIntended {
        /// The unit.
        unit: UnitId,
        /// The try, from 1.
        attempt: u32,
    },
    /// A unit was taken back.
    Undone {
        /// The unit.
        unit: UnitId,
        /// Something to tell: 'was already as before'.
        note: String,
    },
    /// A unit could not be taken back.
    Stuck {
        /// The unit.
        unit: UnitId,
        /// Why not.
        why: String,
        /// Whether its host could not be asked: what was begun may be done or go on, and is found again by the same try.
        #[serde(default)]
        unsure: bool,
    },
    /// The rollback is over.
    RollbackEnded {
        /// Whether all was taken back.
        complete: bool,
        /// Who could not be asked to remove what was kept for undo: another rollback does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Account>,
    },
    /// What the run keeps on hosts for its undo is removed: from here on it cannot be taken back.
    CleaningBegun,
    /// That was done.
    Cleaned {
        /// What was removed.
        removed: Vec<Keepsake>,
        /// Whose things are still there: another `clean` removes them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Account>,
    },
    /// A probe of the book's `watch` says something else than before, or something for the first time.
    Watched {
        /// Its name.
        probe: String,
        /// Whether what it looks at is as expected.
        up: bool,
        /// Why not; empty where it is.
        why: String,
        /// Since when: down since the look began that shows it, up since the look ended.
        since: Timestamp,
    },
    /// Nobody has watched from then until now: the process that did is gone.
    Unwatched {
        /// When it was heard of last.
        since: Timestamp,
    },
    /// The book's `notify` was told that the run is due.
    ToldDue {
        /// The time that has come.
        until: Timestamp,
    },
    /// The run is over.
    Finished {
        /// Temporary changes still open.
        open: u32,
    },
    /// The run was given up as it is.
    Abandoned {
        /// Why.
        note: String,
    },
}

/// All that decides what a run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The run.
    pub run: RunId,
    /// The version of these records.
    pub format: u32,
    /// The version of the tool.
    pub tool: String,
    /// The book's name, rendered.
    pub name: String,
    /// The book's path, absolute.
    pub path: String,
    /// Every file that the book was read from and that its steps send, by path: the text where it is text of the book.
    pub files: BTreeMap<String, String>,
    /// `--var`, as given.
    pub vars: BTreeMap<String, serde_json::Value>,
    /// `--host`, as given, in the form the language's `hosts:` has.
    pub hosts: BTreeMap<String, serde_json::Value>,
    /// `--answers`, as given.
    pub answers: serde_json::Value,
    /// Other arguments that decide what is run: `--from`, `--only`, `--tags`, `--skip-tags`.
    pub selection: Selection,
    /// HMAC of each secret's value by name, under the run's own salt: tells that it changed, not what it is.
    pub secrets: BTreeMap<String, String>,
    /// The fingerprint of each step, as written: an edit of a finished one is noticed on resume.
    pub fingerprints: BTreeMap<StepId, String>,
    /// Phases, steps and units as they were planned, for whoever shows the run without the book.
    pub outline: Vec<OutlinePhase>,
    /// When rollback has to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// What a book says after it was edited: takes the place of what [`Started`] says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    /// The fingerprint of each step.
    pub fingerprints: BTreeMap<StepId, String>,
    /// Its files.
    pub files: BTreeMap<String, String>,
    /// Its phases and steps as they are planned now.
    pub outline: Vec<OutlinePhase>,
    /// When rollback has to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// Which steps are run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// From this step on.
    pub from: Option<StepId>,
    /// Only these.
    pub only: Vec<StepId>,
    /// Only those with one of these tags.
    pub tags: Vec<String>,
    /// Not those with one of these.
    pub skip_tags: Vec<String>,
}

/// A phase as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlinePhase {
    /// Its id.
    pub id: PhaseId,
    /// Its name.
    pub name: String,
    /// Its steps.
    pub steps: Vec<OutlineStep>,
}

/// A step as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// Its id.
    pub id: StepId,
    /// Its name.
    pub name: String,
    /// Its action's key.
    pub action: String,
    /// `file:line` where it stands.
    pub place: String,
    /// The hosts it acts on; empty: on none.
    pub hosts: Vec<Role>,
    /// The temporary step that it restores.
    pub restores: Option<StepId>,
    /// Until when its change is temporary, if it is.
    pub temporary: Option<String>,
    /// Why there is no way back past it, if there is none.
    pub irreversible: Option<String>,
    /// How many of its hosts may fail.
    pub max_failures: u32,
    /// What its failure leads to.
    pub on_failure: crate::model::OnFailure,
}

/// What a person, or `--answers`, said at a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Answer {
    /// Go on.
    Yes {
        /// On whose word: the terminal, the answers file, `--yes`.
        by: String,
    },
    /// Not now.
    No,
}

/// How to take a unit back. Durable before the unit is applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reversal {
    /// The action that knows how, by its key.
    pub action: String,
    /// What the action captured, in its own form.
    pub data: Undo,
    /// The user that the unit acts as.
    pub become_user: Option<String>,
    /// What will be done, rendered and masked, for people.
    pub summary: String,
    /// Whether the step's `verify` held before: then it cannot settle what happened after a crash.
    pub verify_held_before: bool,
    /// The service that this restarts or reloads: its undo is postponed (see the ordering rule of rollback).
    pub restarts: Option<String>,
    /// What the action captured, where `data` does not hold it: what it may leave on its way is removed by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<serde_json::Value>,
}

impl Reversal {
    /// What the action captured, if it did.
    #[must_use]
    pub fn captured(&self) -> Option<&serde_json::Value> {
        match &self.data {
            Undo::Captured { data } => Some(data),
            _ => self.captured.as_ref(),
        }
    }
}

/// What takes a unit back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Undo {
    /// The action's own undo, with what it captured.
    Captured {
        /// In the action's own form.
        data: serde_json::Value,
    },
    /// The step's own `undo:`, rendered when the unit was applied: calls of actions in order.
    Written {
        /// Each with the hosts it acts on.
        calls: Vec<UndoCall>,
    },
    /// It took a temporary change back: taking it back in turn applies that change again.
    Again {
        /// The unit of the temporary step.
        unit: UnitId,
    },
    /// It changes nothing.
    Nothing,
    /// There is no way back.
    None {
        /// Why.
        why: String,
    },
}

/// One call of an action that takes a unit back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoCall {
    /// The host; none where the action acts on none.
    pub host: Option<Role>,
    /// The user to act as.
    pub become_user: Option<String>,
    /// The action, rendered, its secrets still by name.
    pub call: crate::model::ActionCall,
}

/// How applying a unit ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Outcome {
    /// It was applied and holds.
    Applied {
        /// What it leaves for later steps.
        outputs: Box<Outputs>,
        /// A note: `marked done by hand`, `found done after a crash`.
        note: Option<String>,
    },
    /// It failed.
    Failed {
        /// Everything a person needs to know.
        failure: Box<Failure>,
    },
    /// It may have been applied or not.
    Unsure {
        /// Why that is not known.
        why: String,
    },
}

/// A failed unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A lower-case fragment.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The command as rendered, masked.
    pub command: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The last lines of its stderr, masked.
    pub stderr: String,
    /// Whether it was applied, and only what should hold afterwards does not: it is not applied again unless somebody asks for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub applied: bool,
    /// Whether it is certain that this try has changed nothing: then there is nothing to take back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untouched: bool,
}

/// What a unit leaves for the templates of later steps, masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// What it wrote to stdout, up to 1 MiB, without the last newline.
    pub stdout: String,
    /// What it wrote to stderr, up to 1 MiB, without the last newline.
    pub stderr: String,
    /// Its exit code, where it has one.
    pub exit_code: Option<i32>,
    /// Whether it changed anything.
    pub changed: bool,
    /// What a person answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// What a person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the action leaves besides, by name: the keys stand beside `stdout` in `steps.ID`. Those that its kind declares in `OUTPUTS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
    /// The largest TTL, in seconds, that resolvers may still hold: as seen before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
}
