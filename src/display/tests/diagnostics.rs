//! What is wrong with a runbook.

use std::path::PathBuf;

use insta::assert_snapshot;

use super::story::{colored, visible};
use crate::base::Span;
use crate::display::{Style, diagnostics};
use crate::model::book::Source;
use crate::model::{Diagnostic, Diagnostics};

/// The diagnostics of `text` at each of these words.
fn found(text: &str, words: &[(&str, &str, Option<&str>)]) -> (Vec<Diagnostic>, Vec<Source>) {
    let source = Source { name: "book.yaml".into(), path: PathBuf::from("book.yaml"), text: text.to_owned() };
    let mut diagnostics = Diagnostics::default();
    for (word, message, hint) in words {
        let start = text.find(word).unwrap();
        let before = &text[..start];
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap();
        let span = Span {
            file: "book.yaml".into(),
            line,
            column: u32::try_from(column).unwrap(),
            start,
            end: start + word.len(),
        };
        let diagnostic = diagnostics.error(&span, *message);
        if let Some(hint) = hint {
            diagnostic.hint(*hint);
        }
    }
    (diagnostics.sorted(), vec![source])
}

#[test]
fn place_line_and_caret() {
    let text = "runbook: 1\nsteps:\n  - {id: a, servcie: x}\n  - id: \"漢字\"\n    when: {{ a }}\n\trun: x\n";
    let (mut found, sources) = found(
        text,
        &[
            ("servcie", "unknown key `servcie` in a step", Some("did you mean `service`?")),
            (
                "\"漢字\"",
                "`漢字` cannot be an id",
                Some("ids are of a-z, 0-9, `_` and `-`\nand begin with one of a-z, 0-9"),
            ),
            ("{{ a }}\n\trun", "a template that spans lines", None),
            ("run: x", "a tab", None),
        ],
    );
    found[3].severity = crate::model::Severity::Warning;
    let mut at_large = Diagnostics::default();
    at_large.error_at_large("no host is called `olde`").hint("did you mean `old`?");
    found.extend(at_large.sorted());
    assert_snapshot!(diagnostics(&found, &sources, &Style::plain()), @r#"
    error: unknown key `servcie` in a step
     --> book.yaml:3:13
      |
    3 |   - {id: a, servcie: x}
      |             ^^^^^^^
      = help: did you mean `service`?

    error: `漢字` cannot be an id
     --> book.yaml:4:9
      |
    4 |   - id: "漢字"
      |         ^^^^^^
      = help: ids are of a-z, 0-9, `_` and `-`
              and begin with one of a-z, 0-9

    error: a template that spans lines
     --> book.yaml:5:11
      |
    5 |     when: {{ a }}
      |           ^^^^^^^

    warning: a tab
     --> book.yaml:6:2
      |
    6 |     run: x
      |     ^^^^^^

    error: no host is called `olde`
     = help: did you mean `old`?

    4 errors, 1 warning
    "#);
}

#[test]
fn in_colours() {
    let (found, sources) = found("a: servcie\n", &[("servcie", "unknown key", Some("did you mean `service`?"))]);
    assert_snapshot!(visible(&diagnostics(&found, &sources, &colored())), @r"
    ␛[1;31merror␛[0m␛[1m: unknown key␛[0m
     ␛[36m--> ␛[0mbook.yaml:1:4
    ␛[36m  |␛[0m
    ␛[36m1 |␛[0m a: servcie
    ␛[36m  |␛[0m    ␛[1;31m^^^^^^^␛[0m
      ␛[36m= help: ␛[0mdid you mean `service`?

    ␛[1;31m1 error␛[0m
    ");
}

#[test]
fn a_hostile_book_is_quoted_harmlessly_and_the_caret_still_fits() {
    let (found, sources) = found("a: \x1b[2J\u{202e} bad\r\n", &[("bad", "no \x1b]0;title\x07", None)]);
    assert_snapshot!(diagnostics(&found, &sources, &Style::plain()), @r"
    error: no \x1b]0;title\x07
     --> book.yaml:1:10
      |
    1 | a: \x1b[2J\u{202e} bad
      |                    ^^^

    1 error
    ");
}

#[test]
fn a_very_long_line_is_shown_around_the_place() {
    let text = format!("{} bad {}", "x".repeat(500), "y".repeat(500));
    let (found, sources) = found(&text, &[("bad", "here", None)]);
    assert_snapshot!(diagnostics(&found, &sources, &Style::plain()), @r"
    error: here
     --> book.yaml:1:502
      |
    1 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx bad yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
      |                                                             ^^^

    1 error
    ");
}

#[test]
fn a_place_outside_the_text_is_told_without_it() {
    let (mut found, sources) = found("a\n", &[("a", "gone", None)]);
    let span = found[0].span.as_mut().unwrap();
    (span.line, span.column, span.start, span.end) = (7, 3, 90, 95);
    assert_snapshot!(diagnostics(&found, &sources, &Style::plain()), @r"
    error: gone
     --> book.yaml:7:3

    1 error
    ");
    let span = found[0].span.as_mut().unwrap();
    (span.line, span.column, span.start, span.end) = (1, 40, 90, 95);
    assert_snapshot!(diagnostics(&found, &sources, &Style::plain()), @r"
    error: gone
     --> book.yaml:1:40
      |
    1 | a
      |  ^

    1 error
    ");
}

#[test]
fn nothing_wrong_says_nothing() {
    assert_eq!(diagnostics(&[], &[], &Style::plain()), "");
}
