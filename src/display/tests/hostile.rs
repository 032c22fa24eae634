//! What hosts and books say reaches a terminal as text and nothing else, whichever way it goes.

use std::sync::Arc;

use super::story::{Hand, Story, Written, colored, restore, started, unit};
use crate::base::UnitId;
use crate::display::{
    Asking, Ending, Event, Human, Json, Plain, Seen, Typing, Viewer, closing, failure, foreseen, gate, json,
    log_records, rollback_preview, runs, status,
};
use crate::events::record::{Failure, Outcome, Outputs, Record, Started};
use crate::events::{Foreseen, Foresight, Preview, Progress};

/// Fills the clipboard, clears the screen, names the window, asks the terminal, goes back to overwrite, turns the line round.
const EVIL: &str = "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b]0;pwned\x1b\\\x1b[6n\x1bP$q\x1b\\\r\x08\u{9b}31m\u{90}\u{202e}\u{2066}\u{200b}\x7f\0";

/// A run in which every text that can be is hostile.
fn evil_started() -> Started {
    let mut started = started();
    started.name = EVIL.into();
    started.path = EVIL.into();
    for phase in &mut started.outline {
        phase.name = EVIL.into();
        for step in &mut phase.steps {
            step.name = EVIL.into();
            step.place = EVIL.into();
            step.temporary = Some(EVIL.into());
            step.irreversible = Some(EVIL.into());
        }
    }
    started
}

fn evil_failure() -> Failure {
    let (why, stderr) = (format!("{EVIL}\n{EVIL}"), format!("{EVIL}\n{EVIL}"));
    Failure {
        why,
        hint: Some(EVIL.into()),
        command: Some(EVIL.into()),
        exit_code: Some(1),
        stderr,
        applied: true,
        untouched: false,
    }
}

fn tell(story: &mut Story) {
    let host = unit(EVIL, Some(EVIL));
    let figures = UnitId { item: Some(0), ..unit("figures", None) };
    story.record(0, Record::Started(Box::new(evil_started())));
    story.record(0, Record::Pinned { role: EVIL.into(), host_key: EVIL.into(), machine_id: EVIL.into() });
    story.record(0, Record::PhaseEntered { phase: "migrate".into() });
    story.record(0, super::story::yes(EVIL));
    story.record(0, Record::Listed { step: "figures".into(), items: vec![EVIL.into()] });
    story.record(0, Record::CheckpointReached { name: EVIL.into(), step: EVIL.into() });
    story.progress(0, &Progress::Checking { unit: host.clone() });
    story.intended(&host, EVIL);
    story.progress(0, &Progress::Output { unit: host.clone(), stderr: true, line: EVIL.into() });
    story.output(&host, &String::from_utf8_lossy(b"\xff\x9b2J\xfe"));
    story.progress(0, &Progress::Note { unit: host.clone(), text: EVIL.into() });
    story.progress(0, &Progress::Warning { text: EVIL.into() });
    story.progress(0, &Progress::Reconnecting { host: EVIL.into(), attempt: 1, why: EVIL.into() });
    story.record(
        0,
        Record::Settled { unit: host.clone(), outcome: Outcome::Failed { failure: Box::new(evil_failure()) } },
    );
    story.intended(&figures, EVIL);
    story.applied_with(
        0,
        &figures,
        Outputs { stdout: EVIL.into(), stderr: EVIL.into(), note: Some(EVIL.into()), ..Outputs::default() },
    );
    story.record(0, Record::Blocked { unit: unit("copy", Some("new")), failure: Box::new(evil_failure()) });
    story.record(0, Record::Skipped { unit: unit("copy", Some("new")), why: EVIL.into() });
    story.intended(&restore(), EVIL);
    story.record(0, Record::Settled { unit: restore(), outcome: Outcome::Unsure { why: EVIL.into() } });
    story.record(0, Record::RollbackBegun { to: Some(EVIL.into()) });
    story.record(0, Record::UndoIntended { unit: restore(), attempt: 1 });
    story.record(0, Record::Undone { unit: restore(), note: EVIL.into() });
    story.record(0, Record::UndoIntended { unit: host.clone(), attempt: 1 });
    story.record(0, Record::Stuck { unit: host, why: EVIL.into(), unsure: false });
    story.record(0, Record::RollbackEnded { complete: false, left: Vec::new() });
    story.record(0, Record::Parked { why: EVIL.into(), until: None });
}

