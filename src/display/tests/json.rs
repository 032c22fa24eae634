//! The screen for scripts.

use insta::assert_snapshot;
use serde_json::Value;

use super::story::{Hand, Story, Written, restore, unit};
use crate::display::{Ending, Event, Json, Typing, Viewer, json};
use crate::events::Progress;
use crate::events::record::{Entry, Record};

fn story() -> (Story, Written) {
    let written = Written::default();
    (Story::on(Viewer::Json(Json::new(Box::new(written.clone()))), Hand::new()), written)
}

#[test]
fn every_record_is_a_line_that_reads_back() {
    let (mut story, written) = story();
    story.up_to_failure();
    let text = written.text();
    let read: Vec<Entry> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["event"], "record");
            serde_json::from_value(line["entry"].clone()).unwrap()
        })
        .collect();
    assert_eq!(read, story.entries);
}

#[test]
fn signs_of_life_are_lines_too() {
    let (story, written) = story();
    let unit = unit("copy", Some("new"));
    story.progress(0, &Progress::Checking { unit: unit.clone() });
    story.progress(0, &Progress::Working { unit: unit.clone() });
    story.output(&unit, "a \"b\" \u{9b}2J \u{202e}");
    story.progress(0, &Progress::Amount { unit: unit.clone(), done: 5, of: Some(10) });
    story.progress(0, &Progress::Reconnecting { host: "new".into(), attempt: 2, why: "timed out".into() });
    story.progress(0, &Progress::Note { unit, text: "direct".into() });
    story.progress(0, &Progress::Warning { text: "clones".into() });
    story.progress(0, &Progress::Phase { phase: "migrate".into() });
    assert_snapshot!(written.text(), @r#"
    {"event":"checking","unit":{"step":"copy","host":"new"}}
    {"event":"working","unit":{"step":"copy","host":"new"}}
    {"event":"output","unit":{"step":"copy","host":"new"},"stderr":false,"line":"a \"b\" \u009b2J \u202e"}
    {"event":"amount","unit":{"step":"copy","host":"new"},"done":5,"of":10}
    {"event":"reconnecting","host":"new","attempt":2,"why":"timed out"}
    {"event":"note","unit":{"step":"copy","host":"new"},"text":"direct"}
    {"event":"warning","text":"clones"}
    {"event":"phase","phase":"migrate"}
    "#);
}

#[test]
fn what_a_terminal_would_act_on_is_escaped_and_reads_back() {
    let text = "\x1b[2J\u{7f}\u{9b}\u{202e}\u{e0041}\u{2028}é漢";
    let line = json(&text);
    assert_eq!(line, r#""\u001b[2J\u007f\u009b\u202e\udb40\udc41\u2028é漢""#);
    assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
}

#[test]
fn where_a_run_stands_and_how_it_ended() {
    let mut story = Story::silent();
    story.up_to_failure();
    story.record(10, Record::Stopped { why: "restore@new failed".into() });
    assert_snapshot!(json(&Event::run(&story.view)), @r#"{"event":"run","run":{"run":"r7k2","name":"Libravatar server migration","path":"/home/oliver/libravatar.yaml","status":"stopped","why":"restore@new failed","until":null,"began":"2018-08-12T14:00:00Z","last":"2018-08-12T14:01:29.71Z","phase":"migrate","steps_over":4,"steps":9,"units":[{"unit":{"step":"mirror-jobs","host":"mirror1"},"state":"skipped","began":null,"ended":"2018-08-12T14:00:06.69Z","note":"--skip-tags mirrors"},{"unit":{"step":"pgbouncer","host":"old"},"state":"satisfied","began":null,"ended":"2018-08-12T14:00:06.67Z","note":null},{"unit":{"step":"restore","host":"new"},"state":"failed","began":"2018-08-12T14:00:06.7Z","ended":"2018-08-12T14:01:29.7Z","note":null},{"unit":{"step":"static-on","host":"old"},"state":"applied","began":"2018-08-12T14:00:06.22Z","ended":"2018-08-12T14:00:06.62Z","note":null},{"unit":{"step":"ttl"},"state":"applied","began":"2018-08-12T14:00:00.01Z","ended":"2018-08-12T14:00:01.21Z","note":null}],"temporary":[{"unit":{"step":"static-on","host":"old"},"until":"until the new server is live","since":"2018-08-12T14:00:06.62Z"}],"rollback":[{"step":"restore","host":"new"},{"step":"static-on","host":"old"},{"step":"ttl"}],"checkpoints":[{"name":"before-downtime","step":"static-on"}]}}"#);
    let ending = Ending::Failed { unit: restore() };
    let typing = Typing { file: "libravatar.yaml", with: "--state pg" };
    assert_snapshot!(json(&Event::end(&ending, &story.view, typing)), @r#"{"event":"end","ending":{"end":"failed","unit":{"step":"restore","host":"new"}},"run":"r7k2","next":["runbook resume r7k2 --state pg","runbook rollback r7k2 --state pg"]}"#);
}
