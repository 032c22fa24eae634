//! What is wrong with a runbook, the way compilers say it: place, line and caret.

use crate::base::Span;
use crate::base::safe::safe_line;
use crate::model::book::Source;
use crate::model::{Diagnostic, Severity};

use super::failure::{first, rest};
use super::line::{Line, Page};
use super::style::{Style, Tone};
use super::width::{expand_tabs, width};

const TAB: usize = 4;
/// How much of a line is shown, and how much of it before the place.
const SHOWN: usize = 160;
const BEFORE: usize = 60;

/// Everything that is wrong, each thing with its line of the book, and the sums at the end. Empty where nothing is.
#[must_use]
pub fn diagnostics(found: &[Diagnostic], sources: &[Source], style: &Style) -> String {
    let mut page = Page::new();
    for diagnostic in found {
        page.gap();
        page.append(one(diagnostic, sources));
    }
    if let Some(sums) = sums(found) {
        page.gap();
        page.push(sums);
    }
    page.painted(style)
}

fn one(diagnostic: &Diagnostic, sources: &[Source]) -> Page {
    let (word, tone) = match diagnostic.severity {
        Severity::Error => ("error", Tone::Bad),
        Severity::Warning => ("warning", Tone::Doubt),
    };
    let mut page = Page::new();
    page.push(Line::new().put(tone, word).put(Tone::Strong, ": ").put(Tone::Strong, first(&diagnostic.message)));
    page.block(2, Tone::Plain, rest(&diagnostic.message));
    let mut margin = 0;
    if let Some(span) = &diagnostic.span {
        margin = span.line.to_string().len();
        page.push(Line::new().text(" ".repeat(margin)).put(Tone::Name, "--> ").text(span));
        let source = sources.iter().find(|source| source.name == span.file);
        if let Some(excerpt) = source.and_then(|source| excerpt(span, &source.text)) {
            let number = |text: &str| Line::new().put(Tone::Name, format_args!("{text:margin$} |"));
            page.push(number(""));
            page.push(number(&span.line.to_string()).text(" ").text(&excerpt.line));
            page.push(number("").text(" ").text(" ".repeat(excerpt.start)).put(tone, "^".repeat(excerpt.length)));
        }
    }
    if let Some(hint) = &diagnostic.hint {
        page.push(Line::new().text(" ".repeat(margin + 1)).put(Tone::Name, "= help: ").text(first(hint)));
        page.block(margin + 9, Tone::Plain, rest(hint));
    }
    page
}

/// A line of the book as it is shown, and where in it the caret goes.
struct Excerpt {
    line: String,
    start: usize,
    length: usize,
}

fn excerpt(span: &Span, text: &str) -> Option<Excerpt> {
    let line = text.lines().nth(usize::try_from(span.line).ok()?.checked_sub(1)?)?;
    let column = usize::try_from(span.column).ok()?.saturating_sub(1);
    let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (before, from) = line.split_at(at);
    // Only the first line of what spans several.
    let spanned = text.get(span.start..span.end).and_then(|text| text.lines().next()).unwrap_or("");
    let spanned = spanned.trim_end().chars().count().max(1);
    let end = from.char_indices().nth(spanned).map_or(from.len(), |(at, _)| at);
    let (under, after) = from.split_at(end);
    let shown = |text: &str, start| expand_tabs(&safe_line(text), start, TAB);
    let mut before = shown(before, 0);
    let under = shown(under, width(&before));
    let mut after = shown(after, width(&before) + width(&under));
    if width(&before) + width(&under) + width(&after) > SHOWN {
        before = last(&before, BEFORE);
        after = super::width::prefix(&after, BEFORE).0.to_owned();
    }
    let (start, length) = (width(&before), width(&under).clamp(1, SHOWN));
    Some(Excerpt { line: before + &under + &after, start, length })
}

/// The end of `text`, as far as it fits.
fn last(text: &str, columns: usize) -> String {
    let mut left = width(text).saturating_sub(columns);
    text.chars()
        .skip_while(|c| {
            let skip = left > 0;
            left = left.saturating_sub(super::width::cells(*c));
            skip
        })
        .collect()
}

/// `2 errors, 1 warning`.
fn sums(found: &[Diagnostic]) -> Option<Line> {
    let count = |severity| found.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let part = |number: usize, word: &str| (number > 0).then(|| super::count::count(number, word));
    let parts: Vec<String> = [part(errors, "error"), part(warnings, "warning")].into_iter().flatten().collect();
    let tone = if errors > 0 { Tone::Bad } else { Tone::Doubt };
    (!parts.is_empty()).then(|| Line::new().put(tone, parts.join(", ")))
}