/// Takes our own sequences out: colours, and on a terminal the cursor's.
fn without_ours(text: &str, ours: &str) -> String {
    regex::Regex::new(ours).unwrap().replace_all(text, "").into_owned()
}

const COLORS: &str = "\x1b\\[(0|1|2|32|33|36|1;31)m";
const CURSOR: &str = "\x1b\\[(0|1|2|32|33|36|1;31)m|\x1b\\[[0-9]+[AB]|\r\x1b\\[2K|\r";

#[track_caller]
fn is_harmless(text: &str, ours: &str) {
    let text = without_ours(text, ours);
    let bad = text.char_indices().find(|(_, c)| crate::base::safe::is_unsafe(*c) && *c != '\n');
    if let Some((at, c)) = bad {
        let around: String = text[at..].chars().take(80).collect();
        panic!("{c:?} reached the screen: {around:?}");
    }
    assert!(text.contains("52;c;"), "nothing was told at all: {text}");
}

#[test]
fn on_a_pipe() {
    let (written, clock) = (Written::default(), Hand::new());
    let mut story = Story::on(Viewer::Plain(Plain::new(Box::new(written.clone()), colored(), clock.clone())), clock);
    tell(&mut story);
    is_harmless(&written.text(), COLORS);
}

#[test]
fn on_a_terminal() {
    let (written, clock) = (Written::default(), Hand::new());
    let human = Human::still(Box::new(written.clone()), Arc::new(|| (40, 100)), colored(), clock.clone());
    let mut story = Story::on(Viewer::Human(human), clock);
    tell(&mut story);
    is_harmless(&written.text(), CURSOR);
}

#[test]
fn as_json() {
    let written = Written::default();
    let mut story = Story::on(Viewer::Json(Json::new(Box::new(written.clone()))), Hand::new());
    tell(&mut story);
    is_harmless(&written.text(), COLORS);
}

#[test]
fn everywhere_else() {
    let mut story = Story::silent();
    tell(&mut story);
    let (view, now, style) = (&story.view, story.now(), colored());
    let preview = Preview { summary: EVIL.into(), detail: format!("@@ {EVIL}\n+{EVIL}"), undo: EVIL.into() };
    let base = Foreseen {
        unit: unit(EVIL, Some(EVIL)),
        name: EVIL.into(),
        action: "manual".into(),
        place: EVIL.into(),
        foresight: Foresight::WouldChange { preview, reversible: false },
        irreversible: Some(EVIL.into()),
        gated: true,
        after: vec![EVIL.into()],
        phase_gate: None,
    };
    let mut all = vec![base.clone()];
    for foresight in [
        Foresight::LeftOut { why: EVIL.into() },
        Foresight::UnknownUntil { step: EVIL.into(), known: EVIL.into() },
        Foresight::Blocked { why: EVIL.into(), may_clear: true },
        Foresight::Waits { what: EVIL.into() },
    ] {
        all.push(Foreseen { foresight, ..base.clone() });
    }
    let asking = Asking {
        title: EVIL,
        prompt: EVIL,
        description: Some(EVIL),
        irreversible: Some(EVIL),
        next: &all,
        rollback: &view.undo_order(None),
        deadline: Some(EVIL),
    };
    let typing = Typing { file: EVIL, with: EVIL };
    let parked = Ending::Parked { why: EVIL.into(), until: None };
    let stopped = Ending::RollbackStopped { unit: base.unit.clone(), why: EVIL.into() };
    let seen = [EVIL.to_owned()];
    for text in [
        foreseen(&all, &style),
        gate(&asking, view, now, &style),
        rollback_preview(view, None, &all, &style),
        status(view, typing, now, &style),
        runs(&[(EVIL.into(), view.clone())], now, &style),
        log_records(&story.entries, view, &style),
        closing(&parked, view, typing, now, &style),
        closing(&stopped, view, typing, now, &style),
        failure(&base.unit, view, Seen { tail: &seen, amount: None }, &style).painted(&style),
        json(&Event::run(view)),
        json(&Event::end(&stopped, view, typing)),
    ] {
        is_harmless(&text, COLORS);
    }
}
