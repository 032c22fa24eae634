//! docs/commands.md names every command and option that there is, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::blocks::pages;
use crate::links::anchor;

/// Options by command; what goes for every command stands under the empty name.
type Options = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_command_and_option_is_named_and_no_other() {
    let pages = pages();
    let page = pages.iter().find(|page| page.path.ends_with("commands.md")).unwrap();
    let (written, there) = (written(&page.prose()), there());
    assert_eq!(written.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (command, options) in &there {
        assert_eq!(&written[command], options, "`runbook {command}`");
    }
}

/// What the page says: a section for each command, with a table of options and links to tables that several share.
fn written(prose: &str) -> Options {
    let mut sections: Vec<(&str, &str)> = Vec::new();
    for part in prose.split("\n## ").skip(1) {
        sections.push(part.split_once('\n').unwrap_or((part, "")));
    }
    let shared: BTreeMap<String, BTreeSet<String>> =
        sections.iter().map(|(title, text)| (anchor(title), table(text))).collect();
    let mut written = Options::new();
    for (title, text) in &sections {
        let Some(words) = title.strip_prefix("`runbook ") else { continue };
        let command = words.trim_end_matches('`').split(' ').next().unwrap();
        let mut options = table(text);
        for line in text.lines().filter(|line| line.starts_with("And ")) {
            let links = line.match_indices("](#").map(|(at, _)| &line[at + 3..]);
            options.extend(links.flat_map(|rest| &shared[&rest[..rest.find(')').unwrap()]]).cloned());
        }
        written.insert(command.to_owned(), options);
    }
    written.insert(String::new(), shared["global-options"].clone());
    written
}

/// The options in the first column.
fn table(text: &str) -> BTreeSet<String> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.flat_map(options_in).collect()
}

/// The long options that a text names.
fn options_in(text: &str) -> Vec<String> {
    let starts = text.match_indices("--").filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric()));
    let name = |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap().to_owned();
    starts
        .map(|(at, _)| name(&text[at + 2..]))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// What the program says of itself.
fn there() -> Options {
    let whole = help(&["--help"]);
    let commands = whole.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    // What goes on over the next line has no name; `help` is clap's own.
    let commands = commands.filter(|name| !name.is_empty() && *name != "help");
    let global: BTreeSet<String> = listed(&whole).into_iter().collect();
    let mut there = Options::new();
    for command in commands {
        let options = listed(&help(&[command, "--help"])).into_iter().filter(|name| !global.contains(name));
        there.insert(command.to_owned(), options.collect());
    }
    there.insert(String::new(), global);
    there
}

fn help(arguments: &[&str]) -> String {
    let said = Command::new(env!("CARGO_BIN_EXE_runbook")).args(arguments).output().unwrap();
    assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// The options that a help text lists: one at the beginning of a line, a short form before it or none.
fn listed(help: &str) -> Vec<String> {
    let lists = |line: &&str| line.starts_with(' ') && line.trim_start().starts_with('-');
    help.lines().filter(lists).filter_map(|line| options_in(line).into_iter().next()).collect()
}

#[test]
fn options_are_found() {
    assert_eq!(options_in("`--var NAME=VALUE`, `--hosts-file FILE`, a - b"), ["var", "hosts-file"]);
    let help = "Usage: runbook run [OPTIONS]\n\nOptions:\n      --dry-run  x --y\n  -y, --yes\n          Says --no\nExamples:\n  runbook run --z\n";
    assert_eq!(listed(help), ["dry-run", "yes"]);
    let page = "# C\n\n## Shared\n\n| option | x |\n| --- | --- |\n| `--a` | `--no` |\n\n## `runbook go [X]`\n\n| `--b B` | |\n\nAnd [it](#shared).\n\n## Global options\n";
    assert_eq!(written(page)["go"], BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}
