//! Where runs stand.

use jiff::Timestamp;

use crate::base::UnitId;
use crate::events::view::Status;
use crate::events::{RunView, UnitState};

use super::closing::{Ending, Typing, command, next_line, sums, temporary};
use super::count::count;
use super::failure::first;
use super::gate::by_when;
use super::line::{Line, Page};
use super::names::Names;
use super::style::{Mark, Style, Tone};
use super::undo::undo_list;
use super::watch;
use super::when::{between, due, instant, short};

/// How many of the units that rollback would take back are shown.
const UNITS: usize = 12;

/// Where a run stands: what is due when, what is in trouble, what temporary changes are open, what rollback would do, and what to type next.
#[must_use]
pub fn status(view: &RunView, typing: Typing<'_>, now: Timestamp, style: &Style) -> String {
    let mut page = Page::new();
    let Some(started) = &view.started else {
        page.push(Line::new().text("nothing was recorded"));
        return page.painted(style);
    };
    let title = Line::new().put(Tone::Strong, &started.name).put(Tone::Dim, style.dot()).text("run ");
    page.push(title.put(Tone::Name, &started.run));
    page.push(Line::new().put(Tone::Dim, &started.path));
    page.push(state(&view.status, now, style));
    if let (Some(began), Some(last)) = (view.began, view.last) {
        let line = Line::new().text("begun ").text(instant(began, style)).text(", last heard of ");
        page.push(line.text(short(between(last, now))).text(" ago"));
    }
    page.gap();
    phases(&mut page, view, style);
    page.push(Line::new().text(sums(view)));
    trouble(&mut page, view, now, style);
    if !view.probes.is_empty() {
        page.gap();
        page.append(watch::watched(view, now, style));
    }
    let open = view.ledger();
    if !open.is_empty() {
        page.gap();
        page.push(Line::new().put(Tone::Doubt, count(open.len(), "temporary change")).text(" open:"));
        temporary(&mut page, view, style);
    }
    page.gap();
    way_back(&mut page, view, typing, style);
    if let Some(deadline) = started.deadline.filter(|_| !view.status.is_over()) {
        let took = view.time_to_undo(&view.undo_order(None));
        let line = by_when(&deadline.to_string(), took, now, style);
        page.push(line.text("; doing what it would undo took ").text(short(took)));
    }
    page.gap();
    page.push(next_line(&ending(view), view, typing, style));
    page.painted(style)
}

/// A run's state in a line.
fn state(status: &Status, now: Timestamp, style: &Style) -> Line {
    let line = Line::new();
    match status {
        Status::Fresh => line.text("not begun"),
        Status::Running => line.put(Tone::Name, "running").put(Tone::Dim, ", or its process died"),
        Status::Parked { why, until } => {
            let line = line.put(Tone::Doubt, "parked").text(": ").text(first(why));
            match until {
                Some(until) => line.text(", due ").text(due(*until, now, style)),
                None => line,
            }
        }
        Status::Stopped { why } => line.put(Tone::Bad, "stopped").text(": ").text(first(why)),
        Status::RollingBack { to } => line.put(Tone::Name, "being rolled back").text(target(to.as_ref())),
        Status::RolledBack { to, complete: true } => line.put(Tone::Good, "rolled back").text(target(to.as_ref())),
        Status::RolledBack { to, complete: false } => {
            line.put(Tone::Bad, "rollback stopped").text(target(to.as_ref())).text(": not all of it could be undone")
        }
        Status::Done { open: 0 } => line.put(Tone::Good, "done"),
        Status::Done { open } => {
            line.put(Tone::Doubt, "done").text(", ").text(count(*open as usize, "temporary change")).text(" open")
        }
        Status::Abandoned => line.text("given up as it was"),
    }
}

fn target(to: Option<&crate::base::StepId>) -> String {
    to.map_or(" to the start".to_owned(), |step| format!(" to just before {step}"))
}

/// Each phase and how far it is.
fn phases(page: &mut Page, view: &RunView, style: &Style) {
    let outline = view.started.iter().flat_map(|started| &started.outline);
    for phase in outline {
        let is_over = |step: &&crate::events::record::OutlineStep| {
            let mut units = view.units_of(&step.id).peekable();
            units.peek().is_some() && units.all(|(_, seen)| seen.state.is_over())
        };
        let in_trouble =
            phase.steps.iter().any(|step| view.units_of(&step.id).any(|(_, seen)| seen.state.is_in_trouble()));
        let (over, all) = (phase.steps.iter().filter(is_over).count(), phase.steps.len());
        let line = Line::indented(2);
        let line = if in_trouble {
            line.mark(style, Mark::Failed)
        } else if over == all {
            line.mark(style, Mark::Applied)
        } else if view.phase.as_ref() == Some(&phase.id) {
            line.mark(style, Mark::Running)
        } else {
            line.text(" ")
        };
        page.push(line.text(" ").text(&phase.name).put(Tone::Dim, format_args!("  {over} of {all}")));
    }
}

