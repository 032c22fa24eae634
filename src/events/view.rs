//! A run as its records tell it. The same fold feeds the live screen, `status`, reports and resume: there is no second truth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{PhaseId, Role, StepId, UnitId};
use crate::model::OnFailure;

use super::record::{Account, Answer, Edited, Entry, Failure, Outcome, OutlineStep, Outputs, Record, Started};
use super::state::{Attempt, Impossible, UnitState, unit_of};
use super::watch::{ProbeView, Seen};

pub use super::status::Status;

/// A run as it stands. What is large in it is shared: each record that comes while somebody looks at the view makes another.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// What it was begun with, and what accepted edits of the book have made of that.
    pub started: Option<Arc<Started>>,
    /// When it began.
    pub began: Option<Timestamp>,
    /// The newest entry's time.
    pub last: Option<Timestamp>,
    /// What it is doing, or how it ended.
    pub status: Status,
    /// Which machine each role is.
    pub pins: BTreeMap<Role, Pin>,
    /// Whose things that were kept for undo the last rollback, or `clean`, could not remove.
    pub left: Vec<Account>,
    /// Since when what undo needs is removed: nothing can be taken back any more.
    pub cleaned: Option<Timestamp>,
    /// What was said at the gates.
    pub answers: BTreeMap<String, Answer>,
    /// The items of each `foreach`.
    pub lists: BTreeMap<StepId, Arc<Vec<serde_json::Value>>>,
    /// The checkpoints passed, in order: name, and the step that they stand before.
    pub checkpoints: Vec<(String, StepId)>,
    /// The phase that was entered last.
    pub phase: Option<PhaseId>,
    /// Every unit that anything happened to.
    pub units: BTreeMap<UnitId, UnitView>,
    /// What each probe of the watch says.
    pub probes: BTreeMap<String, ProbeView>,
    /// The due time that `notify` was told of last.
    pub told_due: Option<Timestamp>,
}

/// A unit as it stands.
#[derive(Clone, Debug, Default)]
pub struct UnitView {
    /// Its state.
    pub state: UnitState,
    /// When its newest try began.
    pub began: Option<Timestamp>,
    /// When it was settled, or taken back.
    pub ended: Option<Timestamp>,
    /// What it left for later steps.
    pub outputs: Option<Arc<Outputs>>,
    /// The entry that settled it, or began it: rollback goes by it, newest first.
    pub completed: u64,
    /// How many tries there were, also before it was taken back.
    pub tries: u32,
    /// How many tries to take it back are settled, or under way.
    pub undo_tries: u32,
    /// Whether the operator asked for another try that has not begun.
    pub reopened: bool,
    /// Whether it was left out, though an earlier try may have changed something: its way back is kept then.
    pub skipped: bool,
    /// A remark: why it was skipped, `marked done by hand`.
    pub note: Option<String>,
    /// Why what became of its newest try could not be found out, or another could not be begun.
    pub unsettled: Option<Arc<Failure>>,
}

/// Which machine a role is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The host key's fingerprint, `SHA256:…`.
    pub host_key: String,
    /// `/etc/machine-id`.
    pub machine_id: String,
}

