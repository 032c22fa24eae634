//! Lines of text in pieces. The one place where text meets escape sequences: whatever is put into a line is made harmless as it goes in, so
//! that nothing a host said, and nothing a book says, reaches a terminal as anything but text.

use std::fmt::Display;

use crate::base::safe::safe_line;

use super::style::{Mark, Style, Tone};
use super::width::{expand_tabs, prefix, width};

/// Where tabs stop in what hosts print.
const TAB: usize = 8;

/// A line of text in pieces, each with its tone.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line that begins with so many spaces.
    #[must_use]
    pub fn indented(columns: usize) -> Self {
        Self::new().pad_to(columns)
    }

    /// Adds text, made harmless.
    #[must_use]
    pub fn put(mut self, tone: Tone, text: impl Display) -> Self {
        self.push(tone, text);
        self
    }

    /// Adds plain text, made harmless.
    #[must_use]
    pub fn text(self, text: impl Display) -> Self {
        self.put(Tone::Plain, text)
    }

    /// Adds a mark in its colour.
    #[must_use]
    pub fn mark(self, style: &Style, mark: Mark) -> Self {
        self.put(mark.tone(), style.mark(mark))
    }

    /// Adds spaces up to that column.
    #[must_use]
    pub fn pad_to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width);
        self.put(Tone::Plain, " ".repeat(missing))
    }

    /// Adds text, made harmless.
    pub fn push(&mut self, tone: Tone, text: impl Display) {
        let text = text.to_string();
        let mut text = safe_line(&text).into_owned();
        if text.contains('\t') {
            text = expand_tabs(&text, 0, TAB);
        }
        if text.is_empty() {
            return;
        }
        self.width += width(&text);
        match self.pieces.last_mut() {
            Some((last, before)) if *last == tone => before.push_str(&text),
            _ => self.pieces.push((tone, text)),
        }
    }

    /// Adds what another line holds.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.width += other.width;
        self.pieces.extend(other.pieces);
        self
    }

    /// How many columns it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Cut off where it takes more than so many columns.
    #[must_use]
    pub fn fit(self, columns: usize, style: &Style) -> Self {
        // The number of characters counts too: those of no width could go on for ever.
        let within = |text: &str| prefix(text, columns).0.len() == text.len();
        if self.width <= columns && self.pieces.iter().all(|(_, text)| within(text)) {
            return self;
        }
        if columns == 0 {
            return Self::new();
        }
        let mut cut = Self::new();
        let mut left = columns - 1;
        for (tone, text) in self.pieces {
            let (kept, taken) = prefix(&text, left);
            cut.push(tone, kept);
            left -= taken;
            if kept.len() < text.len() {
                break;
            }
        }
        cut.put(Tone::Dim, style.ellipsis())
    }

    /// Writes it out, without an end of line.
    pub fn paint(&self, style: &Style, out: &mut String) {
        let end = self.pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        let Some(end) = end else { return };
        for (at, (tone, text)) in self.pieces.iter().enumerate().take(end + 1) {
            let text = if at == end { text.trim_end() } else { text };
            match tone.code().filter(|_| style.color) {
                Some(code) => {
                    out.push_str("\x1b[");
                    out.push_str(code);
                    out.push('m');
                    out.push_str(text);
                    out.push_str("\x1b[0m");
                }
                None => out.push_str(text),
            }
        }
    }

    /// It as text, without an end of line.
    #[must_use]
    pub fn painted(&self, style: &Style) -> String {
        let mut out = String::new();
        self.paint(style, &mut out);
        out
    }
}

/// Lines.
#[derive(Clone, Debug, Default)]
pub struct Page(Vec<Line>);

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// Adds an empty line, unless the page is empty or ends with one.
    pub fn gap(&mut self) {
        if self.0.last().is_some_and(|line| !line.is_empty()) {
            self.0.push(Line::new());
        }
    }

    /// Adds text of several lines, indented. The newline at its end is not a line of its own.
    pub fn block(&mut self, indent: usize, tone: Tone, text: &str) {
        for line in text.lines() {
            self.0.push(Line::indented(indent).put(tone, line));
        }
    }

    /// Adds the lines of another page.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// Its lines, taken.
    #[must_use]
    pub fn into_lines(self) -> Vec<Line> {
        self.0
    }

    /// It as text, each line with its end.
    #[must_use]
    pub fn painted(&self, style: &Style) -> String {
        let mut out = String::new();
        for line in &self.0 {
            line.paint(style, &mut out);
            out.push('\n');
        }
        out
    }
}

impl From<Line> for Page {
    fn from(line: Line) -> Self {
        Self(vec![line])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_by_columns_and_never_wrap() {
        let style = Style::plain();
        let line = || Line::new().put(Tone::Good, "漢字漢字").text(" and more");
        for (columns, due) in [
            (40, "漢字漢字 and more"),
            (17, "漢字漢字 and more"),
            (12, "漢字漢字 an…"),
            (6, "漢字…"),
            (1, "…"),
            (0, ""),
        ] {
            let cut = line().fit(columns, &style);
            assert_eq!(cut.painted(&style), due, "{columns}");
            assert!(cut.width() <= columns);
        }
    }

    #[test]
    fn only_colours_are_escape_sequences() {
        let line = Line::new().put(Tone::Bad, "no\x1b[2J").text("\tx\n ");
        assert_eq!(line.painted(&Style { color: true, ..Style::plain() }), "\x1b[1;31mno\\x1b[2J\x1b[0m        x\\n");
        assert_eq!(line.painted(&Style::plain()), "no\\x1b[2J        x\\n");
    }

    #[test]
    fn a_page_keeps_one_empty_line_between_its_parts() {
        let mut page = Page::new();
        page.gap();
        page.block(2, Tone::Plain, "one\n\ntwo\n");
        page.gap();
        page.gap();
        page.push(Line::new().text("three"));
        assert_eq!(page.painted(&Style::plain()), "  one\n\n  two\n\nthree\n");
    }
}
