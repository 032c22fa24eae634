//! From a place within a scalar's value back to the very characters of the file.

use std::ops::Range;
use std::sync::Arc;

use crate::base::Span;
use crate::model::book::Source;

/// Finds places within scalars in the files' text.
#[derive(Clone, Debug, Default)]
pub struct Places {
    sources: Vec<(Arc<str>, Arc<str>)>,
}

impl Places {
    /// Of these files.
    #[must_use]
    pub fn of(sources: &[Source]) -> Self {
        Self { sources: sources.iter().map(|source| (source.name.clone(), Arc::from(source.text.as_str()))).collect() }
    }

    /// Where the bytes `range` of the scalar's `value` stand; the scalar's own span where that cannot be told.
    #[must_use]
    pub fn within(&self, scalar: &Span, value: &str, range: Range<usize>) -> Span {
        let source = self.sources.iter().find(|(name, _)| *name == scalar.file).map(|(_, text)| text);
        let Some(source) = source.and_then(|text| Some((text, text.get(scalar.start..scalar.end)?))) else {
            return scalar.clone();
        };
        let (text, written) = source;
        let Some(offsets) = align(written, value) else { return scalar.clone() };
        let (Some(&start), Some(&end)) = (offsets.get(range.start), offsets.get(range.end)) else {
            return scalar.clone();
        };
        span_at(scalar, text, scalar.start + start, scalar.start + end.max(start))
    }
}

fn span_at(scalar: &Span, text: &str, start: usize, end: usize) -> Span {
    let between = &text[scalar.start..start];
    let lines = between.matches('\n').count();
    let line = scalar.line + u32::try_from(lines).unwrap_or(u32::MAX);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let column = u32::try_from(text[line_start..start].chars().count() + 1).unwrap_or(u32::MAX);
    Span { file: scalar.file.clone(), line, column, start, end }
}

/// For every byte of `value`, and the end, the byte of `written` that it comes from. None where they cannot be brought together.
///
/// The two differ by quotes, escapes, indentation and folded lines only, so walking both side by side finds the way.
fn align(written: &str, value: &str) -> Option<Vec<usize>> {
    let mut offsets = Vec::with_capacity(value.len() + 1);
    let (style, mut at) = match written.as_bytes().first()? {
        b'"' => (Style::Double, 1),
        b'\'' => (Style::Single, 1),
        b'|' | b'>' => (Style::Block, written.find('\n')? + 1),
        _ => (Style::Plain, 0),
    };
    for character in value.chars() {
        let (from, past) = step(written, at, character, style)?;
        offsets.extend(std::iter::repeat_n(from, character.len_utf8()));
        at = past;
    }
    offsets.push(at);
    Some(offsets)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

/// Where `character` comes from, at `at` or past what was left out there, and where to go on.
fn step(written: &str, mut at: usize, character: char, style: Style) -> Option<(usize, usize)> {
    loop {
        let Some(found) = written[at..].chars().next() else {
            // The last line feed of a block may stand for the end of the file.
            return (character == '\n').then_some((at, at));
        };
        let past = at + found.len_utf8();
        match (style, found) {
            (Style::Single, '\'') if character == '\'' => return Some((at, past + 1)),
            (Style::Double, '\\') => {
                let escape = written[past..].chars().next()?;
                let length = match escape {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    '\n' | '\r' => {
                        // An escaped line break stands for nothing.
                        at = past + escape.len_utf8();
                        continue;
                    }
                    _ => 0,
                };
                return Some((at, past + escape.len_utf8() + length));
            }
            _ if found == character => return Some((at, past)),
            // A folded line break reads as a space.
            (_, '\n') if character == ' ' => return Some((at, past)),
            _ if found.is_whitespace() => at = past,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::Diagnostics;
    use crate::model::yaml::parse;

    /// The characters of the file at which `needle` of the value under `key` stands, with line and column.
    fn find(text: &str, key: &str, needle: &str) -> (String, u32, u32) {
        let source = Source { name: "b.yaml".into(), path: "b.yaml".into(), text: text.to_owned() };
        let mut diagnostics = Diagnostics::default();
        let root = parse(&source.name, text, &mut diagnostics).unwrap();
        let node = root.get(key).unwrap();
        let value = node.text().unwrap();
        let start = value.find(needle).unwrap();
        let span = Places::of(std::slice::from_ref(&source)).within(&node.span, &value, start..start + needle.len());
        (text[span.start..span.end].to_owned(), span.line, span.column)
    }

    #[test]
    fn places_within_scalars_are_found_in_the_file() {
        for (text, needle, line, column) in [
            ("a: x {{ y }}\n", "y", 1, 9),
            ("a: \"é {{ y }}\"\n", "y", 1, 10),
            ("a: 'it''s {{ y }}'\n", "y", 1, 14),
            ("a: \"\\t\\x41 {{ y }}\"\n", "y", 1, 15),
            ("a: |\n  one\n\n  two {{ y }}\n", "y", 4, 10),
            ("a: |\n  if x\n    {{ y }}\n", "y", 3, 8),
            ("a: >-\n  one\n  two {{ y }}\n", "y", 3, 10),
            ("a: one\n  two {{ y }}\n", "y", 2, 10),
            ("a: |-\r\n  one\r\n  two {{ y }}\r\n", "y", 3, 10),
        ] {
            assert_eq!(find(text, "a", needle), (needle.to_owned(), line, column), "{text:?}");
        }
    }
}
