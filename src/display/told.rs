//! What a record says on a screen, once and for all: the lines that stay. Terminals and pipes show the same.

use crate::base::{PhaseId, UnitId};
use crate::events::record::{Answer, Entry, Outcome, Record};
use crate::events::watch::ProbeView;
use crate::events::{Progress, RunView, UnitState};

use super::failure::{Seen, failure, first, unsettled_word};
use super::line::{Line, Page};
use super::names::{INDENT, Names, time};
use super::style::{Mark, Style, Tone};
use super::undo::on;
use super::watch;
use super::when::{between, due, short};

/// The action whose output is for the reader.
const SHOW: &str = "show";

/// A remark that stays on the screen.
pub(super) fn remark(progress: &Progress, names: &Names) -> Option<Line> {
    match progress {
        Progress::Note { unit, text } => {
            let line = Line::indented(INDENT + 2).put(Tone::Dim, names.unit(unit)).join(on(unit));
            Some(line.put(Tone::Dim, ": ").put(Tone::Dim, text))
        }
        Progress::Warning { text } => Some(Line::new().put(Tone::Doubt, "warning").text(": ").text(text)),
        _ => None,
    }
}

/// What a record says.
pub(super) struct Teller<'a> {
    pub(super) names: &'a Names,
    pub(super) view: &'a RunView,
    pub(super) style: &'a Style,
    /// What was seen of the unit that it is about.
    pub(super) seen: Seen<'a>,
    /// Whether the unit failed the same way before: as a step that is tried again by itself does.
    pub(super) again: bool,
}

