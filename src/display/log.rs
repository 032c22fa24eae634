//! The journal for people: every record in a line, with the output that it holds beneath.

use crate::events::record::{Answer, Entry, Failure, Outcome, Outputs, Record, Undo};
use crate::events::{Reversal, RunView};

use super::count::count;
use super::failure::{first, rest};
use super::kept::{self, room};
use super::line::{Line, Page};
use super::names::Names;
use super::style::{Mark, Style, Tone};
use super::undo::on;
use super::watch;
use super::when::{instant, time_of_day};
use crate::base::UnitId;

const BENEATH: usize = 8;

/// The records of a run, or some of them. `view` is the run as it stands after the last: names of steps come from there.
#[must_use]
pub fn log_records(entries: &[Entry], view: &RunView, style: &Style) -> String {
    let logged = Logged { names: Names::of(view), style };
    let mut page = Page::new();
    for entry in entries {
        logged.entry(&mut page, entry);
    }
    page.painted(style)
}

struct Logged<'a> {
    names: Names,
    style: &'a Style,
}

impl Logged<'_> {
    fn entry(&self, page: &mut Page, entry: &Entry) {
        let at = entry.at.to_zoned_datetime(self.style.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z");
        let head = Line::new().put(Tone::Dim, format_args!("{:>5}  {at}  ", entry.seq));
        match &entry.record {
            Record::Started(started) => {
                let line = head.put(Tone::Strong, "begun: ").put(Tone::Strong, &started.name);
                page.push(line.put(Tone::Dim, format_args!(" by {}, runbook {}", entry.who, started.tool)));
                page.push(Line::indented(BENEATH).put(Tone::Dim, &started.path));
            }
            Record::Pinned { role, host_key, .. } => {
                page.push(head.text("host ").put(Tone::Name, role).text(" is ").put(Tone::Dim, host_key));
            }
            Record::Resumed { edited } => {
                let with = if edited.is_some() { " with the book as it was edited" } else { "" };
                page.push(head.text(format_args!("resumed{with} by {}", entry.who)));
            }
            Record::PhaseEntered { phase } => page.push(head.put(Tone::Strong, "phase ").put(Tone::Strong, phase)),
            Record::Answered { gate, answer } => page.push(match answer {
                Answer::Yes { by } => head.text(format_args!("gate {gate}: yes, by {by} ({})", entry.who)),
                Answer::No => head.text(format_args!("gate {gate}: not now ({})", entry.who)),
            }),
            Record::Listed { step, items } => {
                page.push(head.text(step).text(": ").text(count(items.len(), "item")));
                for item in items {
                    page.push(Line::indented(BENEATH).put(Tone::Dim, item));
                }
            }
            Record::CheckpointReached { name, step } => {
                page.push(head.text(format_args!("checkpoint {name} before {step}")));
            }
            Record::Parked { why, until } => {
                let line = head.put(Tone::Doubt, "parked: ").text(first(why));
                page.push(match until {
                    Some(until) => line.text(", due ").text(instant(*until, self.style)),
                    None => line,
                });
            }
            Record::Stopped { why } => page.push(head.put(Tone::Doubt, "stopped: ").text(first(why))),
            Record::Watched { probe, up, why, since } => {
                let mark = if *up { Mark::Applied } else { Mark::Failed };
                let line = watch::told(head.mark(self.style, mark).text(" "), probe, *up, why, None);
                page.push(line.put(Tone::Dim, " since ").put(Tone::Dim, time_of_day(*since, self.style)));
                page.block(BENEATH, Tone::Plain, rest(why));
            }
            Record::Unwatched { since } => {
                page.push(
                    head.put(Tone::Doubt, "nobody has watched").text(" since ").text(instant(*since, self.style)),
                );
            }
            Record::ToldDue { until } => {
                page.push(head.text("told that it is due since ").text(instant(*until, self.style)));
            }
            Record::RollbackBegun { to } => page.push(match to {
                Some(to) => head.put(Tone::Strong, format_args!("rollback to just before {to}")),
                None => head.put(Tone::Strong, "rollback to the start"),
            }),
            Record::RollbackEnded { complete: true, .. } => page.push(head.put(Tone::Good, "rollback ended")),
            Record::RollbackEnded { complete: false, .. } => page.push(head.put(Tone::Bad, "rollback stopped")),
            Record::CleaningBegun => page.push(head.put(Tone::Strong, "what was kept for undo is removed")),
            Record::Cleaned { removed, left } => {
                let all = if left.is_empty() {
                    head.put(Tone::Good, "removed")
                } else {
                    head.put(Tone::Doubt, "removed, but not all")
                };
                page.push(all.text(": ").text(room(removed)));
                kept::things(page, BENEATH, removed);
            }
            Record::Finished { open: 0 } => page.push(head.put(Tone::Good, "done")),
            Record::Finished { open } => {
                page.push(
                    head.put(Tone::Doubt, "done, ").text(count(*open as usize, "temporary change")).text(" open"),
                );
            }
            Record::Abandoned { note } => page.push(head.text("given up: ").text(first(note))),
            other => self.of_unit(page, head, other),
        }
    }

    /// A record about a unit.
    fn of_unit(&self, page: &mut Page, head: Line, record: &Record) {
        match record {
            Record::Intended { unit, attempt, reversal, .. } => {
                let try_ = if *attempt > 1 { format!(", try {attempt}") } else { String::new() };
                page.push(self.unit(head, Mark::Running, unit).text("begun").text(try_));
                page.push(way_back(reversal));
            }
            Record::Sent { unit, .. } => page.push(self.unit(head, Mark::Running, unit).text("sent to its host")),
            Record::Settled { unit, outcome } => self.settled(page, head, unit, outcome),
            Record::Satisfied { unit, outputs } => {
                page.push(self.unit(head, Mark::AsAsked, unit).text("already as asked"));
                output(page, outputs);
            }
            Record::Blocked { unit, failure: why } => {
                page.push(
                    self.unit(head, Mark::Stopped, unit).put(Tone::Bad, "could not be begun: ").text(first(&why.why)),
                );
                failure(page, why);
            }
            Record::Unsettled { unit, failure: why } => {
                page.push(self.unit(head, Mark::Unsure, unit).put(Tone::Doubt, "left open: ").text(first(&why.why)));
                failure(page, why);
            }
            Record::Skipped { unit, why } => {
                page.push(self.unit(head, Mark::Skipped, unit).text("skipped: ").text(first(why)));
            }
            Record::Waiting { unit, until, what } => {
                let line = self.unit(head, Mark::Waits, unit).text("waits ");
                let line = match what {
                    Some(what) => line.text("for ").text(what).text(", at most "),
                    None => line,
                };
                page.push(match until {
                    Some(until) => line.text("until ").text(instant(*until, self.style)),
                    None => line.text("for somebody"),
                });
            }
            Record::Reopened { unit } => page.push(self.unit(head, Mark::Running, unit).text("to be tried again")),
            Record::UndoIntended { unit, attempt } => {
                let try_ = if *attempt > 1 { format!(", try {attempt}") } else { String::new() };
                page.push(self.unit(head, Mark::Undone, unit).text("to be undone").text(try_));
            }
            Record::Undone { unit, note } => {
                let line = self.unit(head, Mark::Undone, unit).text("undone");
                page.push(if note.is_empty() { line } else { line.text(": ").text(first(note)) });
            }
            Record::Stuck { unit, why, .. } => {
                page.push(
                    self.unit(head, Mark::Stopped, unit).put(Tone::Bad, "could not be undone: ").text(first(why)),
                );
                page.block(BENEATH, Tone::Plain, rest(why));
            }
            // Those about the run.
            _ => {}
        }
    }

    fn settled(&self, page: &mut Page, head: Line, unit: &UnitId, outcome: &Outcome) {
        match outcome {
            Outcome::Applied { outputs, note } => {
                let line = self.unit(head, Mark::Applied, unit).put(Tone::Good, "applied");
                page.push(match note {
                    Some(note) => line.text(": ").text(first(note)),
                    None => line,
                });
                output(page, outputs);
            }
            Outcome::Failed { failure: why } => {
                page.push(self.unit(head, Mark::Failed, unit).put(Tone::Bad, "failed: ").text(first(&why.why)));
                failure(page, why);
            }
            Outcome::Unsure { why } => {
                page.push(self.unit(head, Mark::Unsure, unit).put(Tone::Doubt, "outcome not known: ").text(first(why)));
                page.block(BENEATH, Tone::Plain, rest(why));
            }
        }
    }

    fn unit(&self, head: Line, mark: Mark, unit: &UnitId) -> Line {
        head.mark(self.style, mark).text(" ").text(self.names.unit(unit)).join(on(unit)).text("  ")
    }
}

