//! The sums of a dry run.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::events::{Foreseen, Foresight, PhaseGate};

use super::count::count;
use super::failure::first;
use super::line::{Line, Page};
use super::style::{Style, Tone};

/// The action that only a person can do.
const MANUAL: &str = "manual";

/// The sums of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Units that would change something, by host; `""` for those on none.
    pub changes: BTreeMap<String, usize>,
    /// Units that are already as asked.
    pub as_asked: usize,
    /// Units that would be left out.
    pub left_out: usize,
    /// Units of which nothing can be known yet.
    pub unknown: usize,
    /// Units that could not be done as things stand.
    pub blocked: usize,
    /// Of those, the ones that no earlier step may clear.
    pub blocked_for_good: usize,
    /// Units that wait for a time or a person.
    pub waits: usize,
    /// Steps behind which there is no way back, and why.
    pub points_of_no_return: Vec<Marked>,
    /// Steps that would change something and cannot take it back.
    pub without_undo: Vec<Marked>,
    /// Phases and steps with a gate before them.
    pub gates: Vec<Marked>,
    /// Steps that a person has to do.
    pub manual: Vec<Marked>,
    /// Steps that wait, and for what.
    pub pauses: Vec<Marked>,
}

/// A step that is worth a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// Its id; a phase's, where a phase is gated.
    pub step: String,
    /// Its name.
    pub name: String,
    /// `file:line` where it stands.
    pub place: String,
    /// What there is to say; may be empty.
    pub why: String,
}

impl Sums {
    /// The sums of what is foreseen.
    #[must_use]
    pub fn of(units: &[Foreseen]) -> Self {
        let mut sums = Self::default();
        for foreseen in units {
            sums.add(foreseen);
        }
        sums
    }

    fn add(&mut self, foreseen: &Foreseen) {
        let mut without_undo = None;
        match &foreseen.foresight {
            Foresight::WouldChange { preview, reversible } => {
                let host = foreseen.unit.host.as_ref().map_or("", |host| host.as_str());
                *self.changes.entry(host.to_owned()).or_default() += 1;
                without_undo = (!reversible).then(|| first(&preview.undo));
            }
            Foresight::AsAsked => self.as_asked += 1,
            Foresight::LeftOut { .. } => {
                // Nobody is asked before what is left out.
                self.left_out += 1;
                return;
            }
            Foresight::UnknownUntil { .. } => self.unknown += 1,
            Foresight::Blocked { may_clear, .. } => {
                self.blocked += 1;
                self.blocked_for_good += usize::from(!may_clear);
            }
            Foresight::Waits { what } => {
                self.waits += 1;
                if foreseen.action != MANUAL {
                    mark(&mut self.pauses, foreseen, first(what));
                }
            }
        }
        if let Some(why) = &foreseen.irreversible {
            mark(&mut self.points_of_no_return, foreseen, first(why));
        }
        if let Some(why) = without_undo {
            mark(&mut self.without_undo, foreseen, why);
        }
        if let Some(PhaseGate { phase, name, place }) = &foreseen.phase_gate {
            let why = String::new();
            self.gates.push(Marked { step: phase.to_string(), name: name.clone(), place: place.clone(), why });
        }
        if foreseen.gated {
            mark(&mut self.gates, foreseen, "");
        }
        if foreseen.action == MANUAL && !matches!(foreseen.foresight, Foresight::AsAsked) {
            mark(&mut self.manual, foreseen, "");
        }
    }

    /// The sums for people.
    pub(super) fn page(&self, style: &Style) -> Page {
        let mut page = Page::new();
        page.push(self.totals(style));
        if self.changes.len() > 1 {
            let by_host = self
                .changes
                .iter()
                .map(|(host, changes)| format!("{} {changes}", if host.is_empty() { "no host" } else { host }));
            page.push(Line::indented(2).text("by host: ").text(by_host.collect::<Vec<_>>().join(", ")));
        }
        for (steps, one, several, tone) in [
            (&self.points_of_no_return, "point of no return", "points of no return", Tone::Bad),
            (&self.without_undo, "step without undo", "steps without undo", Tone::Doubt),
            (&self.gates, "gate", "gates", Tone::Plain),
            (&self.manual, "manual step", "manual steps", Tone::Plain),
            (&self.pauses, "wait", "waits", Tone::Plain),
        ] {
            if steps.is_empty() {
                continue;
            }
            let word = if steps.len() == 1 { one } else { several };
            page.push(Line::indented(2).put(tone, format_args!("{} {word}", steps.len())).text(":"));
            for marked in steps {
                page.push(marked.line());
            }
        }
        page
    }

    fn totals(&self, style: &Style) -> Line {
        let changes = self.changes.values().sum::<usize>();
        let mut line = Line::new().put(Tone::Strong, count(changes, "change"));
        for (number, word, tone) in [
            (self.as_asked, "as asked", Tone::Plain),
            (self.left_out, "left out", Tone::Plain),
            (self.unknown, "not known yet", Tone::Doubt),
            (self.waits, "waiting", Tone::Plain),
            (self.blocked, "blocked", Tone::Bad),
        ] {
            if number > 0 {
                line = line.put(Tone::Dim, style.dot()).put(tone, format_args!("{number} {word}"));
            }
        }
        line
    }
}

impl Marked {
    fn line(&self) -> Line {
        let line = Line::indented(4).text(&self.name).put(Tone::Dim, "  ").put(Tone::Dim, &self.place);
        if self.why.is_empty() { line } else { line.put(Tone::Dim, ": ").text(&self.why) }
    }
}

/// Adds the step once, however many units it has.
fn mark(steps: &mut Vec<Marked>, foreseen: &Foreseen, why: &str) {
    let step = foreseen.unit.step.as_str();
    if steps.iter().any(|marked| marked.step == step) {
        return;
    }
    steps.push(Marked {
        step: step.to_owned(),
        name: foreseen.name.clone(),
        place: foreseen.place.clone(),
        why: why.to_owned(),
    });
}
