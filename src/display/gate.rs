//! The text before a question: what comes next, and what the way back is.

use std::time::Duration;

use jiff::Timestamp;

use crate::base::{UnitId, instant};
use crate::events::{Foreseen, RunView};

use super::count::count;
use super::failure::{first, rest};
use super::foreseen::{Units, Way};
use super::line::{Line, Page};
use super::style::{Style, Tone};
use super::undo::undo_list;
use super::when::{between, due, short};

/// How many lines of a unit's detail, and how many units to undo, are shown at a gate.
const DETAIL: usize = 12;
const UNITS: usize = 12;

/// A point at which the run asks before it goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking<'a> {
    /// The name of the phase or step.
    pub title: &'a str,
    /// What is asked.
    pub prompt: &'a str,
    /// The step's or phase's description, in Markdown.
    pub description: Option<&'a str>,
    /// Why there is no way back past it.
    pub irreversible: Option<&'a str>,
    /// What comes next.
    pub next: &'a [Foreseen],
    /// What rollback would take back from here, newest first.
    pub rollback: &'a [UnitId],
    /// When rollback has to be over, as the book says it.
    pub deadline: Option<&'a str>,
}

/// The text before the question: what comes next as the dry run would show it, what rollback would do from here and how long that may take,
/// and what is asked.
#[must_use]
pub fn gate(asking: &Asking<'_>, view: &RunView, now: Timestamp, style: &Style) -> String {
    let mut page = Page::new();
    page.push(Line::new());
    page.push(Line::new().put(Tone::Doubt, "gate").text(": ").put(Tone::Strong, asking.title));
    if let Some(description) = asking.description {
        page.block(2, Tone::Plain, description.trim_end());
    }
    page.gap();
    if asking.next.is_empty() {
        page.push(Line::new().text("nothing is foreseen to come next"));
    } else {
        page.push(Line::new().text("what comes next:"));
        Units { most: Some(DETAIL), way: Way::Forth, style }.tell(&mut page, asking.next);
    }
    page.gap();
    let took = way_back(&mut page, asking.rollback, view, style);
    if let Some(deadline) = asking.deadline {
        page.push(by_when(deadline, took, now, style));
    }
    if let Some(why) = asking.irreversible {
        page.push(Line::new().put(Tone::Bad, "point of no return").text(": ").text(first(why)));
        page.block(2, Tone::Plain, rest(why));
    }
    page.gap();
    page.block(0, Tone::Strong, asking.prompt);
    page.painted(style)
}

/// What rollback would do. Returns how long that may take: as long as it took to do it.
fn way_back(page: &mut Page, rollback: &[UnitId], view: &RunView, style: &Style) -> Duration {
    let took = view.time_to_undo(rollback);
    if rollback.is_empty() {
        page.push(Line::new().text("rollback would have nothing to undo"));
        return took;
    }
    let units = count(rollback.len(), "unit");
    page.push(
        Line::new()
            .text(format_args!("from here rollback would undo {units}, newest first (doing it took {}):", short(took))),
    );
    undo_list(page, 4, rollback, view, UNITS, style);
    took
}

/// What there is to say of the deadline at a gate that is passed without being shown; whether it is too late to take all back in time.
#[must_use]
pub fn deadline(asking: &Asking<'_>, view: &RunView, now: Timestamp, style: &Style) -> Option<(Line, bool)> {
    let said = asking.deadline?;
    let took = view.time_to_undo(asking.rollback);
    let late = instant::parse(said).is_ok_and(|at| between(now, at) < took || now > at);
    let line = Line::new().text("gate ").text(asking.title).text(": ").join(by_when(said, took, now, style));
    Some((line.text(", and doing what it would undo took ").text(short(took)), late))
}

/// When rollback has to be over, whether that can be, and how long it may take.
pub(super) fn by_when(deadline: &str, took: Duration, now: Timestamp, style: &Style) -> Line {
    // The book may say it in words of its own.
    let Ok(at) = instant::parse(deadline) else { return Line::new().text("rollback has to be over: ").text(deadline) };
    let line = Line::new().text("rollback has to be over by ").text(due(at, now, style));
    if now > at {
        line.put(Tone::Bad, ": that has passed")
    } else if between(now, at) < took {
        line.put(Tone::Bad, ": there is no time left for it")
    } else {
        line
    }
}
