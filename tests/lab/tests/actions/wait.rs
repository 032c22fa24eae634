//! `wait: {ttl_of: …}` with the lab's name server, by the clock.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::lab::Lab;
use crate::operator::{Operator, eventually, kill};

/// How long the records of before live, in seconds. Those of after live for an hour.
const BEFORE: u32 = 5;

/// What may pass between the end of a wait and the moment when the next step has noted it, on a machine that is busy.
const SLACK: f64 = 3.0;

/// A migration of one record, by a run that may be killed on the way.
struct Course<'a> {
    operator: Operator<'a>,
    book: PathBuf,
}

impl<'a> Course<'a> {
    /// The record `waits.libravatar.org` as it is before, and a book with these steps.
    fn new(lab: &'a Lab, steps: &str) -> Self {
        let operator = Operator::new(lab);
        let env = std::fs::read_to_string(lab.file("env_file")).unwrap();
        let key = env.lines().find_map(|line| line.strip_prefix("export LIBRAVATAR_TSIG=")).unwrap();
        lab.operator(&format!(
            "printf 'server 192.0.2.53\nzone libravatar.org\nupdate delete waits.libravatar.org\nupdate add waits.libravatar.org {BEFORE} A 192.0.2.11\nsend\n' | nsupdate -y {key}"
        ));
        let book = operator.state.path().join("book.yaml");
        let steps = steps
            .replace("SEEN", "{id: seen, lookup: {name: waits.libravatar.org, type: A, at: authoritative}}")
            .replace("CHANGE", "{id: change, dns: {server: 192.0.2.53, zone: libravatar.org, key: tsig, records: [{name: waits, type: A, ttl: 3600, values: 192.0.2.12}]}}")
            .replace("PAUSE", "{id: pause, on: local, run: sleep 1.5, undo: nothing}")
            .replace("AFTER", "{id: after, on: local, run: echo over, undo: nothing}");
        std::fs::write(&book, format!("runbook: 1\nsecrets: {{tsig: {{env: LIBRAVATAR_TSIG}}}}\nsteps:\n{steps}"))
            .unwrap();
        Self { operator, book }
    }

    fn begin(&self, args: &[&str]) -> Child {
        let said = std::fs::File::create(self.operator.state.path().join("said")).unwrap();
        self.operator.command(args).stdout(Stdio::null()).stderr(said).spawn().unwrap()
    }

    /// Begins, and kills it once the journal has this kind of record of the step.
    fn killed_at(&self, kind: &str, step: &str) {
        let mut run = self.begin(&["run", self.book.to_str().unwrap()]);
        eventually(30, kind, || {
            assert!(run.try_wait().unwrap().is_none(), "it has ended before:\n{}", self.operator.said());
            self.operator.state.path().join("journal.db").exists() && self.at(kind, step).is_some()
        });
        kill(&mut run);
    }

    /// When the journal took that record.
    fn at(&self, kind: &str, step: &str) -> Option<Timestamp> {
        let said = self.operator.runbook(&["log", "--output", "json"]);
        let entries = said.text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let entries = entries.map(|line| if line["entry"].is_object() { line["entry"].clone() } else { line });
        let mut entries =
            entries.filter(|entry| entry["record"]["kind"] == kind && entry["record"]["unit"]["step"] == step);
        entries.next().map(|entry| entry["at"].as_str().unwrap().parse().unwrap())
    }

    /// The seconds from the change of the record to the step after the wait.
    fn took(&self) -> f64 {
        let (changed, after) = (self.at("settled", "change").unwrap(), self.at("intended", "after").unwrap());
        after.duration_since(changed).as_secs_f64()
    }

    fn waited_out(&self) {
        let took = self.took();
        assert!((f64::from(BEFORE)..f64::from(BEFORE) + SLACK).contains(&took), "{took} s after the change");
    }

    fn ends(&self, args: &[&str]) {
        self.operator.runbook(args).ended(0);
    }
}

#[test]
fn a_wait_for_old_records_is_as_long_as_they_live_after_the_change() {
    let Some(lab) = Lab::before() else { return };
    let of_change = "  - CHANGE\n  - PAUSE\n  - {id: old, wait: {ttl_of: change}}\n  - AFTER\n";
    let of_look = "  - SEEN\n  - PAUSE\n  - CHANGE\n  - PAUSE\n  - {id: old, wait: {ttl_of: seen}}\n  - AFTER\n"
        .replacen("pause", "first", 1);
    let of_look = of_look.replacen("PAUSE", "{id: first, on: local, run: sleep 1.5, undo: nothing}", 1);
    for steps in [of_change, &of_look] {
        // Undisturbed.
        let course = Course::new(&lab, steps);
        course.ends(&["run", course.book.to_str().unwrap()]);
        course.waited_out();
        course.operator.roll_back();

        // Killed while it waits, and before it waits at all: what was waited meanwhile was waited.
        for (kind, step) in [("waiting", "old"), ("intended", "pause")] {
            let course = Course::new(&lab, steps);
            course.killed_at(kind, step);
            std::thread::sleep(Duration::from_secs(1));
            course.ends(&["resume"]);
            course.waited_out();
            course.operator.roll_back();
        }

        // Killed for longer than they live: there is nothing left to wait for.
        let course = Course::new(&lab, steps);
        course.killed_at("waiting", "old");
        std::thread::sleep(Duration::from_secs(u64::from(BEFORE) + 2));
        let resumed = Timestamp::now();
        course.ends(&["resume"]);
        let waited = course.at("intended", "after").unwrap().duration_since(resumed).as_secs_f64();
        assert!(waited < SLACK, "it waits {waited} s for what is gone");
        course.operator.roll_back();
    }
    // As asked already: nothing is old.
    let course = Course::new(&lab, of_change);
    let same =
        std::fs::read_to_string(&course.book).unwrap().replace("ttl: 3600, values: 192.0.2.12", "values: 192.0.2.11");
    std::fs::write(&course.book, same).unwrap();
    course.ends(&["run", course.book.to_str().unwrap()]);
    assert!(course.at("satisfied", "old").is_some());
    assert_eq!(
        lab.operator("dig +noall +answer @192.0.2.53 waits.libravatar.org A").split_whitespace().nth(1),
        Some("5")
    );
}
