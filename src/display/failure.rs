//! A failed unit: everything that a person needs who was just woken up.

use crate::base::UnitId;
use crate::events::record::Failure;
use crate::events::{RunView, UnitState};

use super::line::{Line, Page};
use super::style::{Style, Tone};
use super::undo::undo_list;

/// How much of what it wrote to stderr is shown.
const LINES: usize = 20;
/// How many of the units that rollback would take back are shown.
const UNITS: usize = 8;
const INDENT: usize = 4;

/// What a screen knows about a unit that its records do not: they are not for keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// The last lines of output that came in.
    pub tail: &'a [String],
    /// How far it got, in bytes, and of how many.
    pub amount: Option<(u64, Option<u64>)>,
}

/// The failure of a unit as the run stands: where its step is, the command as rendered, host and exit code, the last lines of stderr, how
/// far it got and what rollback would undo. Empty where the unit is not in trouble.
#[must_use]
pub fn failure(unit: &UnitId, view: &RunView, seen: Seen<'_>, style: &Style) -> Page {
    let unsure;
    let state = view.state(unit);
    let unsettled = view.units.get(unit).and_then(|seen| seen.unsettled.clone());
    let (failure, what) = match state {
        UnitState::Failed(..) | UnitState::InFlight(_) | UnitState::Unsure(..) if let Some(why) = &unsettled => {
            (Box::new((**why).clone()), unsettled_word(&state))
        }
        UnitState::Failed(_, failure) => (failure, "error"),
        UnitState::Blocked(failure) => (failure, "not begun"),
        UnitState::Unsure(_, why) => {
            unsure = Failure {
                why,
                hint: Some("it may have been done or not: look at the host before it is tried again".to_owned()),
                ..Failure::default()
            };
            (Box::new(unsure), "not known")
        }
        UnitState::Stuck(_, why) => (Box::new(Failure { why, ..Failure::default() }), "not undone"),
        _ => return Page::new(),
    };
    let mut page = Page::new();
    page.push(
        Line::indented(INDENT).put(Tone::Bad, what).put(Tone::Strong, ": ").put(Tone::Strong, first(&failure.why)),
    );
    page.block(INDENT + 2, Tone::Plain, rest(&failure.why));
    if let Some(step) = view.step(&unit.step) {
        page.push(Line::indented(INDENT).put(Tone::Dim, " --> ").put(Tone::Name, &step.place));
    }
    page.push(whereabouts(unit, &failure));
    if let Some(command) = &failure.command {
        page.push(label("command"));
        page.block(INDENT + 4, Tone::Plain, command);
    }
    output(&mut page, &failure, seen.tail);
    if failure.applied {
        page.push(label("note").text(" it was applied; only what should hold afterwards does not"));
    }
    page.push(so_far(view, seen.amount));
    would_undo(&mut page, view, style);
    if let Some(hint) = &failure.hint {
        page.push(Line::indented(INDENT).put(Tone::Name, "help: ").text(first(hint)));
        page.block(INDENT + 6, Tone::Plain, rest(hint));
    }
    page
}

/// What is unsettled about a unit in that state.
pub(super) fn unsettled_word(state: &UnitState) -> &'static str {
    if matches!(state, UnitState::Failed(..)) { "not begun again" } else { "not known yet" }
}

fn label(text: &str) -> Line {
    Line::indented(INDENT).put(Tone::Dim, text).put(Tone::Dim, ":")
}

fn whereabouts(unit: &UnitId, failure: &Failure) -> Line {
    let mut line = Line::indented(INDENT).put(Tone::Dim, "step: ").text(&unit.step);
    if let Some(item) = unit.item {
        line = line.put(Tone::Dim, ", item: ").text(item + 1);
    }
    if let Some(host) = &unit.host {
        line = line.put(Tone::Dim, ", host: ").put(Tone::Name, host);
    }
    if let Some(code) = failure.exit_code {
        line = line.put(Tone::Dim, ", exit code: ").text(code);
    }
    line
}

fn output(page: &mut Page, failure: &Failure, tail: &[String]) {
    let stderr: Vec<&str> = failure.stderr.trim_end().lines().collect();
    if !stderr.is_empty() {
        let kept = &stderr[stderr.len().saturating_sub(LINES)..];
        page.push(if kept.len() < stderr.len() {
            label(&format!("stderr, the last {LINES} lines"))
        } else {
            label("stderr")
        });
        for line in kept {
            page.push(Line::indented(INDENT + 4).text(line));
        }
    } else if !tail.is_empty() {
        page.push(label("output, the last lines"));
        for line in tail {
            page.push(Line::indented(INDENT + 4).text(line));
        }
    }
}

fn so_far(view: &RunView, amount: Option<(u64, Option<u64>)>) -> Line {
    let (over, all) = view.steps_over();
    let line = Line::indented(INDENT).put(Tone::Dim, "so far: ").text(format_args!("{over} of {all} steps are over"));
    match amount {
        Some((done, Some(of))) => {
            line.text(format_args!("; this one got to {} of {}", super::amount::bytes(done), super::amount::bytes(of)))
        }
        Some((done, None)) => line.text(format_args!("; this one got to {}", super::amount::bytes(done))),
        None => line,
    }
}

fn would_undo(page: &mut Page, view: &RunView, style: &Style) {
    let order = view.undo_order(None);
    if order.is_empty() {
        page.push(label("rollback").text(" nothing was changed, there is nothing to undo"));
        return;
    }
    page.push(label("rollback would undo, newest first"));
    undo_list(page, INDENT + 4, &order, view, UNITS, style);
}

/// The first line of a text.
pub(super) fn first(text: &str) -> &str {
    text.trim_end().lines().next().unwrap_or("")
}

/// The lines after the first.
pub(super) fn rest(text: &str) -> &str {
    text.trim_end().split_once('\n').map_or("", |(_, rest)| rest)
}
