//! What rollback would take back, as the journal has it.

use crate::base::UnitId;
use crate::events::record::Undo;
use crate::events::{RunView, UnitState};

use super::failure::first;
use super::line::{Line, Page};
use super::names::Names;
use super::style::{Style, Tone};

/// The units of `order`, at most so many of them.
pub(super) fn undo_list(page: &mut Page, indent: usize, order: &[UnitId], view: &RunView, most: usize, style: &Style) {
    let names = Names::of(view);
    for unit in order.iter().take(most) {
        page.push(undo_line(indent, unit, view, &names, style));
    }
    if order.len() > most {
        let more = order.len() - most;
        page.push(Line::indented(indent).put(Tone::Dim, format_args!("{} and {more} more", style.ellipsis())));
    }
}

/// What taking a unit back would do, in a line.
pub(super) fn undo_line(indent: usize, unit: &UnitId, view: &RunView, names: &Names, style: &Style) -> Line {
    let line = Line::indented(indent).text(names.unit(unit)).join(on(unit));
    let state = view.state(unit);
    let Some(attempt) = state.attempt() else { return line };
    let line = match &attempt.reversal.data {
        Undo::None { why } => line.put(Tone::Doubt, ": no way back: ").text(first(why)),
        Undo::Nothing => line.put(Tone::Dim, ": changed nothing"),
        _ if attempt.reversal.summary.is_empty() => line,
        _ => line.put(Tone::Dim, ": ").text(first(&attempt.reversal.summary)),
    };
    let no_return = view.step(&unit.step).is_some_and(|step| step.irreversible.is_some());
    let line = if no_return { line.put(Tone::Dim, style.dot()).put(Tone::Bad, "point of no return") } else { line };
    if matches!(state, UnitState::Stuck(..)) { line.put(Tone::Dim, style.dot()).put(Tone::Bad, "stuck") } else { line }
}

/// On which host a unit is.
pub(super) fn on(unit: &UnitId) -> Line {
    match &unit.host {
        Some(host) => Line::new().put(Tone::Dim, " on ").put(Tone::Name, host),
        None => Line::new(),
    }
}
