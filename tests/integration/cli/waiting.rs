//! Gates, people and times that a run waits for, where nobody is there.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: Announced
    phases:
      - id: prepare
        name: Prepare
        confirm: Ready to start?
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
      - id: stop
        name: Stop
        confirm: {prompt: This stops the site., type: libravatar}
        steps:
          - id: announce
            name: Announce it
            manual: {text: Post about it, ask: {url: Link to the post}, checklist: [spelling, tone]}
            undo: nothing
          - {id: told, on: local, run: {script: printf %s \"$URL\" >told, env: {URL: '{{ steps.announce.answers.url }}'}}, undo: rm told}
";

#[test]
fn silence_is_never_a_yes() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("run book.yaml"), @"
    -- stdout
    Announced · run [run]
    [dir]/book.yaml

    Prepare
    ◷ parked: the gate `prepare` waits for an answer
    to go on: runbook resume [run]
    -- exit 3
    ");
    assert!(!test.path("first").exists());
    // A plain gate takes --yes, one that wants a word does not.
    assert_snapshot!(test.run("resume --yes"), @"
    -- stdout
    Announced · run [run]
    resumed by [who]

    Prepare, 0 of 3 steps are over
      › gate prepare: yes (--yes)
      ✓ first        local [t]

    Stop
    ◷ parked: the gate `stop` waits for an answer
    to go on: runbook resume [run]
    -- exit 3
    ");
    assert!(test.path("first").exists());
    test.run("due").exits(1).says("nothing is due");
}

#[test]
fn answers_are_kept_and_used_again() {
    let test =
        Test::new().runbook(BOOK).file("answers.yaml", "prepare: {confirm: true}\nstop: {confirm: libravatar}\n");
    test.run("run book.yaml --answers answers.yaml").exits(3).says("parked: Announce it");
    std::fs::remove_file(test.path("answers.yaml")).unwrap();
    test.run("resume").exits(3);
    test.put("more.yaml", "announce: {manual: done, answers: {url: 'https://x/1'}, note: posted by cron}\n");
    test.run("resume --answers more.yaml").exits(0);
    assert_eq!(test.read("told"), "https://x/1");
    test.run("log").exits(0).says("gate stop: yes, by answers file").says("posted by cron");
}

#[test]
fn the_wrong_word_does_not_open_a_gate() {
    let test = Test::new().runbook(BOOK).file("answers.yaml", "prepare: {confirm: true}\nstop: {confirm: true}\n");
    test.run("run book.yaml --answers answers.yaml --yes")
        .exits(3)
        .says("warning: the answers file does not have the word that the gate `stop` wants");
}

#[test]
fn a_wait_parks_and_is_due_when_its_time_has_come() {
    let book = |until: &str| {
        format!(
            "
        name: Later
        steps:
          - {{id: pause, name: Let it settle, wait: {until}}}
          - {{id: after, on: local, run: touch after, undo: rm after}}
    "
        )
    };
    let test = Test::new().runbook(&book("2h"));
    test.run("run book.yaml").exits(3).says("parked: Let it settle").says("once it is due: runbook resume");
    test.run("due").exits(1);
    assert!(!test.path("after").exists());
    let test = Test::new().runbook(&book("1s"));
    test.run("run book.yaml --no-wait").exits(3);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    test.run("due").exits(0).says("to go on: runbook resume [run]");
    test.run("resume --no-wait").exits(0);
    assert!(test.path("after").exists());
    // One that goes on says so, too.
    let test = Test::new().runbook(&book("2s"));
    test.run("run book.yaml --no-wait").exits(3);
    test.run("resume").exits(0).says("◷ Let it settle         until [when]");
    let test = Test::new().runbook(&book("{until: '2018-08-20T09:00Z'}"));
    test.run("run book.yaml --no-wait").exits(0);
}
