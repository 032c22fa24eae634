//! A run's records, sorted by what they are about.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::base::UnitId;
use crate::base::duration::short;
use crate::events::record::{Answer, Failure, Outcome, Reversal};
use crate::events::state::{Impossible, unit_of};
use crate::events::{Entry, Preview, Record, RunView, UnitState};

use super::source::Source;
use super::spells::Spells;
use super::words::{Tone, first};

/// A run's records, sorted by what they are about.
pub(super) struct Story<'a> {
    /// The run as it stands in the end.
    pub(super) view: RunView,
    /// What happened to each unit.
    pub(super) units: BTreeMap<UnitId, UnitStory<'a>>,
    /// What happened to the run.
    pub(super) marks: Vec<Mark>,
    /// What people, and whoever speaks for them, said.
    pub(super) said: Vec<Said<'a>>,
    /// What the probes saw.
    pub(super) spells: Spells,
    /// Who carried it out, in the order of their coming.
    pub(super) who: Vec<&'a str>,
    /// When it began.
    pub(super) began: Timestamp,
    /// When it ended, or was heard of last.
    pub(super) ended: Timestamp,
}

/// What happened to a unit.
#[derive(Default)]
pub(super) struct UnitStory<'a> {
    /// Where it stands, whatever a rollback has forgotten of it since.
    pub(super) state: UnitState,
    /// Whether it was left out, though an earlier try may have changed something.
    pub(super) left_out: bool,
    /// In order.
    pub(super) scenes: Vec<Scene<'a>>,
}

/// Something that happened to a unit.
pub(super) struct Scene<'a> {
    pub(super) at: Timestamp,
    /// When it was over; none where nobody knows, or it goes on.
    pub(super) until: Option<Timestamp>,
    pub(super) who: &'a str,
    pub(super) what: What<'a>,
}

/// What happened to a unit.
pub(super) enum What<'a> {
    /// It was applied, or that was tried.
    Try { number: u32, preview: Option<&'a Preview>, reversal: &'a Reversal, end: Option<&'a Outcome> },
    /// It was taken back, or that was tried: `Ok` with a note, `Err` with the reason.
    Undo { number: u32, end: Option<Result<&'a str, &'a str>> },
    /// It held the run.
    Wait { until: Option<Timestamp>, what: Option<&'a str> },
    /// It was not begun, or left open.
    Trouble { words: &'static str, failure: &'a Failure },
    /// Anything else.
    Remark { tone: Tone, words: String },
}

/// What happened to the run.
pub(super) struct Mark {
    pub(super) at: Timestamp,
    pub(super) who: String,
    pub(super) kind: MarkKind,
    pub(super) tone: Tone,
    pub(super) words: String,
}

/// What sort of thing happened to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// A gate was answered.
    Gate,
    /// A checkpoint was passed.
    Checkpoint,
    /// The process ended before the run did: nobody carries it on until the next mark.
    Rest,
    Other,
}

/// What somebody said.
pub(super) struct Said<'a> {
    pub(super) at: Timestamp,
    pub(super) who: &'a str,
    /// Of a phase or a step, by its id.
    pub(super) to: &'a str,
    pub(super) words: String,
}

impl<'a> Story<'a> {
    /// Reads the records of a run; none where there are none.
    pub(super) fn of(source: &Source<'a>) -> Result<Option<Self>, Impossible> {
        let (Some(first), Some(last)) = (source.entries.first(), source.entries.last()) else { return Ok(None) };
        let mut story = Self {
            view: RunView::default(),
            units: BTreeMap::new(),
            marks: Vec::new(),
            said: Vec::new(),
            spells: Spells::default(),
            who: Vec::new(),
            began: first.at,
            ended: last.at,
        };
        for entry in source.entries {
            story.view.apply(entry)?;
            story.tell(entry);
            story.spells.look(&story.view);
        }
        if story.view.status.is_under_way() {
            story.ended = source.heard.max(last.at);
        }
        story.spells.close(story.ended);
        Ok(Some(story))
    }