/// The units that somebody has to look at, and those that wait.
fn trouble(page: &mut Page, view: &RunView, now: Timestamp, style: &Style) {
    let names = Names::of(view);
    let mut units: Vec<_> = view.units.iter().collect();
    units.sort_by_key(|(unit, _)| view.position(&unit.step));
    for (unit, seen) in units {
        let (mark, why) = match &seen.state {
            UnitState::Failed(_, failure) => (Mark::Failed, format!("failed: {}", first(&failure.why))),
            UnitState::Blocked(failure) => (Mark::Stopped, format!("could not be begun: {}", first(&failure.why))),
            UnitState::Unsure(_, why) => (Mark::Unsure, format!("outcome not known: {}", first(why))),
            UnitState::Stuck(_, why) => (Mark::Stopped, format!("could not be undone: {}", first(why))),
            UnitState::InFlight(_) => match &seen.unsettled {
                Some(why) => (Mark::Unsure, format!("not known yet: {}", first(&why.why))),
                None => (Mark::Running, "under way".to_owned()),
            },
            UnitState::Undoing(..) => (Mark::Running, "being undone".to_owned()),
            UnitState::Waiting(Some(until)) => (Mark::Waits, format!("waits until {}", due(*until, now, style))),
            UnitState::Waiting(None) => (Mark::Waits, "waits for somebody".to_owned()),
            UnitState::Pending
            | UnitState::Applied(_)
            | UnitState::Satisfied
            | UnitState::Skipped
            | UnitState::Undone => continue,
        };
        page.push(names.begin(unit, mark, style).text("  ").text(why));
    }
}

fn way_back(page: &mut Page, view: &RunView, typing: Typing<'_>, style: &Style) {
    if let Some(cleaned) = view.cleaned {
        let line = Line::new().text("it cannot be taken back: what was kept for that was removed, ");
        page.push(line.text(instant(cleaned, style)));
        return;
    }
    let order = view.undo_order(None);
    if order.is_empty() {
        page.push(Line::new().text("rollback would have nothing to undo"));
        return;
    }
    page.push(Line::new().text("rollback would undo ").text(count(order.len(), "unit")).text(", newest first:"));
    undo_list(page, 4, &order, view, UNITS, style);
    if let Some(started) = view.started.as_ref().filter(|_| view.status.is_over()) {
        let line = Line::indented(4).put(Tone::Dim, "what is kept on hosts for that goes, once you want it to: ");
        page.push(line.put(Tone::Name, command(&format!("clean {}", started.run), typing)));
    }
    for (name, step) in &view.checkpoints {
        page.push(
            Line::indented(4)
                .put(Tone::Dim, "checkpoint ")
                .put(Tone::Dim, name)
                .put(Tone::Dim, " before ")
                .put(Tone::Dim, step),
        );
    }
}

/// How the run would be said to have ended, had it just ended.
fn ending(view: &RunView) -> Ending {
    match &view.status {
        Status::Parked { why, until } => Ending::Parked { why: why.clone(), until: *until },
        Status::RolledBack { to, complete: true } => Ending::RolledBack { to: to.clone() },
        Status::RolledBack { .. } | Status::RollingBack { .. } => {
            let stuck = view.units.iter().find(|(_, seen)| matches!(seen.state, UnitState::Stuck(..)));
            let unit = stuck.or_else(|| view.units.iter().next()).map(|(unit, _)| unit.clone());
            unit.map_or(Ending::Interrupted, |unit| Ending::RollbackStopped { unit, why: String::new() })
        }
        Status::Done { open } => Ending::Done { open: *open as usize },
        Status::Abandoned => Ending::Abandoned,
        Status::Running => Ending::Running,
        Status::Stopped { .. } => {
            // What a resume alone goes no further with.
            let needs_somebody =
                |unit: &UnitId| matches!(view.state(unit), UnitState::Unsure(..)) || view.is_left_behind(unit);
            let unit = view.units.keys().find(|unit| needs_somebody(unit)).cloned();
            unit.map_or(Ending::Interrupted, |unit| Ending::Failed { unit })
        }
        Status::Fresh => Ending::Interrupted,
    }
}
