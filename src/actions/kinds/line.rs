//! `line`: one line of a file.

use regex::bytes::Regex;

use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use crate::actions::edit::{self, Edit, Lines, Plan};

/// That a line stands in a file, or does not.
#[derive(Debug)]
pub struct Line {
    path: String,
    want: Want,
}

/// What is asked.
#[derive(Debug)]
enum Want {
    /// The line stands there: in place of the last that matches, else at the end.
    Present { line: String, matching: Option<Regex> },
    /// No such line stands there.
    Absent(Which),
}

/// Which lines go.
#[derive(Debug)]
enum Which {
    /// Those that read so.
    Line(String),
    /// Those that match.
    Matching(Regex),
}

const KEYS: [Key; 4] = [
    required("path", Form::Path, "the file"),
    key("line", Form::Text, "the line, without its end"),
    key("match", Form::Regex, "what is held against each line by itself"),
    key("state", Form::OneOf(&["present", "absent"]), "whether it is to stand there").left_out("`present`"),
];

impl Edit for Line {
    const KIND: &'static str = "line";
    const FORM: Form = Form::SomeKeyOf(&KEYS, &["line", "match"]);

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`line`", &KEYS, diagnostics)?;
        let path = fields.required("path", decode::absolute_path);
        let line = fields.optional("line", decode::checked("a line", one_line));
        let matching = fields.optional("match", edit::regex);
        let absent = fields.optional("state", decode::one_of(&[("present", false), ("absent", true)])).unwrap_or(false);
        if value.unknown_until().is_none() {
            let (has_line, has_match) = (fields.node("line").is_some(), fields.node("match").is_some());
            match (absent, has_line, has_match) {
                (false, false, _) => fields.wrong("state", "`line` lacks `line`", "which line is to stand there?"),
                (true, false, false) => {
                    fields.wrong("state", "`line` lacks `line` or `match`", "which lines are to go?");
                }
                (true, true, true) => {
                    let hint = "`line` for those that read exactly so, `match` for those that match";
                    fields.wrong("match", "`state: absent` takes `line` or `match`", hint);
                }
                _ => {}
            }
        }
        fields.done()?;
        let want = match (absent, line, matching) {
            (false, line, matching) => Want::Present { line: line.unwrap_or_default(), matching },
            (true, _, Some(matching)) => Want::Absent(Which::Matching(matching)),
            (true, line, None) => Want::Absent(Which::Line(line.unwrap_or_default())),
        };
        Some(Self { path: path?, want })
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn plan(&self, lines: Option<&Lines>, role: &Role) -> Plan {
        match (&self.want, lines) {
            (Want::Absent(_), None) => Plan::AsAsked,
            (Want::Present { .. }, None) => Plan::Blocked(format!(
                "there is no {} on {role}: a `file` step with `state: present` makes an empty one",
                self.path
            )),
            (Want::Present { line, matching }, Some(lines)) => present(lines, line.as_bytes(), matching.as_ref()),
            (Want::Absent(which), Some(lines)) => absent(lines, which),
        }
    }
}

fn present(lines: &Lines, line: &[u8], matching: Option<&Regex>) -> Plan {
    let matches: Vec<usize> = match matching {
        Some(regex) => numbers(lines, |text| regex.is_match(text)),
        None => Vec::new(),
    };
    let stands = |at: usize| lines.lines[at].text == line;
    let mut after = lines.clone();
    let Some(&last) = matches.last() else {
        if (0..lines.lines.len()).any(stands) {
            return Plan::AsAsked;
        }
        after.append(line);
        let notes = matching.map(|_| "no line matches: it is put at the end".to_owned());
        return Plan::Edit { what: "append a line".to_owned(), notes: notes.into_iter().collect(), lines: after };
    };
    if stands(last) {
        return Plan::AsAsked;
    }
    after.lines[last].text = line.to_vec();
    let notes = (matches.len() > 1).then(|| {
        let others = edit::listed(&matches[..matches.len() - 1]);
        format!(
            "{} lines match: the last of them is replaced, {others} stay{}",
            matches.len(),
            plural(matches.len() - 1)
        )
    });
    Plan::Edit { what: format!("replace line {}", last + 1), notes: notes.into_iter().collect(), lines: after }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}

fn absent(lines: &Lines, which: &Which) -> Plan {
    let goes = numbers(lines, |text| match which {
        Which::Line(line) => text == line.as_bytes(),
        Which::Matching(regex) => regex.is_match(text),
    });
    if goes.is_empty() {
        return Plan::AsAsked;
    }
    let mut after = lines.clone();
    let mut at = 0..;
    after.lines.retain(|_| !at.next().is_some_and(|at| goes.contains(&at)));
    Plan::Edit { what: format!("remove {}", edit::listed(&goes)), notes: Vec::new(), lines: after }
}

/// The lines of which something holds, by their index.
fn numbers(lines: &Lines, holds: impl Fn(&[u8]) -> bool) -> Vec<usize> {
    lines.lines.iter().enumerate().filter(|(_, line)| holds(&line.text)).map(|(at, _)| at).collect()
}

