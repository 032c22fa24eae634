//! How it ended, and what to type next: always the last line on the screen.

use jiff::Timestamp;
use serde::Serialize;

use crate::base::{StepId, UnitId, shell};
use crate::events::record::Undo;
use crate::events::view::UnitView;
use crate::events::{RunView, UnitState};

use super::count::count;
use super::failure::first;
use super::line::{Line, Page};
use super::names::Names;
use super::style::{Mark, Style, Tone};
use super::undo::{on, undo_list};
use super::watch;
use super::when::{between, due, short};

/// How a process's part of a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Ending {
    /// All steps are over; how many temporary changes are open.
    Done {
        /// Temporary changes still open.
        open: usize,
    },
    /// A step failed; the run can be resumed.
    Failed {
        /// The first unit that failed.
        unit: UnitId,
    },
    /// It waits for a person or a time.
    Parked {
        /// For what.
        why: String,
        /// The time, if it is one.
        until: Option<Timestamp>,
    },
    /// Ctrl-C; it can be resumed.
    Interrupted,
    /// It was taken back.
    RolledBack {
        /// To just before this step; none: to the start.
        to: Option<StepId>,
    },
    /// Something could not be taken back.
    RollbackStopped {
        /// The unit.
        unit: UnitId,
        /// Why not.
        why: String,
    },
    /// Another operator holds the run.
    Held {
        /// Who.
        by: String,
    },
    /// It goes on, or its process died.
    Running,
    /// It was given up as it is.
    Abandoned,
    /// It was only looked at what would happen.
    Previewed,
    /// The book or the arguments are wrong: nothing ran.
    Refused,
}

/// What to type, where it does not follow from the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typing<'a> {
    /// The book's path, as the operator typed it; may be empty where the run knows it.
    pub file: &'a str,
    /// Arguments that every command needs: `--state …`.
    pub with: &'a str,
}

/// How it ended, and what to type next.
#[must_use]
pub fn closing(ending: &Ending, view: &RunView, typing: Typing<'_>, now: Timestamp, style: &Style) -> String {
    let mut page = Page::new();
    page.gap();
    ended(&mut page, ending, view, now, style);
    if !matches!(ending, Ending::Held { .. } | Ending::Previewed | Ending::Refused) {
        watch::sums(&mut page, view, now, style);
    }
    page.push(next_line(ending, view, typing, style));
    page.painted(style)
}

/// What to type next.
pub(super) fn next_line(ending: &Ending, view: &RunView, typing: Typing<'_>, style: &Style) -> Line {
    let mut line = Line::new();
    for (why, command) in next(ending, view, typing) {
        if !line.is_empty() {
            line = line.put(Tone::Dim, style.dot());
        }
        line = line.text(why).text(": ").put(Tone::Name, command);
    }
    line
}

