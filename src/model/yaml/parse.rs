//! Reads one document, within limits.

use std::sync::Arc;

use serde_yaml::granit_parser::{self, Event, Marker, Parser};

use crate::base::Span;
use crate::model::diagnostic::Diagnostics;
use crate::model::node::Node;

use super::build::{Builder, MAX_DEPTH};
use super::explain;

/// The largest file that is read: a runbook is written by people.
pub const MAX_BYTES: u64 = 4 << 20;

/// The text of a file, or a report of the first byte that is not UTF-8.
pub fn decode_utf8(file: &Arc<str>, bytes: Vec<u8>, diagnostics: &mut Diagnostics) -> Option<String> {
    String::from_utf8(bytes)
        .map_err(|error| {
            let start = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..start]);
            let byte = error.as_bytes().get(start).copied().unwrap_or_default();
            let span = span_after(file, &before, 1);
            diagnostics
                .error(&span, format!("the file is not UTF-8: the byte 0x{byte:02x} does not belong here"))
                .hint("save the file as UTF-8");
        })
        .ok()
}

/// The document in `text`, or none where it cannot be read. All that is wrong with it as YAML is reported.
pub fn parse(file: &Arc<str>, text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    strange_characters(file, text, diagnostics);
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::new(file, text, diagnostics);
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => builder.take(event, &span)?,
            Err(error) => {
                let span = mark(file, error.marker());
                explain::scan_error(&error, &span, text, builder.diagnostics());
                return None;
            }
        }
    }
    let root = builder.finish();
    if root.is_none() {
        diagnostics.error(&span_after(file, "", 0), "the file is empty");
    }
    root
}

/// The span of one mark of the parser's.
fn mark(file: &Arc<str>, mark: &Marker) -> Span {
    let start = mark.byte_offset().unwrap_or_default();
    Span { file: file.clone(), line: narrow(mark.line()), column: narrow(mark.col() + 1), start, end: start }
}