    fn tell(&mut self, entry: &'a Entry) {
        if !self.who.contains(&entry.who.as_str()) {
            self.who.push(&entry.who);
        }
        let Some(unit) = unit_of(&entry.record) else { return self.tell_of_run(entry) };
        if let Some(words) = said(&entry.record) {
            self.said.push(Said { at: entry.at, who: &entry.who, to: unit.step.as_str(), words });
        }
        let seen = self.units.entry(unit.clone()).or_default();
        seen.state = self.view.state(unit);
        seen.left_out = self.view.units.get(unit).is_some_and(|unit| unit.skipped);
        seen.tell(entry);
    }

    fn tell_of_run(&mut self, entry: &'a Entry) {
        let Some((tone, words)) = words_of_run(&entry.record) else { return };
        if let Record::Answered { gate, answer } = &entry.record {
            let words = match answer {
                Answer::Yes { by } => format!("yes ({by})"),
                Answer::No => "not now".to_owned(),
            };
            self.said.push(Said { at: entry.at, who: &entry.who, to: gate, words });
        }
        let kind = match &entry.record {
            Record::Answered { .. } => MarkKind::Gate,
            Record::CheckpointReached { .. } => MarkKind::Checkpoint,
            Record::Parked { .. } | Record::Stopped { .. } => MarkKind::Rest,
            _ => MarkKind::Other,
        };
        self.marks.push(Mark { at: entry.at, who: entry.who.clone(), kind, tone, words });
    }
}

impl<'a> UnitStory<'a> {
    fn tell(&mut self, entry: &'a Entry) {
        // A wait is over with whatever comes next, unless that is the same wait in another process.
        if let Some(Scene { until: until @ None, what: What::Wait { .. }, .. }) = self.scenes.last_mut() {
            if matches!(entry.record, Record::Waiting { .. }) {
                return;
            }
            *until = Some(entry.at);
        }
        // An undo that another process takes up again is the same.
        if let (Record::UndoIntended { attempt, .. }, Some(Scene { what: What::Undo { number, end: None }, .. })) =
            (&entry.record, self.scenes.last())
            && attempt == number
        {
            return;
        }
        let what = match &entry.record {
            Record::Intended { attempt, reversal, preview, .. } => {
                What::Try { number: *attempt, preview: preview.as_deref(), reversal, end: None }
            }
            Record::UndoIntended { attempt, .. } => What::Undo { number: *attempt, end: None },
            Record::Waiting { until, what, .. } => What::Wait { until: *until, what: what.as_deref() },
            Record::Settled { outcome, .. } => {
                if !self.end_try(entry.at, outcome) {
                    self.scenes.push(Scene::now(entry, settled(outcome)));
                }
                return;
            }
            Record::Undone { note, .. } => return self.end_undo(entry, Ok(note)),
            Record::Stuck { why, .. } => return self.end_undo(entry, Err(why)),
            Record::Satisfied { .. } => remark(Tone::Good, "found as asked: nothing was changed"),
            Record::Skipped { why, .. } => remark(Tone::Plain, format!("left out: {why}")),
            Record::Reopened { .. } => remark(Tone::Plain, "to be tried again"),
            Record::Blocked { failure, .. } => What::Trouble { words: "could not be begun", failure },
            Record::Unsettled { failure, .. } => What::Trouble { words: "left open", failure },
            _ => return,
        };
        self.scenes.push(match what {
            What::Try { .. } | What::Undo { .. } | What::Wait { .. } => {
                Scene { at: entry.at, until: None, who: &entry.who, what }
            }
            what => Scene::now(entry, what),
        });
    }

    /// What happened, each with when it was over as far as the picture goes: what nobody saw the end of gives way to what came next.
    pub(super) fn drawn(&self, ended: Timestamp) -> impl Iterator<Item = (&Scene<'a>, Timestamp)> {
        let next = self.scenes.iter().skip(1).map(|next| next.at).chain([ended]);
        self.scenes.iter().zip(next).map(|(scene, next)| (scene, scene.until.unwrap_or(next)))
    }

    /// Whether a try was open, which ends so.
    fn end_try(&mut self, at: Timestamp, outcome: &'a Outcome) -> bool {
        let newest = self.scenes.iter_mut().rev().find(|scene| matches!(scene.what, What::Try { .. }));
        if let Some(Scene { until, what: What::Try { end, .. }, .. }) = newest
            && !matches!(end, Some(Outcome::Failed { .. } | Outcome::Applied { .. }))
        {
            (*until, *end) = (Some(at), Some(outcome));
            return true;
        }
        false
    }