fn one_line(text: &str) -> Result<String, String> {
    if text.contains(['\n', '\r', '\0']) {
        return Err("one line, without its end: several lines are several steps, or a `template`".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded_edit;

    fn planned(action: &str, content: &str) -> Result<(String, Vec<String>, String), Plan> {
        let line: Line = decoded_edit(action).unwrap();
        match line.plan(Some(&Lines::of(content.as_bytes())), &Role::from("old")) {
            Plan::Edit { what, notes, lines } => {
                let after = lines.content();
                let again = line.plan(Some(&Lines::of(&after)), &Role::from("old"));
                assert_eq!(again, Plan::AsAsked, "done twice is done once: {action}");
                Ok((what, notes, String::from_utf8(after).unwrap()))
            }
            other => Err(other),
        }
    }

    fn edited(action: &str, content: &str) -> (String, String) {
        let (what, _, after) = planned(action, content).unwrap();
        (what, after)
    }

    #[test]
    fn a_line_is_replaced_or_appended() {
        let due = |what: &str, after: &str| (what.to_owned(), after.to_owned());
        let log = "{path: /x, line: \"LogLevel info\", match: \"^#?\\\\s*LogLevel\\\\b\"}";
        assert_eq!(edited(log, "a\nLogLevel warn\nb\n"), due("replace line 2", "a\nLogLevel info\nb\n"));
        assert_eq!(edited(log, "a\r\n# LogLevel warn\r\n"), due("replace line 2", "a\r\nLogLevel info\r\n"));
        assert_eq!(edited(log, "a"), due("append a line", "a\nLogLevel info"));
        assert_eq!(edited("{path: /x, line: b}", "a\n b\nbb\n"), due("append a line", "a\n b\nbb\nb\n"));
        assert_eq!(planned("{path: /x, line: b}", "a\nb\nc\n"), Err(Plan::AsAsked));
        assert_eq!(planned("{path: /x, line: b, match: z}", "a\nb\nc\n"), Err(Plan::AsAsked));
    }

    #[test]
    fn of_several_that_match_the_last_is_replaced_and_the_others_are_told() {
        let (what, notes, after) = planned("{path: /x, line: a=3, match: ^a=}", "a=1\nb\na=2\n").unwrap();
        assert_eq!((what.as_str(), after.as_str()), ("replace line 3", "a=1\nb\na=3\n"));
        assert_eq!(notes, ["2 lines match: the last of them is replaced, line 1 stays"]);
        let (_, notes, _) = planned("{path: /x, line: a=4, match: ^a=}", "a=1\na=2\na=3\n").unwrap();
        assert_eq!(notes, ["3 lines match: the last of them is replaced, lines 1 and 2 stay"]);
        assert_eq!(planned("{path: /x, line: a=2, match: ^a=}", "a=1\na=2\n"), Err(Plan::AsAsked));
    }

    #[test]
    fn lines_go() {
        let due = |what: &str, after: &str| (what.to_owned(), after.to_owned());
        assert_eq!(edited("{path: /x, match: ^a, state: absent}", "a1\nb\na2\n"), due("remove lines 1 and 3", "b\n"));
        assert_eq!(edited("{path: /x, line: a, state: absent}", "a1\na\nb"), due("remove line 2", "a1\nb"));
        assert_eq!(planned("{path: /x, line: a, state: absent}", "a1\nb\n"), Err(Plan::AsAsked));
    }

    #[test]
    fn bytes_that_are_no_text_are_in_nobodys_way() {
        let line: Line = decoded_edit("{path: /x, line: b=2, match: ^b=}").unwrap();
        let lines = Lines::of(b"\xff\xfe\nb=\xff\n\0");
        let Plan::Edit { lines, .. } = line.plan(Some(&lines), &Role::from("old")) else { panic!() };
        assert_eq!(lines.content(), b"\xff\xfe\nb=2\n\0");
    }

    #[test]
    fn without_the_file_nothing_stands_there() {
        let plan = |text: &str| decoded_edit::<Line>(text).unwrap().plan(None, &Role::from("old"));
        assert_eq!(plan("{path: /x, line: a, state: absent}"), Plan::AsAsked);
        let due = "there is no /x on old: a `file` step with `state: present` makes an empty one";
        assert_eq!(plan("{path: /x, line: a}"), Plan::Blocked(due.into()));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{path: /x}", "`line` lacks `line`; which line is to stand there?"),
            ("{path: /x, match: a}", "`line` lacks `line`; which line is to stand there?"),
            ("{path: /x, state: absent}", "`line` lacks `line` or `match`; which lines are to go?"),
            (
                "{path: /x, line: a, match: b, state: absent}",
                "`state: absent` takes `line` or `match`; `line` for those that read exactly so, `match` for those that match",
            ),
            (
                "{path: /x, line: \"a\\nb\"}",
                "a line is due here, found a text; one line, without its end: several lines are several steps, or a `template`",
            ),
            (
                "{path: x, line: a, stat: absent}",
                "an absolute path is due here, found `x`; paths on a host start with `/`\n\
                 unknown key `stat` in `line`; did you mean `state`?",
            ),
            ("{path: /x, line: a, match: \"(\"}", "the regular expression cannot be read: unclosed group"),
        ] {
            assert_eq!(decoded_edit::<Line>(text).unwrap_err(), due, "{text}");
        }
    }
}
