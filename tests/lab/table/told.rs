//! What the binary tells a script: `--output json`.

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::Value;

/// What the binary did and said.
pub(super) struct Told {
    pub(super) code: i32,
    pub(super) events: Vec<Value>,
    pub(super) text: String,
}

/// A unit: its step, and the role of its host.
pub(super) type Unit = (String, String);

impl Told {
    pub(super) fn of(output: &Output) -> Self {
        let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
        Self::new(output.status.code().unwrap_or(-1), text)
    }

    /// What it said, line by line.
    pub(super) fn new(code: i32, text: String) -> Self {
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Self { code, events, text }
    }

    /// It ended with this code.
    pub(super) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.gist());
        self
    }

    /// What went wrong, in what it said.
    pub(super) fn gist(&self) -> String {
        const TELLING: [&str; 7] =
            ["\"stuck\"", "\"failed\"", "\"blocked\"", "\"unsure\"", "diagnostic", "\"ended\"", "\"output\""];
        let events = |line: &&str| !line.starts_with('{') || TELLING.iter().any(|word| line.contains(word));
        self.text.lines().filter(events).collect::<Vec<_>>().join("\n")
    }

    /// What is foreseen for each unit.
    pub(super) fn foreseen(&self) -> BTreeMap<Unit, Value> {
        let events = self.events.iter().filter(|event| event["event"] == "foreseen");
        events.map(|event| (unit(&event["foreseen"]["unit"]), event["foreseen"]["foresight"].clone())).collect()
    }

    /// What became of each unit: its last record of one of these kinds.
    pub(super) fn records(&self, kinds: &[&str]) -> BTreeMap<Unit, Value> {
        let records =
            self.events.iter().filter(|event| event["event"] == "record").map(|event| &event["entry"]["record"]);
        let some = records.filter(|record| kinds.iter().any(|kind| record["kind"] == *kind));
        some.map(|record| (unit(&record["unit"]), record.clone())).collect()
    }

    /// The run.
    pub(super) fn run(&self) -> String {
        let started = self.events.iter().find(|event| event["entry"]["record"]["kind"] == "started");
        started.and_then(|event| event["entry"]["record"]["run"].as_str()).expect("a run has begun").to_owned()
    }
}

fn unit(unit: &Value) -> Unit {
    let text = |key: &str| unit[key].as_str().unwrap_or("local").to_owned();
    (text("step"), text("host"))
}
