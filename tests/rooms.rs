//! The house's rules that no compiler knows: which room may use which, that a `mod.rs` only re-exports, and that files stay small.
//! It reads the sources as text, so it sees what a macro or a `cfg` would hide from the compiler.

#![expect(clippy::disallowed_methods, reason = "tests look at what is there, whoever made it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms from left to right: each may use those in the rows before its own, and itself.
const ROOMS: &[&[&str]] = &[
    &["base"],
    &["model"],
    &["events"],
    &["transport", "journal", "display", "report"],
    &["actions"],
    &["plan"],
    &["engine"],
    &["cli"],
];

const MOST_LINES: usize = 500;

/// Files that may be longer, each with the reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn rooms_use_only_those_before_them() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room_of(&path) else { continue };
        for used in uses(&path, &text) {
            if !may_use(room, &used.room) {
                broken.push(format!("src/{}:{}: `{room}` must not use `{}`", path.display(), used.line, used.room));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_folder_is_a_known_room() {
    let found: BTreeSet<_> = sources().iter().filter_map(|(path, _)| room_of(path).map(ToOwned::to_owned)).collect();
    let known: BTreeSet<_> = ROOMS.iter().copied().flatten().map(|&room| room.to_owned()).collect();
    assert_eq!(found, known);
}

#[test]
fn a_mod_file_only_reexports() {
    let mut broken = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path.ends_with("mod.rs") || path == Path::new("lib.rs")) {
        for statement in statements(&text_without_comments_and_strings(text)) {
            if !only_names_modules(&statement) {
                broken.push(format!("src/{}: `{statement}` is no `mod` and no `use`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn files_are_small() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        let excused = LONG.iter().any(|(long, _)| Path::new(long) == path);
        match (lines > MOST_LINES, excused) {
            (true, false) => broken.push(format!("src/{} has {lines} lines, {MOST_LINES} at most", path.display())),
            (false, true) => broken.push(format!("src/{} needs no excuse any more", path.display())),
            _ => {}
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_use_is_found_however_it_is_written() {
    let rooms = |path: &str, text: &str| -> Vec<String> {
        uses(Path::new(path), text).into_iter().map(|used| format!("{}:{}", used.line, used.room)).collect()
    };
    assert_eq!(rooms("plan/x.rs", "use crate::engine::Setup;"), ["1:engine"]);
    assert_eq!(rooms("plan/x.rs", "use crate::{base::{Span, ids}, cli};"), ["1:base", "1:cli"]);
    assert_eq!(rooms("plan/x.rs", "fn f() { crate :: cli\n::go() }"), ["1:cli"]);
    assert_eq!(rooms("plan/x.rs", "use super::super::engine;"), ["1:engine"]);
    assert_eq!(rooms("plan/mod.rs", "use super::engine;"), ["1:engine"]);
    assert_eq!(rooms("plan/x/y.rs", "use super::super::super::{cli, base::Span};"), ["1:cli", "1:base"]);
    assert_eq!(rooms("plan/x.rs", "mod tests {\n    use super::super::super::cli;\n}\nuse super::y;"), ["2:cli"]);
    assert_eq!(rooms("plan/x.rs", "// crate::cli\n/* /* */ crate::cli */ const A: &str = \"crate::cli\";"), [""; 0]);
    assert_eq!(
        rooms("plan/x.rs", "const A: &str = r#\"\" crate::cli \"#; const B: char = '\"'; use crate::cli;"),
        ["1:cli"]
    );
    assert_eq!(rooms("plan/x.rs", "fn f<'a>(x: &'a str) { crate::cli::f('\\'') }"), ["1:cli"]);
    assert_eq!(rooms("plan/x.rs", "use self::y; use super::z; pub(super) fn f() {} my_crate::cli();"), [""; 0]);
}

#[test]
fn the_rule_is_the_one_that_is_written_down() {
    assert!(may_use("cli", "base") && may_use("actions", "journal") && may_use("journal", "journal"));
    assert!(!may_use("base", "model") && !may_use("journal", "display") && !may_use("display", "report"));
    assert!(!may_use("plan", "engine") && !may_use("cli", "nowhere"));
    assert!(only_names_modules("pub mod a") && only_names_modules("#[cfg(test)] mod tests"));
    assert!(only_names_modules("pub use a::{B, C}") && only_names_modules("pub(crate) use a::b"));
    assert!(!only_names_modules("pub fn f() { 1 }") && !only_names_modules("mod inline { fn f() {} }"));
}

/// Every source file below `src`, by its path from there.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found: {found:?}");
    found.sort();
    found
}

/// The room that a file is in; none for `lib.rs` and `main.rs`, which stand outside.
fn room_of(path: &Path) -> Option<&str> {
    path.parent()?.components().next()?.as_os_str().to_str()
}

fn may_use(room: &str, used: &str) -> bool {
    let row = |name| ROOMS.iter().position(|row| row.contains(&name));
    room == used || matches!((row(room), row(used)), (Some(own), Some(other)) if other < own)
}

/// A room that is named somewhere.
struct Used {
    line: usize,
    room: String,
}

/// Every room that a file names, by `crate::` or by enough of `super::`.
fn uses(path: &Path, text: &str) -> Vec<Used> {
    let tokens = tokens(&text_without_comments_and_strings(text));
    let depth = path.components().count() - usize::from(path.ends_with("mod.rs"));
    let mut found = Vec::new();
    // The inline modules around a token: how deep in braces each began.
    let (mut braces, mut inline) = (0_usize, Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "mod" if tokens.get(at + 2).is_some_and(|token| token.text == "{") => inline.push(braces),
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                inline.pop_if(|began| *began == braces);
            }
            "crate" if is(&tokens, at + 1, "::") => {
                names(&tokens, at + 2, &mut found);
                at += 1;
            }
            "super" if is(&tokens, at + 1, "::") => {
                let mut climbed = 0;
                while is(&tokens, at, "super") && is(&tokens, at + 1, "::") {
                    climbed += 1;
                    at += 2;
                }
                if climbed >= depth + inline.len() {
                    names(&tokens, at, &mut found);
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The first names of a path, or of each path in a group.
fn names(tokens: &[Token], at: usize, found: &mut Vec<Used>) {
    if !is(tokens, at, "{") {
        found.extend(tokens.get(at).map(|token| Used { line: token.line, room: token.text.clone() }));
        return;
    }
    let mut depth = 0;
    for (before, token) in tokens[at..].iter().zip(&tokens[at + 1..]) {
        match before.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
        if depth == 1 && matches!(before.text.as_str(), "{" | ",") && token.text != "}" {
            found.push(Used { line: token.line, room: token.text.clone() });
        }
    }
}

fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}

struct Token {
    line: usize,
    text: String,
}

/// Words, `::`, and every other character by itself.
fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let length = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token { line: line + 1, text: rest[..length].to_owned() });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The code alone: comments, strings and character literals become blanks, lines stay lines.
fn text_without_comments_and_strings(text: &str) -> String {
    let literal = regex::Regex::new(concat!(
        r#"(?s)//[^\n]*|/\*|b?r(?P<hashes>#*)"|[bc]?"(?:\\.|[^"\\])*"|"#,
        r"b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])'",
    ))
    .unwrap();
    let mut code = String::new();
    let mut at = 0;
    while let Some(found) = literal.captures_at(text, at) {
        let whole = found.get(0).unwrap();
        code.push_str(&text[at..whole.start()]);
        let end = if whole.as_str() == "/*" {
            end_of_comment(text, whole.end())
        } else if let Some(hashes) = found.name("hashes") {
            let quote = format!("\"{}", hashes.as_str());
            text[whole.end()..].find(&quote).map_or(text.len(), |more| whole.end() + more + quote.len())
        } else {
            whole.end()
        };
        code.extend(text[whole.start()..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    code + &text[at..]
}

/// Block comments nest.
fn end_of_comment(text: &str, begin: usize) -> usize {
    let mut depth = 1;
    let mut at = begin;
    while depth > 0 {
        let Some(more) = text[at..].find("/*").into_iter().chain(text[at..].find("*/")).min() else {
            return text.len();
        };
        depth = if text[at + more..].starts_with("/*") { depth + 1 } else { depth - 1 };
        at += more + 2;
    }
    at
}

/// The statements of a file that holds nothing but them; whatever is in braces stays with its own.
fn statements(code: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut depth = 0;
    for token in tokens(code) {
        let last = statements.last_mut().expect("there is one");
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if token.text == ";" && depth == 0 {
            statements.push(String::new());
        } else {
            if !last.is_empty()
                && last.ends_with(char::is_alphanumeric)
                && token.text.starts_with(char::is_alphanumeric)
            {
                last.push(' ');
            }
            last.push_str(&token.text);
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

/// `mod a`, `use a::b`, with a visibility and attributes if need be.
fn only_names_modules(statement: &str) -> bool {
    let shape = r"^(#!?\[[^\]]*\]\s*)*(pub(\([a-z]+\))?\s*)?(mod \w+|use\s*\w+\s*(::.*)?)$";
    regex::Regex::new(shape).unwrap().is_match(statement)
}