fn way_back(reversal: &Reversal) -> Line {
    let line = Line::indented(BENEATH).put(Tone::Dim, "undo: ");
    match &reversal.data {
        Undo::None { why } => line.put(Tone::Doubt, "none: ").text(first(why)),
        Undo::Nothing => line.put(Tone::Dim, "changes nothing"),
        _ => line.put(Tone::Dim, first(&reversal.summary)),
    }
}

fn output(page: &mut Page, outputs: &Outputs) {
    page.block(BENEATH, Tone::Plain, &outputs.stdout);
    if !outputs.stderr.is_empty() {
        page.push(Line::indented(BENEATH).put(Tone::Dim, "stderr:"));
        page.block(BENEATH + 2, Tone::Plain, &outputs.stderr);
    }
    for (name, answer) in &outputs.answers {
        page.push(Line::indented(BENEATH).put(Tone::Dim, name).put(Tone::Dim, ": ").text(first(answer)));
    }
    if let Some(note) = &outputs.note {
        page.push(Line::indented(BENEATH).put(Tone::Dim, "note: ").text(first(note)));
        page.block(BENEATH + 2, Tone::Plain, rest(note));
    }
}

fn failure(page: &mut Page, failure: &Failure) {
    page.block(BENEATH, Tone::Plain, rest(&failure.why));
    if let Some(code) = failure.exit_code {
        page.push(Line::indented(BENEATH).put(Tone::Dim, "exit code: ").text(code));
    }
    if let Some(command) = &failure.command {
        page.push(Line::indented(BENEATH).put(Tone::Dim, "command:"));
        page.block(BENEATH + 2, Tone::Plain, command);
    }
    if !failure.stderr.is_empty() {
        page.push(Line::indented(BENEATH).put(Tone::Dim, "stderr:"));
        page.block(BENEATH + 2, Tone::Plain, &failure.stderr);
    }
}
