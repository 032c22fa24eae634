//! What a rollback would do.

use crate::base::StepId;
use crate::events::{Foreseen, Foresight, RunView};

use super::count::count;
use super::failure::first;
use super::foreseen::{Units, Way};
use super::line::{Line, Page};
use super::names::Names;
use super::style::{Style, Tone};
use super::undo::undo_line;

/// What rolling back to just before `to` (none: to the start) would take back, newest first, as far as that was looked at: what is not in
/// `foreseen` is told as the journal has it. Points of no return on the way stand out: rollback stops there.
#[must_use]
pub fn rollback_preview(view: &RunView, to: Option<&StepId>, foreseen: &[Foreseen], style: &Style) -> String {
    let order = view.undo_order(to);
    let mut page = Page::new();
    let target = to.map_or("to the start".to_owned(), |step| format!("to just before {step}"));
    if order.is_empty() {
        page.push(Line::new().text(format_args!("rollback {target} would have nothing to undo")));
        return page.painted(style);
    }
    let units = count(order.len(), "unit");
    page.push(Line::new().put(Tone::Strong, format_args!("rollback {target} would undo {units}, newest first:")));
    let names = Names::of(view);
    let mut without = 0;
    for unit in &order {
        let step = view.step(&unit.step);
        if let Some(why) = step.and_then(|step| step.irreversible.as_ref()) {
            let line = Line::new().put(Tone::Bad, "point of no return").text(": ").text(first(why));
            page.push(
                line.put(Tone::Doubt, style.dot())
                    .put(Tone::Doubt, "rollback goes past it only with --past-irreversible"),
            );
        }
        let state = view.state(unit);
        let reversal = state.attempt().map(|attempt| &attempt.reversal.data);
        without += usize::from(matches!(reversal, Some(crate::events::record::Undo::None { .. })));
        match foreseen.iter().find(|foreseen| foreseen.unit == *unit) {
            Some(foreseen) => {
                Units { most: None, way: Way::Back, style }
                    .tell(&mut page, &[Foreseen { irreversible: None, ..foreseen.clone() }]);
            }
            None => page.push(undo_line(2, unit, view, &names, style)),
        }
    }
    let blocked = foreseen.iter().filter(|foreseen| matches!(foreseen.foresight, Foresight::Blocked { .. })).count();
    if without > 0 {
        page.push(
            Line::new()
                .put(Tone::Doubt, count(without, "unit"))
                .text(" cannot be undone: rollback stops there, unless --past-irreversible"),
        );
    }
    if blocked > 0 {
        page.push(Line::new().put(Tone::Bad, count(blocked, "unit")).text(" could not be undone as things stand"));
    }
    page.painted(style)
}