/// A temporary change that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temporary {
    /// The unit that made it.
    pub unit: UnitId,
    /// Until when, in the book's words; may be empty.
    pub until: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl RunView {
    /// Whether `record` can follow.
    ///
    /// # Errors
    /// Where it cannot: the journal is corrupt, or the caller is wrong.
    pub fn check(&self, record: &Record) -> Result<(), Impossible> {
        if matches!(record, Record::Started(_)) != self.started.is_none() {
            return Err(Impossible { state: self.word(), event: "started, or go on unstarted" });
        }
        let cleans = matches!(record, Record::CleaningBegun | Record::Cleaned { .. });
        if cleans && !self.status.is_over() {
            return Err(Impossible { state: "not over", event: "cleaned" });
        }
        if !cleans && self.cleaned.is_some() {
            return Err(Impossible { state: "cleaned", event: "gone on with, or taken back" });
        }
        match unit_of(record) {
            Some(unit) => self.state_ref(unit).next(record).map(drop),
            None => Ok(()),
        }
    }

    /// Folds an entry in.
    ///
    /// # Errors
    /// Where it cannot follow those before it.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Impossible> {
        self.check(&entry.record)?;
        self.last = Some(entry.at);
        if let Some(unit) = unit_of(&entry.record) {
            let next = self.state_ref(unit).next(&entry.record)?;
            let seen = self.units.entry(unit.clone()).or_default();
            seen.state = next;
            seen.apply(entry);
        }
        self.apply_to_run(entry);
        Ok(())
    }

    fn apply_to_run(&mut self, entry: &Entry) {
        self.apply_to_watch(entry);
        match &entry.record {
            Record::Started(started) => {
                self.started = Some(Arc::new((**started).clone()));
                self.began = Some(entry.at);
                self.status = Status::Running;
            }
            Record::Pinned { role, host_key, machine_id } => {
                let pin = Pin { host_key: host_key.clone(), machine_id: machine_id.clone() };
                self.pins.insert(role.clone(), pin);
            }
            Record::Resumed { edited } => {
                self.status = Status::Running;
                if let (Some(started), Some(edited)) = (&mut self.started, edited) {
                    let Edited { fingerprints, files, outline, deadline } = (**edited).clone();
                    *started = Arc::new(Started { files, fingerprints, outline, deadline, ..(**started).clone() });
                }
            }
            Record::PhaseEntered { phase } => self.phase = Some(phase.clone()),
            Record::Answered { gate, answer } => {
                self.answers.insert(gate.clone(), answer.clone());
            }
            Record::Listed { step, items } => {
                self.lists.insert(step.clone(), Arc::new(items.clone()));
            }
            Record::CheckpointReached { name, step } => self.checkpoints.push((name.clone(), step.clone())),
            Record::Parked { why, until } => self.status = Status::Parked { why: why.clone(), until: *until },
            Record::Stopped { why } => self.status = Status::Stopped { why: why.clone() },
            Record::RollbackBegun { to } => self.status = Status::RollingBack { to: to.clone() },
            Record::RollbackEnded { complete, left } => {
                self.left.clone_from(left);
                let to = match &self.status {
                    Status::RollingBack { to } => to.clone(),
                    _ => None,
                };
                if *complete {
                    self.forget_from(to.as_ref());
                }
                self.status = Status::RolledBack { to, complete: *complete };
            }
            Record::CleaningBegun => self.cleaned = Some(self.cleaned.unwrap_or(entry.at)),
            Record::Cleaned { left, .. } => self.left.clone_from(left),
            Record::ToldDue { until } => self.told_due = Some(*until),
            Record::Finished { open } => self.status = Status::Done { open: *open },
            Record::Abandoned { .. } => self.status = Status::Abandoned,
            _ => {}
        }
    }

    /// Who watches is the process that carries the run on: where it ends, and where it was heard of last, nobody does.
    fn apply_to_watch(&mut self, entry: &Entry) {
        let (since, over) = match &entry.record {
            Record::Watched { probe, up, why, since } => {
                let probe = self.probes.entry(probe.clone()).or_insert_with(|| ProbeView::new(*since));
                probe.saw(*up, why, *since);
                return;
            }
            Record::Unwatched { since } => (*since, false),
            Record::Parked { .. } | Record::Stopped { .. } => (entry.at, false),
            Record::RollbackEnded { .. } | Record::Finished { .. } | Record::Abandoned { .. } => (entry.at, true),
            _ => return,
        };
        self.probes.values_mut().for_each(|probe| probe.unwatched(since, over));
    }

    /// What was rolled back is asked, listed and looked at anew.
    fn forget_from(&mut self, to: Option<&StepId>) {
        let from = to.and_then(|step| self.position(step)).unwrap_or(0);
        let Some(started) = &self.started else { return };
        let mut position = 0;
        let mut gone = Vec::new();
        for phase in &started.outline {
            let begins_after = position >= from;
            for step in &phase.steps {
                if position >= from {
                    gone.push(step.id.clone());
                }
                position += 1;
            }
            if begins_after {
                self.answers.remove(phase.id.as_str());
            }
        }
        for step in gone {
            self.answers.remove(step.as_str());
            self.lists.remove(&step);
            self.checkpoints.retain(|(_, at)| *at != step);
            self.units.retain(|unit, seen| {
                unit.step != step || !matches!(seen.state, UnitState::Satisfied | UnitState::Skipped)
            });
        }
        self.phase = None;
    }

    /// The unit's try `number`, where it is under way.
    #[must_use]
    pub fn under_way(&self, unit: &UnitId, number: u32) -> Option<&Attempt> {
        match self.state_ref(unit) {
            UnitState::InFlight(attempt) if attempt.number == number => Some(attempt),
            _ => None,
        }
    }

    fn state_ref(&self, unit: &UnitId) -> &UnitState {
        self.units.get(unit).map_or(&UnitState::Pending, |seen| &seen.state)
    }

    fn word(&self) -> &'static str {
        if self.started.is_some() { "started" } else { "not started" }
    }

    /// Whether some process watches, or did so until it died.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.probes.values().any(|probe| probe.state != Seen::Unwatched)
    }

    /// The unit that holds the run up, if one does.
    #[must_use]
    pub fn waiting(&self) -> Option<&UnitId> {
        self.units.iter().find(|(_, seen)| matches!(seen.state, UnitState::Waiting(_))).map(|(unit, _)| unit)
    }

    /// How long rollback may take: as long as it took to do what it takes back.
    #[must_use]
    pub fn time_to_undo(&self, order: &[UnitId]) -> Duration {
        let taken = |unit: &UnitId| {
            let seen = self.units.get(unit)?;
            Duration::try_from(seen.ended?.duration_since(seen.began?)).ok()
        };
        order.iter().filter_map(taken).sum()
    }

    /// Where a unit stands.
    #[must_use]
    pub fn state(&self, unit: &UnitId) -> UnitState {
        self.state_ref(unit).clone()
    }

    /// The units of a step that anything happened to.
    pub fn units_of(&self, step: &StepId) -> impl Iterator<Item = (&UnitId, &UnitView)> {
        // Units sort by their step first.
        let first = UnitId { step: step.clone(), item: None, host: None };
        self.units.range(first..).take_while(move |(unit, _)| unit.step == *step)
    }

    /// Whether a gate was answered with yes.
    #[must_use]
    pub fn is_open(&self, gate: &str) -> bool {
        matches!(self.answers.get(gate), Some(Answer::Yes { .. }))
    }

    /// All planned steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &OutlineStep> {
        self.started.iter().flat_map(|started| &started.outline).flat_map(|phase| &phase.steps)
    }

    /// A planned step.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&OutlineStep> {
        self.steps().find(|step| step.id == *id)
    }

    /// The position of a step in the plan, from 0.
    #[must_use]
    pub fn position(&self, id: &StepId) -> Option<usize> {
        self.steps().position(|step| step.id == *id)
    }

    /// Whether failures of the step's hosts may leave the rest of the run going.
    #[must_use]
    pub fn allows_failures(&self, id: &StepId) -> bool {
        self.step(id).is_some_and(|step| step.max_failures > 0 && step.on_failure != OnFailure::Continue)
    }

    /// Whether a unit failed within its step's allowance: a resume goes past it, until somebody wants it tried again.
    #[must_use]
    pub fn is_left_behind(&self, unit: &UnitId) -> bool {
        let in_trouble = self.units_of(&unit.step).filter(|(_, seen)| seen.state.is_in_trouble()).count();
        let most = self.step(&unit.step).map_or(0, |step| step.max_failures as usize);
        self.allows_failures(&unit.step) && self.state_ref(unit).is_in_trouble() && in_trouble <= most
    }

    /// The first unit that keeps the run from being done, though it was gone past: it failed within its step's allowance, or it is not known
    /// what became of it.
    #[must_use]
    pub fn first_left_behind(&self) -> Option<UnitId> {
        let keeps = |(unit, seen): &(&UnitId, &UnitView)| {
            seen.state.is_not_known() || seen.state.is_in_trouble() && self.allows_failures(&unit.step)
        };
        self.units.iter().find(keeps).map(|(unit, _)| unit.clone())
    }

    /// How many tries of a unit there were, also before it was taken back.
    #[must_use]
    pub fn tries(&self, unit: &UnitId) -> u32 {
        self.units.get(unit).map_or(0, |seen| seen.tries)
    }

    /// How many tries to take a unit back are settled, or under way.
    #[must_use]
    pub fn undo_tries(&self, unit: &UnitId) -> u32 {
        self.units.get(unit).map_or(0, |seen| seen.undo_tries)
    }

    /// The fingerprint of each step, as the run was begun or as edits of it were accepted.
    #[must_use]
    pub fn fingerprints(&self) -> BTreeMap<StepId, String> {
        self.started.as_ref().map(|started| started.fingerprints.clone()).unwrap_or_default()
    }

    /// The temporary changes that are still there, in the order of the plan.
    #[must_use]
    pub fn ledger(&self) -> Vec<Temporary> {
        let temporary = self.steps().filter_map(|step| step.temporary.as_ref().map(|until| (step, until)));
        let mut open = Vec::new();
        for (step, until) in temporary {
            let restoring = self.steps().find(|other| other.restores.as_ref() == Some(&step.id));
            for (unit, seen) in self.units_of(&step.id) {
                let restored = restoring.is_some_and(|other| {
                    let other = self.units.get(&UnitId { step: other.id.clone(), ..unit.clone() });
                    other.is_some_and(|other| {
                        matches!(other.state, UnitState::Applied(_) | UnitState::Satisfied) && !other.skipped
                    })
                });
                if seen.state.attempt().is_some() && !restored {
                    open.push(Temporary { unit: unit.clone(), until: until.clone(), since: seen.ended });
                }
            }
        }
        open
    }

    /// The units that rollback to just before `to` takes back, in its order. None once what it needs was removed.
    #[must_use]
    pub fn undo_order(&self, to: Option<&StepId>) -> Vec<UnitId> {
        if self.cleaned.is_some() {
            return Vec::new();
        }
        let from = to.and_then(|step| self.position(step)).unwrap_or(0);
        let changed = self.units.iter().filter(|(unit, seen)| {
            seen.state.attempt().is_some() && self.position(&unit.step).is_none_or(|position| position >= from)
        });
        super::undo_order::order(changed)
    }

    /// How many of the planned steps are over, and how many there are.
    #[must_use]
    pub fn steps_over(&self) -> (usize, usize) {
        (self.steps().filter(|step| self.is_step_over(&step.id)).count(), self.steps().count())
    }

    /// Whether nothing of a step is left to do: every unit that anything happened to is over, and there is one, or there are none to be had.
    #[must_use]
    pub fn is_step_over(&self, step: &StepId) -> bool {
        let mut units = self.units_of(step).peekable();
        let is_empty = self.lists.get(step).is_some_and(|items| items.is_empty());
        (is_empty || units.peek().is_some()) && units.all(|(_, seen)| seen.state.is_over())
    }
}

