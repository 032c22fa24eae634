//! A run that never was, told record by record.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::base::{Clock, UnitId};
use crate::display::{Style, Viewer};
use crate::events::record::{
    Entry, Failure, Outcome, OutlinePhase, OutlineStep, Outputs, Record, Reversal, Selection, Started, Undo,
};
use crate::events::{Progress, RunView};
use crate::model::OnFailure;

/// A clock that stands still until it is told otherwise.
pub(super) struct Hand(Mutex<Timestamp>);

impl Hand {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2018-08-12T14:00:00Z".parse().unwrap())))
    }

    pub(super) fn pass(&self, milliseconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_millis(milliseconds);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn passed(&self) -> Duration {
        Duration::ZERO
    }
}

/// What was written.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run as it is told.
pub(super) struct Story {
    pub(super) clock: Arc<Hand>,
    pub(super) view: RunView,
    pub(super) entries: Vec<Entry>,
    viewer: Option<Viewer>,
}

impl Story {
    /// To a screen.
    pub(super) fn on(viewer: Viewer, clock: Arc<Hand>) -> Self {
        Self { clock, view: RunView::default(), entries: Vec::new(), viewer: Some(viewer) }
    }

    /// To nobody: for what is asked about the run afterwards.
    pub(super) fn silent() -> Self {
        Self { clock: Hand::new(), view: RunView::default(), entries: Vec::new(), viewer: None }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn viewer(&self) -> &Viewer {
        self.viewer.as_ref().unwrap()
    }

    pub(super) fn record(&mut self, milliseconds: i64, record: Record) {
        self.clock.pass(milliseconds);
        let entry = Entry {
            seq: self.entries.len() as u64 + 1,
            at: self.clock.now(),
            who: "oliver@laptop".into(),
            previous: String::new(),
            record,
        };
        self.view.apply(&entry).unwrap();
        if let Some(viewer) = &self.viewer {
            viewer.record(&entry, &self.view);
        }
        self.entries.push(entry);
    }

    pub(super) fn progress(&self, milliseconds: i64, progress: &Progress) {
        self.clock.pass(milliseconds);
        if let Some(viewer) = &self.viewer {
            viewer.progress(progress);
        }
    }

    pub(super) fn output(&self, unit: &UnitId, line: &str) {
        self.progress(10, &Progress::Output { unit: unit.clone(), stderr: false, line: line.into() });
    }

    pub(super) fn intended(&mut self, unit: &UnitId, undo: &str) {
        let reversal = Box::new(reversal(undo));
        self.record(10, Record::Intended { unit: unit.clone(), attempt: 1, reversal, preview: None });
    }

    pub(super) fn applied(&mut self, milliseconds: i64, unit: &UnitId) {
        self.applied_with(milliseconds, unit, Outputs::default());
    }

    pub(super) fn applied_with(&mut self, milliseconds: i64, unit: &UnitId, outputs: Outputs) {
        let outcome = Outcome::Applied { outputs: Box::new(outputs), note: None };
        self.record(milliseconds, Record::Settled { unit: unit.clone(), outcome });
    }

    pub(super) fn failed(&mut self, milliseconds: i64, unit: &UnitId, failure: Failure) {
        let outcome = Outcome::Failed { failure: Box::new(failure) };
        self.record(milliseconds, Record::Settled { unit: unit.clone(), outcome });
    }

    /// From the start to where the database is about to be restored.
    pub(super) fn up_to_restore(&mut self) {
        self.record(0, Record::Started(Box::new(started())));
        self.record(0, Record::PhaseEntered { phase: "prepare".into() });
        self.intended(&unit("ttl", None), "TTL of 2 records back to 43200");
        self.applied(1200, &unit("ttl", None));
        self.record(5000, yes("migrate"));
        self.record(0, Record::PhaseEntered { phase: "migrate".into() });
        self.record(0, Record::CheckpointReached { name: "before-downtime".into(), step: "static-on".into() });
        self.intended(&unit("static-on", Some("old")), "sites-enabled.django back to sites-enabled");
        self.applied(400, &unit("static-on", Some("old")));
        let outputs = Box::default();
        self.record(50, Record::Satisfied { unit: unit("pgbouncer", Some("old")), outputs });
        self.record(
            20,
            Record::Skipped { unit: unit("mirror-jobs", Some("mirror1")), why: "--skip-tags mirrors".into() },
        );
    }

    /// On to where that has failed.
    pub(super) fn up_to_failure(&mut self) {
        self.up_to_restore();
        self.intended(&restore(), "libravatar.before back to libravatar");
        self.failed(83_000, &restore(), failure());
    }
}

pub(super) fn unit(step: &str, host: Option<&str>) -> UnitId {
    UnitId { step: step.into(), item: None, host: host.map(Into::into) }
}

pub(super) fn restore() -> UnitId {
    unit("restore", Some("new"))
}

pub(super) fn reversal(undo: &str) -> Reversal {
    Reversal {
        action: "run".into(),
        data: Undo::Captured { data: serde_json::Value::Null },
        become_user: None,
        summary: undo.into(),
        verify_held_before: false,
        restarts: None,
        captured: None,
    }
}

pub(super) fn failure() -> Failure {
    Failure {
        why: "exited with 1".into(),
        hint: Some("is the owner of the database there?".into()),
        command: Some("pg_restore -d libravatar --role djangouser \\\n  /var/lib/postgresql/libravatar.pg".into()),
        exit_code: Some(1),
        stderr: (1..=23).map(|n| format!("pg_restore: error {n}")).collect::<Vec<_>>().join("\n"),
        ..Failure::default()
    }
}

/// Its host is not there to be asked.
pub(super) fn away() -> Failure {
    Failure {
        why: "new cannot be reached any more, and the job may go on there: Connection timed out".into(),
        hint: Some("what was begun there goes on without us".into()),
        ..Failure::default()
    }
}

pub(super) fn yes(gate: &str) -> Record {
    Record::Answered { gate: gate.into(), answer: crate::events::record::Answer::Yes { by: "terminal".into() } }
}

fn step(id: &str, name: &str, action: &str, line: u32, hosts: &[&str]) -> OutlineStep {
    OutlineStep {
        id: id.into(),
        name: name.into(),
        action: action.into(),
        place: format!("libravatar.yaml:{line}"),
        hosts: hosts.iter().map(|host| (*host).into()).collect(),
        restores: None,
        temporary: None,
        irreversible: None,
        max_failures: 0,
        on_failure: OnFailure::Ask,
    }
}

pub(super) fn started() -> Started {
    let static_on = OutlineStep {
        temporary: Some("until the new server is live".into()),
        ..step("static-on", "Show the static site", "move", 31, &["old"])
    };
    let power_off = OutlineStep {
        irreversible: Some("old is gone".into()),
        ..step("power-off", "Shut the old server down", "reboot", 90, &["old"])
    };
    Started {
        run: "r7k2".into(),
        format: 1,
        tool: "0.1.0".into(),
        name: "Libravatar server migration".into(),
        path: "/home/oliver/libravatar.yaml".into(),
        files: BTreeMap::new(),
        vars: BTreeMap::new(),
        hosts: BTreeMap::new(),
        answers: serde_json::Value::Null,
        selection: Selection::default(),
        secrets: BTreeMap::new(),
        fingerprints: BTreeMap::new(),
        deadline: None,
        outline: vec![
            OutlinePhase {
                id: "prepare".into(),
                name: "Prepare DNS".into(),
                steps: vec![step("ttl", "Lower the TTL", "dns", 20, &[])],
            },
            OutlinePhase {
                id: "migrate".into(),
                name: "Migrate".into(),
                steps: vec![
                    static_on,
                    step("pgbouncer", "Stop pgbouncer", "service", 38, &["old"]),
                    step("mirror-jobs", "Disable the mirrors' jobs", "cron", 44, &["mirror1", "mirror2"]),
                    step("restore", "Restore the database", "postgres", 52, &["new"]),
                    step("copy", "Copy avatars and users", "sync", 60, &["new"]),
                    step("figures", "What was moved", "show", 70, &[]),
                ],
            },
            OutlinePhase {
                id: "afterwards".into(),
                name: "Afterwards".into(),
                steps: vec![step("announce", "Announce success", "manual", 80, &[]), power_off],
            },
        ],
    }
}

/// With colours, and with nothing else that depends on where it is shown.
pub(super) fn colored() -> Style {
    Style { color: true, ..Style::plain() }
}

/// Escape characters as something that can be read.
pub(super) fn visible(text: &str) -> String {
    text.replace('\x1b', "␛")
}