impl Teller<'_> {
    /// The lines that an entry leaves on the screen.
    pub(super) fn told(&self, entry: &Entry) -> Page {
        let mut page = Page::new();
        match &entry.record {
            Record::Started(started) => {
                page.push(Line::new().put(Tone::Strong, &started.name).put(Tone::Dim, self.style.dot()).text("run ").put(Tone::Name, &started.run));
                page.push(Line::new().put(Tone::Dim, &started.path));
            }
            Record::Resumed { edited } => self.resumed(&mut page, entry, edited.is_some()),
            Record::PhaseEntered { phase } => {
                page.push(Line::new());
                page.push(Line::new().put(Tone::Strong, self.phase(phase)));
            }
            Record::Answered { gate, answer } => page.push(match answer {
                Answer::Yes { by } => self.aside(format_args!("gate {gate}: yes ({by})")),
                Answer::No => self.aside(format_args!("gate {gate}: not now")),
            }),
            Record::Listed { step, items } => page.push(self.aside(format_args!("{step}: {} items", items.len()))),
            Record::CheckpointReached { name, .. } => page.push(self.aside(format_args!("checkpoint {name}"))),
            Record::Settled { unit, outcome } => self.settled(&mut page, unit, outcome),
            Record::Satisfied { unit, outputs } => {
                page.push(self.fit(self.ended(unit, Mark::AsAsked).put(Tone::Dim, "  already as asked")));
                self.shown(&mut page, unit, &outputs.stdout);
            }
            Record::Blocked { unit, failure } => self.trouble(&mut page, unit, Mark::Stopped, "could not be begun", &failure.why),
            Record::Unsettled { unit, failure } => {
                let word = unsettled_word(&self.view.state(unit));
                self.trouble(&mut page, unit, Mark::Unsure, word, &failure.why);
            }
            Record::Skipped { unit, why } => {
                page.push(self.fit(self.ended(unit, Mark::Skipped).put(Tone::Dim, "  ").put(Tone::Dim, first(why))));
            }
            Record::Waiting { unit, until, what } => {
                let line = self.names.begin(unit, Mark::Waits, self.style);
                let line = match what {
                    Some(what) => line.text("  for ").text(what).text(", at most"),
                    None => line.text(" "),
                };
                page.push(match until {
                    Some(until) => line.text(" until ").text(due(*until, entry.at, self.style)),
                    None => line.text(" until somebody has done it"),
                });
            }
            Record::Reopened { unit } => page.push(self.aside(format_args!("{unit}: to be tried again"))),
            Record::Watched { probe, up, why, .. } => {
                let mark = if *up { Mark::Applied } else { Mark::Failed };
                let before = self.view.probes.get(probe).and_then(ProbeView::ended_outage);
                let line = Line::indented(INDENT).mark(self.style, mark).text(" ");
                page.push(watch::told(line, probe, *up, why, before));
            }
            Record::RollbackBegun { to } => {
                page.push(Line::new());
                page.push(match to {
                    Some(step) => Line::new().put(Tone::Strong, format_args!("Rollback to just before {step}")),
                    None => Line::new().put(Tone::Strong, "Rollback to the start"),
                });
            }
            Record::Undone { unit, note } => {
                let line = self.ended(unit, Mark::Undone).put(Tone::Dim, "  undone");
                page.push(self.fit(line.put(Tone::Dim, separated(note))));
            }
            Record::Stuck { unit, why, .. } => self.trouble(&mut page, unit, Mark::Stopped, "could not be undone", why),
            Record::Pinned { .. }
            | Record::Intended { .. }
            | Record::Sent { .. }
            | Record::UndoIntended { .. }
            | Record::ToldDue { .. }
            // Told with what comes after: the run goes on.
            | Record::Unwatched { .. }
            // How a run ends is told last, with what to type next.
            | Record::Parked { .. }
            | Record::Stopped { .. }
            | Record::RollbackEnded { .. }
            | Record::CleaningBegun
            | Record::Cleaned { .. }
            | Record::Finished { .. }
            | Record::Abandoned { .. } => {}
        }
        page
    }

    fn resumed(&self, page: &mut Page, entry: &Entry, edited: bool) {
        if let Some(started) = &self.view.started {
            let line = Line::new().put(Tone::Strong, &started.name).put(Tone::Dim, self.style.dot());
            page.push(line.text("run ").put(Tone::Name, &started.run));
        }
        let with = if edited { ", with the book as it was edited since" } else { "" };
        page.push(Line::new().put(Tone::Dim, format_args!("resumed by {}{with}", entry.who)));
        let unwatched = self.view.probes.values().filter(|probe| probe.state == watch::Seen::Unwatched);
        if let Some(since) = unwatched.map(|probe| probe.since).min() {
            page.push(
                Line::new().put(Tone::Dim, format_args!("nobody has watched for {}", short(between(since, entry.at)))),
            );
        }
        let (over, all) = self.view.steps_over();
        // A phase that was entered before is not entered again.
        if let Some(phase) = &self.view.phase {
            page.push(Line::new());
            let line = Line::new().put(Tone::Strong, self.phase(phase));
            page.push(line.put(Tone::Dim, format_args!(", {over} of {all} steps are over")));
        }
    }

    fn phase<'p>(&'p self, phase: &'p PhaseId) -> &'p str {
        let mut outline = self.view.started.iter().flat_map(|started| &started.outline);
        outline.find(|planned| planned.id == *phase).map_or(phase.as_str(), |planned| planned.name.as_str())
    }

    fn aside(&self, text: impl std::fmt::Display) -> Line {
        Line::indented(INDENT).put(Tone::Dim, self.style.mark(Mark::Running)).text(" ").put(Tone::Dim, text)
    }

    fn settled(&self, page: &mut Page, unit: &UnitId, outcome: &Outcome) {
        match outcome {
            Outcome::Applied { outputs, note } => {
                let line = self.ended(unit, Mark::Applied);
                page.push(self.fit(match note {
                    Some(note) => line.put(Tone::Dim, "  ").put(Tone::Dim, first(note)),
                    None => line,
                }));
                self.shown(page, unit, &outputs.stdout);
            }
            Outcome::Failed { failure } => self.trouble(page, unit, Mark::Failed, "failed", &failure.why),
            Outcome::Unsure { why } => self.trouble(page, unit, Mark::Unsure, "outcome not known", why),
        }
    }

    /// What a step prints for the reader.
    fn shown(&self, page: &mut Page, unit: &UnitId, text: &str) {
        if self.view.step(&unit.step).is_some_and(|step| step.action == SHOW) {
            page.block(INDENT + 2, Tone::Plain, text);
        }
    }

    fn trouble(&self, page: &mut Page, unit: &UnitId, mark: Mark, word: &str, why: &str) {
        let line = self.ended(unit, mark).put(Tone::Bad, "  ").put(Tone::Bad, word);
        if self.again {
            page.push(self.fit(line.put(Tone::Bad, ", as before: ").put(Tone::Bad, first(why))));
            return;
        }
        page.push(self.fit(line));
        page.append(failure(unit, self.view, self.seen, self.style));
    }

    /// A unit's line, on one line of the screen.
    fn fit(&self, line: Line) -> Line {
        match self.style.width {
            Some(columns) => line.fit(columns, self.style),
            None => line,
        }
    }

    /// Mark, name, host and time of a unit that has come to an end.
    fn ended(&self, unit: &UnitId, mark: Mark) -> Line {
        let line = self.names.begin(unit, mark, self.style);
        let seen = self.view.units.get(unit);
        // What was only looked at has no beginning of its own.
        let timed = seen
            .filter(|seen| !matches!(seen.state, UnitState::Satisfied | UnitState::Skipped | UnitState::Blocked(_)));
        let taken = timed.and_then(|seen| Some(between(seen.began?, seen.ended?)));
        time(line, &taken.map_or(String::new(), short))
    }
}

fn separated(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(": {}", first(note)) }
}
