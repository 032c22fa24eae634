//! The words of an expression.

use std::borrow::Cow;
use std::ops::Range;

/// A word within `{{ }}` or `{% %}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'t> {
    /// What it is.
    pub(crate) word: Word<'t>,
    /// Where in the template.
    pub(crate) range: Range<usize>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word<'t> {
    /// A name or a keyword.
    Name(&'t str),
    /// A quoted text.
    Text(Cow<'t, str>),
    /// A number without sign.
    Number(&'t str),
    /// Anything else.
    Sign(&'t str),
}

impl Token<'_> {
    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.word, Word::Sign(found) if found == sign)
    }

    pub(crate) fn is_name(&self, name: &str) -> bool {
        matches!(self.word, Word::Name(found) if found == name)
    }
}

const LONG: [&str; 9] = ["...", "//", "**", "==", "!=", ">=", "<=", "?.", "?["];

/// The words from `at` to the delimiter `end`, and where that begins; none where it never comes or something is no word.
pub(super) fn words<'t>(text: &'t str, mut at: usize, end: Option<&str>) -> Option<(Vec<Token<'t>>, usize)> {
    let mut tokens = Vec::new();
    loop {
        at += text[at..].len() - text[at..].trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        let rest = &text[at..];
        match end {
            Some(end) if rest.starts_with(end) || rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(end)) => {
                return Some((tokens, at));
            }
            None if rest.is_empty() => return Some((tokens, at)),
            _ => {}
        }
        let (word, length) = word(rest)?;
        tokens.push(Token { word, range: at..at + length });
        at += length;
    }
}

fn word(rest: &str) -> Option<(Word<'_>, usize)> {
    let first = rest.chars().next()?;
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        return Some((Word::Name(&rest[..length]), length));
    }
    if first.is_ascii_digit() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        return Some((Word::Number(&rest[..length]), length));
    }
    if matches!(first, '"' | '\'' | '`') {
        return quoted(rest, first);
    }
    if let Some(sign) = LONG.iter().find(|sign| rest.starts_with(**sign)) {
        return Some((Word::Sign(&rest[..sign.len()]), sign.len()));
    }
    "+-*/%!.,:~|=<>()[]{}@".contains(first).then(|| (Word::Sign(&rest[..1]), 1))
}

fn quoted(rest: &str, quote: char) -> Option<(Word<'_>, usize)> {
    let mut escaped = false;
    let mut has_escapes = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => (escaped, has_escapes) = (true, true),
            _ if c == quote => {
                let inner = &rest[1..at];
                let text = if has_escapes { Cow::Owned(unescaped(inner)) } else { Cow::Borrowed(inner) };
                return Some((Word::Text(text), at + 1));
            }
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, c == '\\') {
            (_, true) => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('r') => plain.push('\r'),
                Some(other) => plain.push(other),
                None => {}
            },
            (c, false) => plain.push(c),
        }
    }
    plain
}
