//! YAML as a person would write it, and so that it reads back as what was meant.

use std::fmt::Write as _;

use crate::base::secret::SEAL;

/// `text` as a scalar below a key that is indented by `indent`: plain where nothing in it means anything, a block where it has lines, else
/// in quotes.
pub(super) fn scalar(text: &str, indent: usize) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    if is_block(text) {
        let (mark, body) = match text.strip_suffix('\n') {
            Some(body) => ("|", body),
            None => ("|-", text),
        };
        let indentation = " ".repeat(indent + 2);
        let lines =
            body.split('\n').map(|line| if line.is_empty() { "\n".into() } else { format!("\n{indentation}{line}") });
        return format!("{mark}{}", lines.collect::<String>());
    }
    quoted(text)
}

/// Whether it reads as that text, and as nothing else, without any marks.
fn is_plain(text: &str) -> bool {
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nothing", "none"];
    let good = |c: char| c.is_alphanumeric() || " _-./,()'".contains(c);
    text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(good)
        && !text.ends_with(' ')
        && !reserved.contains(&text.to_lowercase().as_str())
}

/// Whether a block scalar holds it as it is.
fn is_block(text: &str) -> bool {
    let printable = |c: char| c == '\n' || c == '\t' || (!c.is_control() && !is_odd(c));
    let body = text.strip_suffix('\n').unwrap_or(text);
    let first = body.split('\n').next().unwrap_or_default();
    body.contains('\n')
        && text.chars().all(printable)
        && !body.ends_with('\n')
        && !first.is_empty()
        && !first.starts_with([' ', '\t'])
        && !body.split('\n').any(|line| !line.is_empty() && line.trim().is_empty())
}

/// Characters that a reader of YAML takes for the end of a line, or does not let pass as they are.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || is_odd(c) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `text` so that templates leave it as it is.
pub(super) fn literal(text: &str) -> String {
    // What marks a secret has no place in a runbook.
    let text = text.replace(SEAL, "\u{FFFD}");
    if !["{{", "{%", "{#"].iter().any(|open| text.contains(open)) {
        return text;
    }
    if text.contains("endraw") {
        let mut literal = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            literal.push_str("{{ \"{\" }}");
            rest = &from[1..];
        }
        return literal + rest;
    }
    match text.strip_suffix('\n') {
        // The end of the line stays the end of the text.
        Some(body) => format!("{{% raw %}}{body}{{% endraw %}}\n"),
        None => format!("{{% raw %}}{text}{{% endraw %}}"),
    }
}
