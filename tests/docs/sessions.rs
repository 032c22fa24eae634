//! What is shown as typed was typed: every `console` block is a session at a shell, and what it shows comes out again.
//!
//! Run ids, times and dates are whatever they are; a line `…` stands for any lines. Files of the page (`file=NAME`) are there, and `/tmp/` is a
//! folder of the test.

use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::blocks::{Page, pages};

#[test]
fn sessions_go_as_they_are_shown() {
    let sessions: usize = pages().iter().map(typed).sum();
    assert!(sessions > 0);
}

/// Types all that a page shows, and returns how many commands that were.
fn typed(page: &Page) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let (home, tmp) = (folder.path().join("home"), folder.path().join("tmp"));
    std::fs::create_dir_all(&tmp).unwrap();
    std::fs::create_dir_all(&home).unwrap();
    let there = |text: &str| text.replace("/tmp/", &format!("{}/", tmp.display()));
    let mut commands = 0;
    for block in page.blocks() {
        if let Some(file) = block.file() {
            let path = home.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, there(&block.text)).unwrap();
        }
        if block.language() != "console" {
            continue;
        }
        for (command, shown) in session(&block.text) {
            commands += 1;
            let said = shell(&there(&command), &home);
            let said = said.replace(&format!("{}/", tmp.display()), "/tmp/");
            let said = said.replace(&home.display().to_string(), "/home/you");
            assert!(
                is_shown(&steady(&said), &steady(&shown)),
                "{}: {command}\n--- shown\n{shown}\n--- said\n{said}",
                page.place(&block)
            );
        }
    }
    commands
}

/// The commands of a session, each with what is shown of its output.
fn session(text: &str) -> Vec<(String, String)> {
    let mut session: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), session.last_mut()) {
            (Some(command), _) => session.push((command.to_owned(), String::new())),
            (None, Some((_, shown))) => {
                shown.push_str(line);
                shown.push('\n');
            }
            (None, None) => panic!("a session begins with a command: {line}"),
        }
    }
    session
}

fn shell(command: &str, home: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_runbook")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let said = Command::new("sh")
        .args(["-c", &format!("exec 2>&1 </dev/null; {command}")])
        .current_dir(home)
        .env("PATH", path)
        .env("HOME", home)
        .env("TZ", "UTC")
        .env_remove("XDG_STATE_HOME")
        .output()
        .unwrap();
    String::from_utf8(said.stdout).unwrap()
}

/// The text without what is another each time.
fn steady(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, stands) in [
        (r"\b[0-9][0-9a-hjkmnp-tv-z]{9}\b", "RUN"),
        (r"\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? \+\d\d:\d\d", "DATE"),
        (r" +\d+(\.\d)? (ms|s)\b", " TIME"),
        (r"\b[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*, 0", "OWNER, 0"),
        (r"resumed by \S+", "resumed by SOMEBODY"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, stands).into_owned();
    }
    text
}

/// Whether `said` is `shown`, where a line `…` stands for any lines.
fn is_shown(said: &str, shown: &str) -> bool {
    let mut said = said.lines().map(str::trim_end);
    let mut shown = shown.lines().map(str::trim_end).peekable();
    while let Some(line) = shown.next() {
        if line != "…" {
            if said.next() != Some(line) {
                return false;
            }
            continue;
        }
        let Some(next) = shown.peek() else { return true };
        while said.clone().next().is_some_and(|line| line != *next) {
            said.next();
        }
    }
    said.next().is_none()
}

#[test]
fn what_is_left_out_may_be_anything() {
    for (shown, holds) in [
        ("a\nb\nc\n", true),
        ("…\nc\n", true),
        ("a\n…\n", true),
        ("a\n…\nb\n…\n", true),
        ("a\nc\n", false),
        ("…\nd\n", false),
        ("a\nb\n", false),
        ("", false),
    ] {
        assert_eq!(is_shown("a\nb\nc\n", shown), holds, "{shown}");
    }
    assert_eq!(
        steady("run 1ngemy9h9r  0.1 s, 12 ms (13 B, root:root, 0644)"),
        "run RUN TIME, TIME (13 B, OWNER, 0644)"
    );
    assert_eq!(session("$ a\nb\n$ c\n"), [("a".into(), "b\n".into()), ("c".to_owned(), String::new())]);
}