    fn end_undo(&mut self, entry: &'a Entry, how: Result<&'a str, &'a str>) {
        if let Some(Scene { until, what: What::Undo { end, .. }, .. }) = self.scenes.last_mut() {
            (*until, *end) = (Some(entry.at), Some(how));
        }
    }
}

impl<'a> Scene<'a> {
    fn now(entry: &'a Entry, what: What<'a>) -> Self {
        Self { at: entry.at, until: Some(entry.at), who: &entry.who, what }
    }

    /// Whether something was done, as opposed to said or waited for.
    pub(super) fn is_work(&self) -> bool {
        matches!(self.what, What::Try { .. } | What::Undo { .. })
    }
}

fn remark<'a>(tone: Tone, words: impl Into<String>) -> What<'a> {
    What::Remark { tone, words: words.into() }
}

/// A unit that was settled without a try of ours.
fn settled(outcome: &Outcome) -> What<'_> {
    match outcome {
        Outcome::Applied { note, outputs } => {
            let note = note.as_deref().or(outputs.note.as_deref()).unwrap_or("settled by hand");
            remark(Tone::Good, note)
        }
        Outcome::Failed { failure } => What::Trouble { words: "failed", failure },
        Outcome::Unsure { why } => remark(Tone::Doubt, format!("outcome not known: {why}")),
    }
}

/// What a person has said by a record about a unit.
fn said(record: &Record) -> Option<String> {
    match record {
        Record::Reopened { .. } => Some("try it again".to_owned()),
        Record::Settled { outcome: Outcome::Applied { outputs, note }, .. } => {
            let mut words: Vec<String> =
                outputs.answers.iter().map(|(name, answer)| format!("{name}: {answer}")).collect();
            // What an action notes of itself, no person has said.
            let by_hand = note.as_ref().filter(|note| note.starts_with("marked done by hand"));
            words.extend(outputs.note.iter().chain(by_hand).cloned());
            (!words.is_empty()).then(|| words.join("; "))
        }
        _ => None,
    }
}

fn words_of_run(record: &Record) -> Option<(Tone, String)> {
    use Tone::{Bad, Doubt, Good, Plain};
    Some(match record {
        Record::Started(_) => (Plain, "begun".to_owned()),
        Record::Resumed { edited: None } => (Plain, "resumed".to_owned()),
        Record::Resumed { edited: Some(_) } => (Plain, "resumed, with the runbook as it was edited".to_owned()),
        Record::Answered { gate, answer: Answer::Yes { .. } } => (Good, format!("gate {gate}: yes")),
        Record::Answered { gate, answer: Answer::No } => (Doubt, format!("gate {gate}: not now")),
        Record::CheckpointReached { name, .. } => (Plain, format!("checkpoint {name}")),
        Record::Parked { why, .. } => (Doubt, format!("parked: {}", first(why))),
        Record::Stopped { why } => (Bad, format!("stopped: {}", first(why))),
        Record::RollbackBegun { to: Some(step) } => (Doubt, format!("rollback to just before {step}")),
        Record::RollbackBegun { to: None } => (Doubt, "rollback to the start".to_owned()),
        Record::RollbackEnded { complete: true, .. } => (Good, "rolled back".to_owned()),
        Record::RollbackEnded { complete: false, .. } => (Bad, "the rollback stopped".to_owned()),
        Record::CleaningBegun => (Plain, "what was kept for undo is removed".to_owned()),
        Record::Cleaned { left, .. } if left.is_empty() => (Good, "what was kept for undo was removed".to_owned()),
        Record::Cleaned { .. } => (Doubt, "not all that was kept for undo could be removed".to_owned()),
        Record::Unwatched { since } => (Doubt, format!("nobody had watched since {since}")),
        Record::Finished { open: 0 } => (Good, "done".to_owned()),
        Record::Finished { open: 1 } => (Doubt, "done, 1 temporary change open".to_owned()),
        Record::Finished { open } => (Doubt, format!("done, {open} temporary changes open")),
        Record::Abandoned { note } => (Plain, format!("given up as it was: {}", first(note))),
        _ => return None,
    })
}

/// How long it was, where that is known.
pub(super) fn took(from: Timestamp, to: Option<Timestamp>) -> Option<String> {
    to.map(|to| short(crate::base::duration::between(from, to)))
}
