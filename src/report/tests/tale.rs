//! A run that never was, record by record.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::base::UnitId;
use crate::events::record::{
    Answer, Failure, Outcome, OutlinePhase, OutlineStep, Outputs, Reversal, Selection, Started, Undo,
};
use crate::events::{Entry, Preview, Record};
use crate::model::OnFailure;
use crate::report::{OutputOf, Report, Source, Stream};

const DIFF: &str =
    "--- new:/etc/apache2/site.conf\n+++ new:/etc/apache2/site.conf\n@@ -1 +1 @@\n-ServerName old\n+ServerName new";

pub(super) struct Tale {
    pub(super) entries: Vec<Entry>,
    outputs: crate::report::Outputs,
    now: Timestamp,
    who: String,
    next: String,
}

pub(super) fn unit(step: &str, host: &str) -> UnitId {
    UnitId { step: step.into(), item: None, host: Some(host).filter(|host| !host.is_empty()).map(Into::into) }
}

fn step(id: &str, name: &str, action: &str, host: &str) -> OutlineStep {
    OutlineStep {
        id: id.into(),
        name: name.into(),
        action: action.into(),
        place: "move.yaml:12".into(),
        hosts: Some(host).filter(|host| !host.is_empty()).map(Into::into).into_iter().collect(),
        restores: None,
        temporary: None,
        irreversible: None,
        max_failures: 0,
        on_failure: OnFailure::Stop,
    }
}

impl Tale {
    /// Of which `text` is said at every place that a host or a book has a say in.
    pub(super) fn of(text: &str) -> Self {
        let named = |name: &str| if text.is_empty() { name.to_owned() } else { text.to_owned() };
        let prepare = vec![step("config", &named("Write the site"), "template", "new")];
        let cut = vec![
            OutlineStep { temporary: Some(named("it is over")), ..step("stop", &named("Stop the site"), "run", "old") },
            step("sync", &named("Copy the last changes"), "run", "new"),
            OutlineStep { irreversible: Some(named("the world knows")), ..step("dns", "Change the DNS", "run", "new") },
            step("pause", "Let the TTL pass", "wait", ""),
            step("look", "Look at it", "manual", ""),
        ];
        let phase = |id: &str, name: &str, steps| OutlinePhase { id: id.into(), name: named(name), steps };
        let started = Started {
            run: "1kq8w2z4bt".into(),
            format: 1,
            tool: "0.1.0".into(),
            name: named("Move the site"),
            path: named("/home/ann/move.yaml"),
            files: BTreeMap::new(),
            vars: BTreeMap::from([("site".to_owned(), named("www.example.org").into())]),
            hosts: BTreeMap::from([
                (
                    "new".to_owned(),
                    json!({"ssh": named("10.0.0.2"), "port": 2222, "vars": {"ipv4": named("10.0.0.2")}}),
                ),
                ("old".to_owned(), json!({"ssh": named("10.0.0.1")})),
            ]),
            answers: serde_json::Value::Null,
            selection: Selection::default(),
            secrets: BTreeMap::new(),
            fingerprints: BTreeMap::new(),
            outline: vec![phase("prepare", "Prepare", prepare), phase("cut", "The cut", cut)],
            deadline: None,
        };
        let mut tale = Self {
            entries: Vec::new(),
            outputs: BTreeMap::new(),
            now: "2018-08-12T11:58:00Z".parse().unwrap(),
            who: "ann@laptop".into(),
            next: named("to look back: runbook log 1kq8w2z4bt"),
        };
        tale.record(0, Record::Started(Box::new(started)));
        tale
    }

