//! Scripts that destroy something: more than is meant, or for good.

use std::sync::LazyLock;

use regex::Regex;

use crate::base::Spanned;
use crate::model::Diagnostics;
use crate::plan::check::parts::Part;
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::Situation;

use super::shell::{Command, Word, commands, is_name};
use super::within::{Script, is_something};

/// Statements that take something away from a database for good.
static STATEMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:drop\s+(?:database|table|schema|owned|role|user)|truncate)\b").ok());

/// Variables that always lead somewhere.
const ALWAYS: [&str; 2] = ["HOME", "PWD"];

/// Warns of `rm -r` on a path that would be another one if a variable were empty.
pub(super) fn empty(
    plan: &Plan,
    step: &PlannedStep,
    part: &Part<'_>,
    situation: Situation<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(script) = Script::of(part) else { return };
    for command in commands(script.text).iter().filter(|command| command.removes_folders()) {
        for word in command.operands() {
            let Some((named, rest)) = beginning(word) else { continue };
            if !rest.starts_with('/') {
                continue;
            }
            let (is_safe, instead) = match &named {
                Beginning::Variable(name) => {
                    let given = script.given(name).is_some_and(|text| is_something(plan, step, situation, &text));
                    let is_safe = given || ALWAYS.contains(name) || is_seen_to(script.text, name);
                    (is_safe, format!("`\"${{{name}:?}}{}\"`", plain(rest)))
                }
                Beginning::Template(text) => {
                    let text = Spanned::new((*text).to_owned(), script.span.clone());
                    let instead = format!("give it by `env`, and write `\"${{DIR:?}}{}\"`", plain(rest));
                    (is_something(plan, step, situation, &text), instead)
                }
            };
            if is_safe {
                continue;
            }
            let shown = named.shown();
            diagnostics
                .warning(
                    &script.place(plan, word.range.clone()),
                    format!("where `{shown}` is empty, `{}` removes `{}`", command.name(), plain(rest)),
                )
                .hint(format!("{instead}: the script ends where it is empty"));
        }
    }
}

/// What a word begins with.
enum Beginning<'t> {
    Variable(&'t str),
    Template(&'t str),
}

impl Beginning<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Variable(name) => format!("${name}"),
            Self::Template(text) => (*text).to_owned(),
        }
    }
}

/// What a word begins with, where that may be empty, and what follows.
fn beginning<'t>(word: &Word<'t>) -> Option<(Beginning<'t>, &'t str)> {
    let text = word.text.strip_prefix('"').unwrap_or(word.text);
    let (named, rest) = if text.starts_with("{{") {
        let end = text.find("}}")? + 2;
        (Beginning::Template(&text[..end]), &text[end..])
    } else if let Some(inner) = text.strip_prefix("${") {
        let end = inner.find('}')?;
        (Beginning::Variable(&inner[..end]), &inner[end + 1..])
    } else {
        let inner = text.strip_prefix('$')?;
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        (Beginning::Variable(&inner[..end]), &inner[end..])
    };
    if let Beginning::Variable(name) = named
        && !is_name(name)
        && name.parse::<usize>().is_err()
    {
        return None;
    }
    Some((named, rest.strip_prefix('"').unwrap_or(rest)))
}

/// Whether the script itself sees to it that the variable is something: sets it, or looks.
fn is_seen_to(script: &str, name: &str) -> bool {
    let sets = script.match_indices(&format!("{name}=")).any(|(at, found)| {
        let before = script[..at].chars().next_back();
        let value = script[at + found.len()..].trim_start_matches(['"', '\'']);
        let is_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let is_text = value.starts_with(|c: char| c.is_alphanumeric() || "/._".contains(c));
        is_word && (is_text || value.starts_with("$(mktemp"))
    });
    let looks =
        [format!("-n \"${name}\""), format!("-z \"${name}\""), format!("{{{name}:?"), format!("for {name} in ")];
    sets || looks.iter().any(|look| script.contains(look))
}

fn plain(rest: &str) -> String {
    rest.replace(['"', '\''], "")
}

/// Warns of what destroys for good, where nobody is asked and nothing brings it back.
pub(super) fn for_good(plan: &Plan, step: &PlannedStep, part: &Part<'_>, diagnostics: &mut Diagnostics) {
    let own = &step.step;
    if own.undo.is_some() || own.confirm.is_some() || own.irreversible.is_some() || !Script::is_action(part) {
        return;
    }
    let mut found: Vec<(crate::base::Span, String)> = Vec::new();
    if let Some(script) = Script::of(part) {
        for command in commands(script.text) {
            if let Some(what) = destroys(&command, script.text) {
                found.push((script.place(plan, command.range()), what));
            }
        }
    } else if part.call.kind.value == "sql"
        && let Some(node) = part.call.value.get("script")
        && let Some(text) = node.text()
        && let Some(statement) = STATEMENT.as_ref().and_then(|statement| statement.find(&text))
    {
        found.push((plan.ground.places.within(&node.span, &text, statement.range()), statement.as_str().to_owned()));
    }
    for (span, what) in found {
        diagnostics
            .warning(&span, format!("`{what}` is for good: nobody is asked before it, and nothing brings back what it takes away"))
            .hint("keep a copy and say how it is put back, under `undo`; or ask with `confirm`; or say why there is no way back: `irreversible`");
    }
}

/// What of a command destroys something, in the words by which it is called; none where nothing does.
fn destroys(command: &Command<'_>, script: &str) -> Option<String> {
    let name = command.name();
    let with = |word: &str| command.has(word).then(|| format!("{name} {word}"));
    match name {
        "rm" if command.removes_folders() => {
            let passing = |word: &Word<'_>| {
                let path = word.text.trim_start_matches('"');
                let variable = path.trim_start_matches(['$', '{']);
                let variable =
                    variable.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
                path.starts_with("/tmp/")
                    || path.starts_with("/var/tmp/")
                    || (path.starts_with('$') && script.contains(&format!("{variable}=$(mktemp")))
            };
            (!command.operands().all(passing)).then(|| "rm -r".to_owned())
        }
        "dropdb" | "dropuser" | "wipefs" | "shred" | "lvremove" | "vgremove" | "pvremove" | "blkdiscard"
        | "userdel" | "groupdel" | "deluser" | "mkfs" => Some(name.to_owned()),
        _ if name.starts_with("mkfs.") => Some(name.to_owned()),
        "zfs" | "zpool" => with("destroy"),
        "apt-get" | "apt" => with("purge"),
        "dd" => command.arguments().iter().any(|word| word.text.starts_with("of=/dev/")).then(|| "dd".to_owned()),
        "psql" => {
            let words = command.arguments().iter();
            words.filter_map(|word| STATEMENT.as_ref()?.find(word.text)).map(|found| found.as_str().to_owned()).next()
        }
        _ => None,
    }
}