/// The parser's span in our own terms.
pub(super) fn span(file: &Arc<str>, span: &granit_parser::Span) -> Span {
    Span { end: span.end.byte_offset().unwrap_or_default(), ..mark(file, &span.start) }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The span of `length` bytes after `before`, which is the file's text up to there.
fn span_after(file: &Arc<str>, before: &str, length: usize) -> Span {
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Span {
        file: file.clone(),
        line: narrow(before.matches('\n').count() + 1),
        column: narrow(before[line_start..].chars().count() + 1),
        start: before.len(),
        end: before.len() + length,
    }
}

/// Reports characters that YAML does not allow, and those that make a text look like something else than it is.
fn strange_characters(file: &Arc<str>, text: &str, diagnostics: &mut Diagnostics) {
    for (at, character) in text.char_indices() {
        let control = matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}');
        let bidirectional = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if !control && !bidirectional {
            continue;
        }
        let span = span_after(file, &text[..at], character.len_utf8());
        let code = format!("U+{:04X}", u32::from(character));
        if control {
            diagnostics
                .error(&span, format!("the control character {code} is not allowed in YAML"))
                .hint(format!("within double quotes it can be written as `\\u{:04x}`", u32::from(character)));
        } else {
            diagnostics
                .error(
                    &span,
                    format!(
                        "the character {code} turns the direction of the text, so that it reads otherwise than it runs"
                    ),
                )
                .hint(format!("within double quotes it can be written as `\\u{:04x}`", u32::from(character)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::{Scalar, Shape};

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let node = parse(&"b.yaml".into(), text, &mut diagnostics);
        let found = diagnostics.sorted().into_iter().map(|diagnostic| {
            let place = diagnostic.span.map_or(String::new(), |span| format!("{}:{} ", span.line, span.column));
            let hint = diagnostic.hint.map_or(String::new(), |hint| format!("; {hint}"));
            format!("{place}{}{hint}", diagnostic.message)
        });
        (node, found.collect())
    }

    #[test]
    fn scalars_keep_the_text_they_were_written_with() {
        for (text, scalar) in [
            ("0644", Scalar::Plain("0644".into())),
            ("\"0644\"", Scalar::Quoted("0644".into())),
            ("'it''s'", Scalar::Quoted("it's".into())),
            ("1.10", Scalar::Plain("1.10".into())),
            ("yes", Scalar::Plain("yes".into())),
            ("~", Scalar::Plain("~".into())),
            ("", Scalar::Plain(String::new())),
            ("!!str 5", Scalar::Quoted("5".into())),
            ("|\n  one\n   two\n", Scalar::Quoted("one\n two\n".into())),
            (">-\n  one\n  two\n", Scalar::Quoted("one two".into())),
            ("2018-08-13T04:00+12:00", Scalar::Plain("2018-08-13T04:00+12:00".into())),
        ] {
            let (node, found) = read(&format!("a: {text}"));
            assert_eq!(found, Vec::<String>::new(), "{text}");
            assert_eq!(node.unwrap().get("a").unwrap().shape, Shape::Scalar(scalar), "{text}");
        }
    }

    #[test]
    fn spans_count_characters_and_bytes() {
        let text = "é: [ü, {b: ö}]\nd:\n  - e\n";
        let (node, _) = read(text);
        let Shape::Map(entries) = node.unwrap().shape else { panic!() };
        let place = |span: &Span| (span.line, span.column, &text[span.start..span.end]);
        assert_eq!(place(&entries[0].0.span), (1, 1, "é"));
        assert_eq!(place(&entries[0].1.span), (1, 4, "[ü, {b: ö}]"));
        let Shape::List(items) = &entries[0].1.shape else { panic!() };
        assert_eq!(place(&items[1].get("b").unwrap().span), (1, 12, "ö"));
        assert_eq!(place(&entries[1].1.span), (3, 3, "- e"));
    }

    #[test]
    fn what_is_wrong_as_yaml_is_told_with_its_place() {
        for (text, due) in [
            ("", "1:1 the file is empty"),
            ("a: 1\nb: 2\na: 3\n", "3:1 duplicate key `a`; it is already there in line 1"),
            ("a: 1\n---\nb: 2\n", "2:1 a second document begins here; a runbook is one YAML document"),
            ("%YAML 1.1\n---\na: 1\n", "2:1 runbooks are YAML 1.2; leave the `%YAML` line out"),
            (
                "a: &x {b: 1}\nc:\n  <<: *x\n",
                "3:3 merge keys (`<<`) are not YAML 1.2; write the keys out, or use a variable",
            ),
            ("a:\n\tb: 1\n", "2:2 a tab in the indentation; YAML is indented with spaces"),
            ("a: *.log\n", "1:4 an alias of something that has no anchor; quote a text that begins with `*`"),
            ("a: &x [*x]\n", "1:8 an alias within what it stands for"),
            ("a: !env HOME\n", "1:4 the tag `!env` has no meaning in a runbook; quote a text that begins with `!`"),
            (
                "a: {{ site }}\n",
                "1:4 `{{` opens a YAML mapping here; quote a value that begins with a template: \"{{ … }}\"",
            ),
            (
                "a: {{ site }}/x\n",
                "1:4 `{{` opens a YAML mapping here; quote a value that begins with a template: \"{{ … }}\"",
            ),
            ("a: @x\n", "1:4 no text begins with `@` in YAML; quote it"),
            ("a: b: c\n", "1:5 a second `: ` in one line; quote a text that contains `: `"),
            ("a: \"b\n", "1:4 a quote that is never closed"),
            ("a: [b\n", "1:4 a `[` that is never closed"),
            ("a: \"\\d\"\n", "1:4 an unknown escape within double quotes; single quotes leave `\\` alone"),
            ("? [a]\n: b\n", "1:3 a key has to be a text"),
            (
                "a: \u{1b}[31m\n",
                "1:4 the control character U+001B is not allowed in YAML; within double quotes it can be written as `\\u001b`",
            ),
            (
                "é: \u{202e}x\n",
                "1:4 the character U+202E turns the direction of the text, so that it reads otherwise than it runs; within double quotes it can be written as `\\u202e`",
            ),
        ] {
            assert_eq!(read(text).1, [due], "{text:?}");
        }
    }

    #[test]
    fn aliases_stand_for_what_they_name_within_limits() {
        let (node, found) = read("a: &x [1, 2]\nb: *x\n");
        assert_eq!((node.unwrap().get("b").map(|node| node.span.line), found), (Some(1), vec![]));
        let items = |level: usize| vec![format!("*a{}", level - 1); 10].join(", ");
        let bomb = (1..20).map(|level| format!("a{level}: &a{level} [{}]\n", items(level)));
        let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{}", bomb.collect::<String>());
        assert_eq!(
            read(&bomb).1,
            ["5:10 aliases add more than 20000 values; write lists down once and refer to them by a variable"]
        );
        let ladder = (1..100).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1));
        let ladder = format!("a0: &a0 [x]\n{}", ladder.collect::<String>());
        assert_eq!(read(&ladder).1, ["64:12 nested more than 64 levels deep"]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let flow = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
        let block = (0..5000).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
        for text in [flow, block] {
            let (_, found) = read(&text);
            assert!(found.len() == 1 && found[0].ends_with("nested more than 64 levels deep"), "{found:?}");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_has_its_place() {
        let mut diagnostics = Diagnostics::default();
        assert_eq!(decode_utf8(&"b.yaml".into(), b"a: 1\n\xc3\xa9: \xff\n".to_vec(), &mut diagnostics), None);
        let [diagnostic] = diagnostics.as_slice() else { panic!() };
        assert_eq!(diagnostic.message, "the file is not UTF-8: the byte 0xff does not belong here");
        assert_eq!(diagnostic.span.as_ref().map(|span| (span.line, span.column, span.start)), Some((2, 4, 9)));
    }
}
