//! The words of errors as they stand in `src`: what is said is searched for on the page.

use std::path::{Path, PathBuf};

use regex::Regex;

/// A wording in the sources.
pub(super) struct Wording {
    /// `cli/choose.rs:28`.
    pub(super) place: String,
    /// As it is written, with its placeholders.
    pub(super) text: String,
}

/// After these the words of an error come: a constructor, an attribute, a helper that is called so in this house, or a name that is given to the
/// words first.
const OPENERS: [&str; 5] = [
    r"#\[error\(",
    r"\bCommandError::(?:wrong|failed|caused)\(",
    r"\bEngineError::(?:Refused|Identity|Unreachable)\(",
    r"\b(?:refused|cannot|is_none|fail|unusable|tampered|with_hint)\(",
    r"\b(?:why: |let (?:why|what|hint|over|clone|reason|restarted) = )",
];

/// All wordings of the rooms, in the order of files and lines.
pub(super) fn wordings(rooms: &[&str]) -> Vec<Wording> {
    let openers = Regex::new(&OPENERS.join("|")).unwrap();
    let mut found = Vec::new();
    for (path, text) in sources(rooms) {
        for opener in openers.find_iter(&text) {
            let line = text[..opener.start()].matches('\n').count() + 1;
            for literal in literals(&text[opener.end()..]) {
                if says_something(&literal) {
                    found.push(Wording { place: format!("{}:{line}", path.display()), text: literal });
                }
            }
        }
    }
    // One opener may stand in another.
    found.dedup_by(|one, other| one.text == other.text);
    found
}

/// The files of these rooms, or these files, without their tests.
fn sources(rooms: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths: Vec<PathBuf> = rooms.iter().map(|room| root.join(room)).collect();
    let comment = Regex::new(r"(?m)^[ \t]*//.*$").unwrap();
    let mut found = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let inside = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            paths.extend(inside.filter(|path| !path.ends_with("tests")));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let own = text.find("\n#[cfg(test)]").map_or(text.as_str(), |tests| &text[..tests]);
            let own = comment.replace_all(own, "").into_owned();
            found.push((path.strip_prefix(&root).unwrap().to_owned(), own));
        }
    }
    assert!(found.len() > 10, "the sources were not found");
    found.sort();
    found
}

/// The strings that are said themselves, up to where what was opened ends: not those that a call inside is given.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut calls: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(c) = code[at..].chars().next() {
        let before = code[..at].trim_end();
        match c {
            '(' | '[' => calls.push(is_transparent(before)),
            '{' => calls.push(true),
            ')' | ']' | '}' | ';' if calls.is_empty() => break,
            ')' | ']' | '}' => drop(calls.pop()),
            '"' => {
                let end = end_of_string(&code[at..]);
                let is_first = before.is_empty() || before.ends_with(['(', ',', '{', '=', '>', ':', '&', '[']);
                if calls.iter().all(|said| *said) && is_first {
                    found.push(unescaped(&code[at + 1..at + end - 1]));
                }
                at += end;
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    found
}

/// Whether what a bracket holds is said where the bracket stands: what is formatted, grouped or wrapped is, and what another call is given is
/// not.
fn is_transparent(before: &str) -> bool {
    before.ends_with("format!")
        || before.ends_with("format_args!")
        || before.ends_with("Some")
        || before.ends_with("Err")
        || before.ends_with("Failure::here")
        || !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '!' || c == '>')
}

/// Where the string that begins here ends, behind its quote.
fn end_of_string(code: &str) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn unescaped(text: &str) -> String {
    let text = Regex::new(r"\\\n\s*").unwrap().replace_all(text, "").into_owned();
    text.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\")
}

/// Whether there are words in it beside the placeholders.
fn says_something(text: &str) -> bool {
    let words = Regex::new(r"\{[^}]*\}").unwrap().replace_all(text, "").into_owned();
    words.chars().filter(|c| c.is_alphabetic()).count() >= 4 && words.trim().contains(' ')
}

/// What finds the words on the page: anything may stand in place of a placeholder, in that line.
pub(super) fn pattern(text: &str) -> Regex {
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut pattern = String::new();
    let mut rest = text.as_str();
    while let Some(begin) = rest.find('{') {
        let end = rest[begin..].find('}').map_or(rest.len(), |end| begin + end + 1);
        pattern += &regex::escape(&rest[..begin]);
        pattern += ".*";
        rest = &rest[end..];
    }
    pattern += &regex::escape(rest);
    let pattern = pattern.replace('\u{1}', r"\{").replace('\u{2}', r"\}").replace('\n', r"\s+");
    Regex::new(&pattern).unwrap()
}

#[test]
fn words_are_told_from_what_is_not_said() {
    let of = |code: &str| literals(code);
    assert_eq!(
        of(r#"format!("there is no run `{said}`"), format!("to see: {}", context.command("runs"))) x("y z")"#),
        ["there is no run `{said}`", "to see: {}"]
    );
    assert_eq!(of(r#"match x { A => "is done", B => return f("no") }; "after""#), ["is done"]);
    assert_eq!(of("\"a \\\"b\\\" \\\n    c\""), ["a \"b\" c"]);
    assert!(says_something("there is {x}") && !says_something("{verb} {}: {source}"));
    assert!(pattern("run {run} has no `{x}`").is_match("error: run [run] has no `y`"));
    assert!(!pattern("run {run} has no `{x}`").is_match("run [run]\nhas no `y`"));
}
