//! The runbook of some places.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::bench::Place;
use super::cases::Table;
use super::told::Told;
use crate::operator::Operator;

/// An operator with the book of some places.
pub(super) struct Desk<'a> {
    pub(super) operator: Operator<'a>,
    secrets: Vec<(String, String)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(table: &Table<'a>, places: &[&Place]) -> Self {
        let operator = Operator::new(table.lab);
        for (path, text) in &table.files {
            let path = operator.state.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::write(operator.state.path().join("book.yaml"), book(table, places)).unwrap();
        Self { operator, secrets: table.secrets.clone() }
    }

    fn book(&self) -> PathBuf {
        self.operator.state.path().join("book.yaml")
    }

    /// `runbook`, to be run; `BOOK` stands for the path of the book.
    pub(super) fn command(&self, args: &[&str]) -> std::process::Command {
        let book = self.book();
        let args: Vec<&str> =
            args.iter().map(|arg| if *arg == "BOOK" { book.to_str().unwrap() } else { arg }).collect();
        let mut command = self.operator.command(&args);
        command.args(["--output", "json"]);
        for (name, value) in &self.secrets {
            command.env(variable(name), value);
        }
        command
    }

    /// The same, to its end. No secret may be in what it says.
    pub(super) fn runbook(&self, args: &[&str]) -> Told {
        let told = Told::of(&self.command(args).output().unwrap());
        for (name, value) in &self.secrets {
            assert!(!told.text.contains(value), "the secret {name} is told by {args:?}:\n{}", told.text);
        }
        told
    }

    /// No secret is in the journal.
    pub(super) fn keeps_secrets(&self) {
        for entry in std::fs::read_dir(self.operator.state.path()).unwrap() {
            let path = entry.unwrap().path();
            let journal = path.file_name().unwrap().to_string_lossy().starts_with("journal.db");
            let bytes = if journal { std::fs::read(&path).unwrap() } else { Vec::new() };
            for (name, value) in &self.secrets {
                assert!(
                    memchr::memmem::find(&bytes, value.as_bytes()).is_none(),
                    "the secret {name} is in {}",
                    path.display()
                );
            }
        }
    }
}

/// The environment variable that a secret comes by.
fn variable(name: &str) -> String {
    format!("TABLE_{}", name.to_uppercase())
}

fn book(table: &Table<'_>, places: &[&Place]) -> String {
    let mut text = format!("runbook: 1\nname: {}\nvars:\n  here:\n", table.name);
    for place in places {
        let _ = writeln!(text, "    {}: {}", place.key, serde_json::to_string(&place.here).unwrap());
    }
    let mut secrets =
        table.secrets.iter().map(|(name, _)| format!("{name}: {{env: {}}}", variable(name))).collect::<Vec<_>>();
    let mut roles: Vec<&str> = places.iter().flat_map(|place| place.roles()).filter(|role| *role != "local").collect();
    roles.extend(&table.roles);
    roles.sort_unstable();
    roles.dedup();
    if roles.contains(&"keeper") {
        secrets.push(format!("sudo_password: {{file: {}}}", table.lab.file("sudo_password").display()));
    }
    if !secrets.is_empty() {
        let _ = writeln!(text, "secrets: {{{}}}", secrets.join(", "));
    }
    text.push_str("hosts:\n");
    for role in roles {
        let how = match role {
            "new" => "{ssh: new, become: root}",
            "admin" => "{ssh: new}",
            "keeper" => "{ssh: new-with-password, become: root, become_password: sudo_password}",
            other => other,
        };
        let _ = writeln!(text, "  {role}: {how}");
    }
    text.push_str(&table.head);
    text.push_str("steps:\n");
    for place in places {
        let _ = writeln!(text, "  - id: {}", place.slug);
        if !place.case.on.is_empty() {
            let on =
                if place.case.on == ["local"] { "local".to_owned() } else { format!("[{}]", place.case.on.join(", ")) };
            let _ = writeln!(text, "    on: {on}");
        }
        if !place.case.step.contains("on_failure:") {
            text.push_str("    on_failure: continue\n");
        }
        for line in level(&place.fill(&place.case.step)) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// The lines of a text without what they are all indented by.
fn level(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim().is_empty()).collect();
    let indents = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len());
    // The first may stand behind the quote, with no indentation of its own.
    let by = indents.min().unwrap_or(0);
    lines.iter().map(|line| line.get(by..).unwrap_or("").trim_end().to_owned()).collect()
}
