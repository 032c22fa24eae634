//! docs/reference.md is what the tool says of its language.

use std::collections::BTreeSet;
use std::process::Command;

use crate::blocks::{pages, root};
use crate::links::anchor;

#[test]
fn the_reference_is_what_the_tool_prints() {
    let said = Command::new(env!("CARGO_BIN_EXE_runbook")).args(["schema", "--markdown"]).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8(said.stdout).unwrap();
    let kept = std::fs::read_to_string(root().join("docs/reference.md")).unwrap();
    if let Some(line) = first_difference(&kept, &said) {
        let line_of = |text: &str| text.lines().nth(line - 1).unwrap_or("(the end)").to_owned();
        panic!(
            "docs/reference.md:{line} is\n  {}\nand the tool says\n  {}\nThis mends it: cargo run --locked -- schema --markdown >docs/reference.md",
            line_of(&kept),
            line_of(&said)
        );
    }
}

/// The first line, from 1, in which two texts differ.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    let same = one.split_inclusive('\n').zip(other.split_inclusive('\n')).take_while(|(one, other)| one == other);
    (one != other).then(|| same.count() + 1)
}

#[test]
fn differences_are_found() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a"), Some(1));
}

/// A link to a heading is one to the first of its name.
#[test]
fn no_two_sections_have_the_same_anchor() {
    let pages = pages();
    let page = pages.iter().find(|page| page.path.ends_with("reference.md")).unwrap();
    let mut seen = BTreeSet::new();
    for line in page.prose().lines().filter(|line| line.starts_with('#')) {
        assert!(seen.insert(anchor(line.trim_start_matches(['#', ' ']))), "{line}");
    }
    assert!(seen.len() > 40, "only {} sections were found", seen.len());
}
