//! How many columns text takes. Where terminals disagree it is the larger number: a line cut short is better than one that wraps.

use unicode_width::UnicodeWidthChar as _;

/// The columns that `c` takes after the characters before it.
pub(super) fn cells(c: char) -> usize {
    // Turns the sign before it into an emoji, which some terminals make twice as wide.
    if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(0) }
}

/// The columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// The longest beginning of `text` that takes no more than `columns`, and what it takes.
pub(super) fn prefix(text: &str, columns: usize) -> (&str, usize) {
    let mut taken = 0;
    // Characters of no width could go on for ever.
    let limit = columns.saturating_mul(4).saturating_add(16);
    for (count, (at, c)) in text.char_indices().enumerate() {
        if taken + cells(c) > columns || count == limit {
            return (&text[..at], taken);
        }
        taken += cells(c);
    }
    (text, taken)
}

/// `text` with its tabs as spaces, the first column being `start`.
pub(super) fn expand_tabs(text: &str, start: usize, stop: usize) -> String {
    let mut column = start;
    let mut expanded = String::with_capacity(text.len() + stop);
    for c in text.chars() {
        if c == '\t' {
            let spaces = stop - column % stop;
            expanded.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            expanded.push(c);
            column += cells(c);
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted() {
        for (text, columns) in [("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("✓", 1), ("❤\u{fe0f}", 2), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_wide_character_is_not_halved() {
        assert_eq!(prefix("a漢字", 2), ("a", 1));
        assert_eq!(prefix("a漢字", 3), ("a漢", 3));
        assert_eq!(prefix("abc", 9), ("abc", 3));
    }

    #[test]
    fn marks_without_width_are_not_endless() {
        let text = format!("a{}", "\u{301}".repeat(10_000));
        assert!(prefix(&text, 10).0.chars().count() <= 56);
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(expand_tabs("a\tb\t\tc", 0, 4), "a   b       c");
        assert_eq!(expand_tabs("漢\tb", 1, 4), "漢 b");
    }
}