fn ended(page: &mut Page, ending: &Ending, view: &RunView, now: Timestamp, style: &Style) {
    let head = |mark: Mark| Line::new().mark(style, mark).text(" ");
    match ending {
        Ending::Done { open } => {
            let took = view.began.map_or(String::new(), |began| format!(" in {}", short(between(began, now))));
            let line = head(Mark::Applied).put(Tone::Good, "done").text(took).text(": ").text(sums(view));
            page.push(line);
            if *open > 0 {
                page.push(head(Mark::Unsure).put(Tone::Doubt, count(*open, "temporary change")).text(" still open:"));
                temporary(page, view, style);
            }
        }
        Ending::Failed { unit } => {
            let line = head(Mark::Failed).put(Tone::Bad, "failed").text(": ").text(Names::of(view).unit(unit));
            page.push(line.join(on(unit)).text(format_args!(" ({unit})")));
            // What a resume goes past was told by an earlier process.
            match view.state(unit) {
                UnitState::InFlight(_) => {
                    let why = view.units.get(unit).and_then(|seen| seen.unsettled.as_ref());
                    let why = why.map_or(String::new(), |why| format!(": {}", first(&why.why)));
                    page.push(Line::indented(2).put(Tone::Doubt, "what became of it is not known yet").text(why));
                }
                UnitState::Unsure(_, why) => {
                    page.push(
                        Line::indented(2).put(Tone::Doubt, "whether it was done is not known: ").text(first(&why)),
                    );
                    page.push(Line::indented(2).text("look at the host before you say what is to become of it"));
                }
                UnitState::Failed(_, failure) | UnitState::Blocked(failure) if view.is_left_behind(unit) => {
                    page.push(Line::indented(2).text(first(&failure.why)));
                }
                _ => {}
            }
            page.push(Line::indented(2).text(sums(view)));
        }
        Ending::Parked { why, until } => {
            page.push(head(Mark::Waits).put(Tone::Doubt, "parked").text(": ").text(first(why)));
            if let Some(until) = until {
                page.push(Line::indented(2).text("due ").text(due(*until, now, style)));
            }
        }
        Ending::Interrupted => {
            page.push(head(Mark::Stopped).put(Tone::Doubt, "interrupted").text(": ").text(sums(view)));
            let flying = view
                .units
                .iter()
                .filter(|(_, seen)| matches!(seen.state, UnitState::InFlight(_) | UnitState::Undoing(..)));
            for (unit, _) in flying {
                page.push(
                    Line::indented(2).text(unit).put(Tone::Dim, " may still be going on; resume looks at it first"),
                );
            }
        }
        Ending::RolledBack { to } => {
            let to = to.as_ref().map_or("to the start".to_owned(), |step| format!("to just before {step}"));
            page.push(head(Mark::Undone).put(Tone::Good, "rolled back").text(" ").text(to).text(": ").text(sums(view)));
        }
        Ending::RollbackStopped { unit, why } => {
            let line =
                head(Mark::Stopped).put(Tone::Bad, "rollback stopped").text(": ").text(Names::of(view).unit(unit));
            page.push(line.join(on(unit)).text(format_args!(" ({unit}) could not be undone")));
            page.push(Line::indented(2).text(first(why)));
            left(page, view, style);
        }
        Ending::Held { by } => page.push(head(Mark::Stopped).put(Tone::Bad, "held").text(" by ").text(by)),
        Ending::Running => page.push(head(Mark::Running).text("going on: ").text(sums(view))),
        Ending::Abandoned => page.push(head(Mark::Skipped).text("given up as it is: ").text(sums(view))),
        Ending::Previewed => page.push(Line::new().put(Tone::Dim, "nothing was changed")),
        Ending::Refused => page.push(Line::new().put(Tone::Dim, "nothing ran")),
    }
}

/// The temporary changes that are open.
pub(super) fn temporary(page: &mut Page, view: &RunView, style: &Style) {
    let names = Names::of(view);
    for open in view.ledger() {
        let mut line = Line::indented(4).text(names.unit(&open.unit)).join(on(&open.unit));
        if !open.until.is_empty() {
            line = line.put(Tone::Dim, ": ").text(first(&open.until));
        }
        if let Some(since) = open.since {
            line = line
                .put(Tone::Dim, style.dot())
                .put(Tone::Dim, "since ")
                .put(Tone::Dim, super::when::instant(since, style));
        }
        page.push(line);
    }
}

/// What rollback has still to take back.
fn left(page: &mut Page, view: &RunView, style: &Style) {
    let to = match &view.status {
        crate::events::view::Status::RollingBack { to } | crate::events::view::Status::RolledBack { to, .. } => {
            to.clone()
        }
        _ => None,
    };
    let order = view.undo_order(to.as_ref());
    if !order.is_empty() {
        page.push(Line::indented(2).text("still to be undone:"));
        undo_list(page, 4, &order, view, usize::MAX, style);
    }
}

