//! The dry run: what would happen to each unit, and the sums.

use crate::events::{Foreseen, Foresight, Preview};

use super::failure::{first, rest};
use super::line::{Line, Page};
use super::style::{Mark, Style, Tone};
use super::sums::Sums;
use super::width::width;

const DETAIL: usize = 4;

/// What would happen, unit by unit: what would change and how, how that would be taken back, what is as asked already, and what cannot be
/// known yet. Ends with the sums, the points of no return, and what asks for a person.
#[must_use]
pub fn foreseen(units: &[Foreseen], style: &Style) -> String {
    let mut page = Page::new();
    units_into(&mut page, units, None, style);
    page.gap();
    page.append(Sums::of(units).page(style));
    page.painted(style)
}

/// The units alone, with at most so many lines of detail each.
pub(super) fn units_into(page: &mut Page, units: &[Foreseen], detail: Option<usize>, style: &Style) {
    let name = units.iter().map(|foreseen| width(&title(foreseen))).max().unwrap_or(0).min(48);
    let host = units
        .iter()
        .filter_map(|foreseen| Some(width(foreseen.unit.host.as_ref()?.as_str())))
        .max()
        .unwrap_or(0)
        .min(16);
    let mut step = None;
    for foreseen in units {
        if step != Some(&foreseen.unit.step) {
            before(page, foreseen, style);
        }
        step = Some(&foreseen.unit.step);
        let line = Line::new().mark(style, mark(&foreseen.foresight)).text(" ").text(title(foreseen)).pad_to(2 + name);
        let line = match &foreseen.unit.host {
            Some(host) => line.text("  ").put(Tone::Name, host),
            None => line,
        };
        let line = line.pad_to(if host > 0 { 2 + name + 2 + host } else { 2 + name }).text("  ");
        what(page, line, foreseen, detail, style);
    }
}

/// What stands before a step: a gate, or a point of no return.
fn before(page: &mut Page, foreseen: &Foreseen, style: &Style) {
    if foreseen.gated {
        let rule = if style.unicode { "──" } else { "--" };
        page.push(
            Line::new()
                .put(Tone::Doubt, rule)
                .put(Tone::Doubt, " gate: asks before ")
                .put(Tone::Doubt, &foreseen.unit.step),
        );
    }
    if let Some(why) = &foreseen.irreversible {
        page.push(Line::new().put(Tone::Bad, "point of no return").text(": ").text(first(why)));
    }
}

fn title(foreseen: &Foreseen) -> String {
    match foreseen.unit.item {
        Some(item) => format!("{} ({})", foreseen.name, item + 1),
        None => foreseen.name.clone(),
    }
}

fn mark(foresight: &Foresight) -> Mark {
    match foresight {
        Foresight::WouldChange { .. } => Mark::WouldChange,
        Foresight::AsAsked => Mark::AsAsked,
        Foresight::LeftOut { .. } => Mark::Skipped,
        Foresight::UnknownUntil { .. } => Mark::Unsure,
        Foresight::Blocked { .. } => Mark::Stopped,
        Foresight::Waits { .. } => Mark::Waits,
    }
}

fn what(page: &mut Page, line: Line, foreseen: &Foreseen, detail: Option<usize>, style: &Style) {
    let placed = |line: Line| line.put(Tone::Dim, "  ").put(Tone::Dim, &foreseen.place);
    match &foreseen.foresight {
        Foresight::WouldChange { preview, reversible } => {
            page.push(placed(line.put(Tone::Doubt, "would change")));
            change(page, preview, *reversible, detail, style);
        }
        Foresight::AsAsked => page.push(line.put(Tone::Dim, "already as asked")),
        Foresight::LeftOut { why } => page.push(line.put(Tone::Dim, "left out: ").put(Tone::Dim, first(why))),
        Foresight::UnknownUntil { step } => {
            page.push(placed(line.text("cannot be known until ").put(Tone::Name, step).text(" has run")));
        }
        Foresight::Blocked { why, may_clear } => {
            page.push(placed(line.put(Tone::Bad, "blocked").text(": ").text(first(why))));
            page.block(DETAIL, Tone::Plain, rest(why));
            if *may_clear {
                page.push(
                    Line::indented(DETAIL)
                        .put(Tone::Dim, "an earlier step changes something on that host, and may clear this"),
                );
            }
        }
        Foresight::Waits { what } => page.push(placed(line.text("waits: ").text(first(what)))),
    }
}

fn change(page: &mut Page, preview: &Preview, reversible: bool, most: Option<usize>, style: &Style) {
    page.block(DETAIL, Tone::Plain, &preview.summary);
    detail(page, &preview.detail, most, style);
    let undo = Line::indented(DETAIL);
    page.push(match (reversible, preview.undo.is_empty()) {
        (true, true) => undo.put(Tone::Dim, "undo: as it was before"),
        (true, false) => undo.put(Tone::Dim, "undo: ").put(Tone::Dim, first(&preview.undo)),
        (false, true) => undo.put(Tone::Doubt, "no undo"),
        (false, false) => undo.put(Tone::Doubt, "no undo").put(Tone::Dim, ": ").put(Tone::Dim, first(&preview.undo)),
    });
}

/// A diff in its colours, or whatever else there is, as it is.
fn detail(page: &mut Page, text: &str, most: Option<usize>, style: &Style) {
    let is_diff = text.lines().any(|line| line.starts_with("@@ "));
    let tone = |line: &str| match line.bytes().next() {
        Some(b'+') if is_diff => Tone::Good,
        Some(b'-') if is_diff => Tone::Bad,
        Some(b'@') if is_diff => Tone::Name,
        _ => Tone::Plain,
    };
    let shown = most.unwrap_or(usize::MAX);
    for line in text.lines().take(shown) {
        page.push(Line::indented(DETAIL + 2).put(tone(line), line));
    }
    let more = text.lines().count().saturating_sub(shown);
    if more > 0 {
        let more = super::count::count(more, "more line");
        page.push(Line::indented(DETAIL + 2).put(Tone::Dim, format_args!("{} {more}", style.ellipsis())));
    }
}