    pub(super) fn record(&mut self, seconds: i64, record: Record) {
        self.now += SignedDuration::from_secs(seconds);
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry { seq, at: self.now, who: self.who.clone(), previous: String::new(), record });
    }

    /// From here on another person.
    pub(super) fn by(&mut self, who: &str) {
        who.clone_into(&mut self.who);
    }

    pub(super) fn begin(&mut self, unit: &UnitId, attempt: u32, undo: Undo, preview: Option<Preview>) {
        let reversal = Reversal {
            action: "run".into(),
            data: undo,
            become_user: None,
            summary: "run what it is told".into(),
            verify_held_before: false,
            restarts: None,
            captured: None,
        };
        let (reversal, preview) = (Box::new(reversal), preview.map(Box::new));
        self.record(0, Record::Intended { unit: unit.clone(), attempt, reversal, preview });
    }

    pub(super) fn applied(&mut self, seconds: i64, unit: &UnitId, outputs: Outputs) {
        let outcome = Outcome::Applied { outputs: Box::new(outputs), note: None };
        self.record(seconds, Record::Settled { unit: unit.clone(), outcome });
    }

    pub(super) fn failed(&mut self, seconds: i64, unit: &UnitId, why: &str) {
        let failure = Failure {
            why: why.into(),
            hint: Some("look at the disk".into()),
            command: Some("rsync -a".into()),
            exit_code: Some(12),
            ..Failure::default()
        };
        let outcome = Outcome::Failed { failure: Box::new(failure) };
        self.record(seconds, Record::Settled { unit: unit.clone(), outcome });
    }

    pub(super) fn watched(&mut self, seconds: i64, up: bool, why: &str) {
        let since = self.now + SignedDuration::from_secs(seconds);
        self.record(seconds, Record::Watched { probe: "site".into(), up, why: why.into(), since });
    }

    pub(super) fn said(&mut self, unit: &UnitId, attempt: u32, stderr: bool, text: &str) {
        let mut stream = Stream::new(64);
        stream.push(text.as_bytes());
        self.outputs.insert(OutputOf { unit: unit.clone(), attempt, stderr }, stream);
    }

    pub(super) fn report(&self) -> Report {
        let source = Source {
            entries: &self.entries,
            outputs: &self.outputs,
            most: 1000,
            heard: self.now,
            now: self.now,
            zone: TimeZone::fixed(offset(12)),
            next: &self.next,
            hash: "c0ffee",
        };
        Report::of(&source).unwrap().unwrap()
    }

    /// A migration with everything that a report has a place for. With `text`, that is what hosts, books and people say.
    pub(super) fn whole(text: &str) -> Self {
        let or = |words: &str| if text.is_empty() { words.to_owned() } else { text.to_owned() };
        let mut tale = Self::of(text);
        let preview = |summary: &str, detail: &str, undo: &str| {
            let detail = if detail.is_empty() { String::new() } else { format!("{detail}{text}") };
            let (summary, undo) = (or(summary), or(undo));
            Some(Preview { summary, detail, undo })
        };
        tale.record(0, Record::PhaseEntered { phase: "prepare".into() });
        tale.watched(0, true, "");
        let config = unit("config", "new");
        let captured = Undo::Captured { data: serde_json::Value::Null };
        tale.begin(
            &config,
            1,
            captured,
            preview("write the site's configuration", DIFF, "the content of before is put back"),
        );
        tale.applied(2, &config, Outputs::default());
        tale.record(0, Record::PhaseEntered { phase: "cut".into() });
        tale.record(38, Record::Answered { gate: "cut".into(), answer: Answer::Yes { by: or("terminal") } });
        tale.record(0, Record::CheckpointReached { name: or("before the cut"), step: "stop".into() });
        let stop = unit("stop", "old");
        tale.begin(
            &stop,
            1,
            Undo::Written { calls: Vec::new() },
            preview("run systemctl …", "systemctl stop apache2", "systemctl start apache2"),
        );
        tale.watched(1, false, &or("refused"));
        tale.applied(1, &stop, Outputs::default());
        let sync = unit("sync", "new");
        tale.begin(&sync, 1, Undo::None { why: or("it is a copy") }, None);
        tale.said(&sync, 1, true, &or("rsync: connection unexpectedly closed\n"));
        tale.failed(20, &sync, &or("exited with 12"));
        tale.begin(&sync, 2, Undo::None { why: or("it is a copy") }, None);
        let lines: Vec<String> = (1..=20).map(|n| format!("file {n}{text}\n")).collect();
        tale.said(&sync, 2, false, &lines.concat());
        tale.applied(60, &sync, Outputs::default());
        let dns = unit("dns", "new");
        tale.begin(&dns, 1, Undo::Nothing, preview("run nsupdate", "nsupdate", "nothing"));
        tale.applied(3, &dns, Outputs { stdout: or("new"), ..Outputs::default() });
        let pause = unit("pause", "");
        let until = tale.now + SignedDuration::from_hours(7 * 24);
        tale.record(0, Record::Waiting { unit: pause.clone(), until: Some(until), what: None });
        tale.record(1, Record::Parked { why: or("it waits"), until: Some(until) });
        tale.by(&or("ben@desk"));
        tale.record(7 * 24 * 3600, Record::Resumed { edited: None });
        tale.watched(0, false, &or("502"));
        tale.begin(&pause, 1, Undo::Nothing, preview("wait 7d", "", "none needed"));
        tale.applied(0, &pause, Outputs::default());
        tale.watched(9, true, "");
        let look = unit("look", "");
        tale.record(0, Record::Waiting { unit: look.clone(), until: None, what: None });
        tale.begin(
            &look,
            1,
            Undo::Nothing,
            preview("a person: look", "Look at https://www.example.org/", "none needed"),
        );
        let answers = BTreeMap::from([(or("color"), or("blue | [green](x)"))]);
        tale.applied(0, &look, Outputs { answers, note: Some(or("looks well")), ..Outputs::default() });
        tale.record(10, Record::Pinned { role: "new".into(), host_key: or("SHA256:abc"), machine_id: or("0123") });
        tale.record(0, Record::Finished { open: 1 });
        tale
    }
}