impl UnitView {
    fn apply(&mut self, entry: &Entry) {
        self.unsettled = None;
        match &entry.record {
            Record::Unsettled { failure, .. } => self.unsettled = Some(Arc::new((**failure).clone())),
            Record::Intended { attempt, .. } => {
                self.tries = self.tries.max(*attempt);
                self.began = Some(entry.at);
                self.ended = None;
                self.completed = entry.seq;
                self.reopened = false;
                self.skipped = false;
            }
            Record::Settled { outcome, .. } => {
                self.ended = Some(entry.at);
                self.completed = entry.seq;
                self.skipped = false;
                if let Outcome::Applied { outputs, note } = outcome {
                    self.outputs = Some(Arc::new((**outputs).clone()));
                    self.note.clone_from(note);
                }
            }
            Record::Satisfied { outputs, .. } => {
                self.skipped = false;
                self.ended = Some(entry.at);
                self.outputs = Some(Arc::new((**outputs).clone()));
            }
            Record::Skipped { why, .. } => {
                self.ended = Some(entry.at);
                self.note = Some(why.clone());
                self.skipped = true;
            }
            Record::Reopened { .. } => {
                self.reopened = true;
                self.skipped = false;
            }
            Record::Waiting { .. } => self.began = Some(entry.at),
            Record::UndoIntended { attempt, .. } => {
                self.began = Some(entry.at);
                self.undo_tries = *attempt;
            }
            Record::Undone { note, .. } => {
                self.ended = Some(entry.at);
                self.note = Some(note.clone()).filter(|note| !note.is_empty());
            }
            Record::Stuck { unsure, .. } => {
                self.ended = Some(entry.at);
                self.undo_tries -= u32::from(*unsure && self.undo_tries > 0);
            }
            Record::Blocked { .. } => self.ended = Some(entry.at),
            _ => {}
        }
    }
}
