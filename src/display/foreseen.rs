//! The dry run: what would happen to each unit, and the sums.

use crate::events::{Foreseen, Foresight, PhaseGate, Preview};

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
    Units { most: None, way: Way::Forth, style }.tell(&mut page, units);
    page.gap();
    page.append(Sums::of(units).page(style));
    page.painted(style)
}

/// What would happen to one unit, wherever it stands: what is told of it, without colours.
#[must_use]
pub fn foreseen_unit(unit: &Foreseen) -> String {
    let (mut page, style) = (Page::new(), Style::plain());
    let unit = Foreseen { place: String::new(), ..unit.clone() };
    Units { most: None, way: Way::Forth, style: &style }.tell(&mut page, std::slice::from_ref(&unit));
    page.painted(&style)
}

/// Whether it is about doing or about undoing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Forth,
    Back,
}

/// How units are told.
pub(super) struct Units<'a> {
    /// With at most so many lines of detail each.
    pub(super) most: Option<usize>,
    pub(super) way: Way,
    pub(super) style: &'a Style,
}

impl Units<'_> {
    /// Adds the units alone to a page.
    pub(super) fn tell(&self, page: &mut Page, units: &[Foreseen]) {
        let name = units.iter().map(|foreseen| width(&title(foreseen))).max().unwrap_or(0).min(48);
        let hosts = units.iter().filter_map(|foreseen| Some(width(foreseen.unit.host.as_ref()?.as_str())));
        let host = hosts.max().map_or(0, |host| host.min(16) + 2);
        let mut step = None;
        for foreseen in units {
            if step != Some(&foreseen.unit.step) {
                self.before(page, foreseen);
            }
            step = Some(&foreseen.unit.step);
            let line = Line::new().mark(self.style, self.mark(&foreseen.foresight)).text(" ").text(title(foreseen));
            let line = line.pad_to(2 + name);
            let line = match &foreseen.unit.host {
                Some(host) => line.text("  ").put(Tone::Name, host),
                None => line,
            };
            self.what(page, line.pad_to(2 + name + host).text("  "), foreseen);
        }
    }

    /// What stands before a step: a gate, or a point of no return.
    fn before(&self, page: &mut Page, foreseen: &Foreseen) {
        let rule = if self.style.unicode { "──" } else { "--" };
        if let Some(PhaseGate { phase, .. }) = &foreseen.phase_gate {
            page.push(Line::new().put(Tone::Doubt, format_args!("{rule} gate: asks before the phase {phase}")));
        }
        if foreseen.gated && self.way == Way::Forth {
            page.push(Line::new().put(Tone::Doubt, format_args!("{rule} gate: asks before {}", foreseen.unit.step)));
        }
        if let Some(why) = &foreseen.irreversible {
            page.push(Line::new().put(Tone::Bad, "point of no return").text(": ").text(first(why)));
        }
    }

    fn mark(&self, foresight: &Foresight) -> Mark {
        match foresight {
            Foresight::WouldChange { reversible: false, .. } if self.way == Way::Back => Mark::Stopped,
            Foresight::WouldChange { .. } if self.way == Way::Back => Mark::Undone,
            Foresight::WouldChange { .. } => Mark::WouldChange,
            Foresight::AsAsked => Mark::AsAsked,
            Foresight::LeftOut { .. } => Mark::Skipped,
            Foresight::UnknownUntil { .. } => Mark::Unsure,
            Foresight::Blocked { .. } => Mark::Stopped,
            Foresight::Waits { .. } => Mark::Waits,
        }
    }

    fn what(&self, page: &mut Page, line: Line, foreseen: &Foreseen) {
        let placed = |line: Line| line.put(Tone::Dim, "  ").put(Tone::Dim, &foreseen.place);
        match &foreseen.foresight {
            Foresight::WouldChange { preview, reversible } => {
                let (tone, words) = match self.way {
                    Way::Forth => (Mark::WouldChange.tone(), "would change"),
                    Way::Back if *reversible => (Mark::Undone.tone(), "would be undone"),
                    Way::Back => (Tone::Bad, "cannot be undone"),
                };
                page.push(placed(after(line.put(tone, words), foreseen)));
                page.block(DETAIL, Tone::Plain, &preview.summary);
                self.detail(page, &preview.detail);
                match self.way {
                    Way::Forth => page.push(undo(preview, *reversible)),
                    Way::Back if preview.undo.is_empty() => {}
                    Way::Back if *reversible => {
                        let line = Line::indented(DETAIL).put(Tone::Dim, "undo: ");
                        page.push(line.put(Tone::Dim, first(&preview.undo)));
                        page.block(DETAIL + 6, Tone::Dim, rest(&preview.undo));
                    }
                    Way::Back => page.block(DETAIL, Tone::Doubt, &preview.undo),
                }
            }
            Foresight::AsAsked if self.way == Way::Back => page.push(line.put(Tone::Dim, "already as before")),
            Foresight::AsAsked if foreseen.after.is_empty() => page.push(line.put(Tone::Dim, "already as asked")),
            Foresight::AsAsked => page.push(after(line.put(Tone::Dim, "as asked"), foreseen)),
            Foresight::LeftOut { why } => page.push(line.put(Tone::Dim, "left out: ").put(Tone::Dim, first(why))),
            Foresight::UnknownUntil { step, known } => {
                page.push(placed(line.text("cannot be known until ").put(Tone::Name, step).text(" has run")));
                self.detail(page, known);
            }
            Foresight::Blocked { why, may_clear } => {
                page.push(placed(after(line.put(Tone::Bad, "blocked"), foreseen).text(": ").text(first(why))));
                page.block(DETAIL, Tone::Plain, rest(why));
                if *may_clear {
                    let clears = "an earlier step changes something on that host, and may clear this";
                    page.push(Line::indented(DETAIL).put(Tone::Dim, clears));
                }
            }
            Foresight::Waits { what } => page.push(placed(line.text("waits: ").text(first(what)))),
        }
    }

    /// A diff in its colours, or whatever else there is, as it is.
    fn detail(&self, page: &mut Page, text: &str) {
        let is_diff = text.lines().any(|line| line.starts_with("@@ "));
        let tone = |line: &str| match line.bytes().next() {
            Some(b'+') if is_diff => Tone::Good,
            Some(b'-') if is_diff => Tone::Bad,
            Some(b'@') if is_diff => Tone::Name,
            _ => Tone::Plain,
        };
        let shown = self.most.unwrap_or(usize::MAX);
        for line in text.lines().take(shown) {
            page.push(Line::indented(DETAIL + 2).put(tone(line), line));
        }
        let more = text.lines().count().saturating_sub(shown);
        if more > 0 {
            let more = super::count::count(more, "more line");
            page.push(Line::indented(DETAIL + 2).put(Tone::Dim, format_args!("{} {more}", self.style.ellipsis())));
        }
    }
}

/// Which earlier steps it builds on.
fn after(line: Line, foreseen: &Foreseen) -> Line {
    if foreseen.after.is_empty() {
        return line;
    }
    let steps: Vec<&str> = foreseen.after.iter().map(crate::base::StepId::as_str).collect();
    line.put(Tone::Dim, ", after ").put(Tone::Name, steps.join(", "))
}

fn title(foreseen: &Foreseen) -> String {
    match foreseen.unit.item {
        Some(item) => format!("{} ({})", foreseen.name, item + 1),
        None => foreseen.name.clone(),
    }
}

fn undo(preview: &Preview, reversible: bool) -> Line {
    let line = Line::indented(DETAIL);
    match (reversible, preview.undo.is_empty()) {
        (true, true) => line.put(Tone::Dim, "undo: as it was before"),
        (true, false) => line.put(Tone::Dim, "undo: ").put(Tone::Dim, first(&preview.undo)),
        (false, true) => line.put(Tone::Doubt, "no undo"),
        (false, false) => line.put(Tone::Doubt, "no undo").put(Tone::Dim, ": ").put(Tone::Dim, first(&preview.undo)),
    }
}