/// `12 of 40 steps: 9 applied, 2 as asked, 1 skipped`, in units.
pub(super) fn sums(view: &RunView) -> String {
    let (over, all) = view.steps_over();
    let mut parts = Vec::new();
    for (word, is) in WORDS {
        let count = view.units.values().filter(|seen| is(seen)).count();
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let steps = format!("{over} of {} over", count(all, "step"));
    if parts.is_empty() { steps } else { format!("{steps} ({})", parts.join(", ")) }
}

type Is = fn(&UnitView) -> bool;

/// How units are counted.
const WORDS: [(&str, Is); 9] = [
    ("applied", |unit| matches!(unit.state, UnitState::Applied(_)) && !unit.skipped),
    ("as asked", |unit| matches!(unit.state, UnitState::Satisfied)),
    ("skipped", |unit| unit.skipped && unit.state.is_over()),
    ("failed", |unit| matches!(unit.state, UnitState::Failed(..))),
    ("blocked", |unit| matches!(unit.state, UnitState::Blocked(_))),
    ("not known", |unit| matches!(unit.state, UnitState::Unsure(..))),
    ("under way", |unit| matches!(unit.state, UnitState::InFlight(_) | UnitState::Undoing(..) | UnitState::Waiting(_))),
    ("undone", |unit| matches!(unit.state, UnitState::Undone)),
    ("stuck", |unit| matches!(unit.state, UnitState::Stuck(..))),
];

/// A command to be typed.
pub(super) fn command(words: &str, typing: Typing<'_>) -> String {
    let with = if typing.with.is_empty() { String::new() } else { format!(" {}", typing.with) };
    format!("runbook {words}{with}")
}

/// The commands that make sense now: what for, and what to type.
pub(super) fn next(ending: &Ending, view: &RunView, typing: Typing<'_>) -> Vec<(&'static str, String)> {
    let run = view.started.as_ref().map_or("", |started| started.run.as_str());
    let command = |words: &str| command(words, typing);
    let of_run = |verb: &str| command(&format!("{verb} {run}"));
    let file = match &view.started {
        Some(started) if typing.file.is_empty() => &started.path,
        _ => typing.file,
    };
    let of_file = |verb: &str| command(&format!("{verb} {}", shell::quote(file)));
    match ending {
        Ending::Done { open: 0 } => vec![("to look back", of_run("log"))],
        Ending::Done { .. } => vec![("to see what is open", of_run("status"))],
        Ending::Failed { unit } if view.is_left_behind(unit) => {
            let of_step = |verb: &str| command(&format!("{verb} {run} {}", unit.step));
            vec![("to try it again", of_step("retry")), ("to leave it out", of_step("skip"))]
        }
        Ending::Failed { unit } if matches!(view.state(unit), UnitState::Unsure(..)) => {
            let of_step = |verb: &str| command(&format!("{verb} {run} {}", unit.step));
            vec![("if it was done", of_step("done")), ("to try it again", of_step("retry"))]
        }
        Ending::Failed { .. } | Ending::Interrupted => {
            vec![("to go on", of_run("resume")), ("to take it back", of_run("rollback"))]
        }
        Ending::Parked { until: Some(_), .. } => vec![("once it is due", of_run("resume"))],
        Ending::Parked { .. } => vec![("to go on", of_run("resume"))],
        Ending::RolledBack { to: Some(_) } => vec![("to go on from there", of_run("resume"))],
        Ending::RolledBack { to: None } => {
            // Which files they were in is not known any more.
            let given = view.started.as_ref().is_some_and(|begun| !begun.hosts.is_empty() || !begun.vars.is_empty());
            let anew = if given { "to begin anew, giving hosts and variables again" } else { "to begin anew" };
            vec![("to see what was undone", of_run("log")), (anew, of_file("run"))]
        }
        Ending::RollbackStopped { unit, .. } => {
            let again = ("once that is seen to", of_run("rollback"));
            if !matches!(view.state(unit), UnitState::Stuck(..)) {
                vec![again]
            } else if goes_no_way_back(view, unit) {
                vec![again, ("to go past it", command(&format!("rollback {run} --past-irreversible")))]
            } else {
                vec![again, ("to leave it as it is", command(&format!("skip {run} {}", unit.step)))]
            }
        }
        Ending::Held { .. } => {
            vec![
                ("to watch it", command(&format!("log {run} --follow"))),
                ("if they are gone", command(&format!("resume {run} --take-over"))),
            ]
        }
        Ending::Running => {
            vec![("to watch it", command(&format!("log {run} --follow"))), ("if its process died", of_run("resume"))]
        }
        Ending::Abandoned => vec![("to see how it was left", of_run("status"))],
        Ending::Previewed => vec![("to carry it out", of_file("run"))],
        Ending::Refused => vec![("once that is mended", of_file("check"))],
    }
}

/// Whether the way back from a unit ends at it, whatever is done about its host.
fn goes_no_way_back(view: &RunView, unit: &UnitId) -> bool {
    let state = view.state(unit);
    let none = state.attempt().is_some_and(|attempt| matches!(attempt.reversal.data, Undo::None { .. }));
    none || view.step(&unit.step).is_some_and(|step| step.irreversible.is_some())
}
