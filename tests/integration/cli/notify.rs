//! A script that is told what becomes of a run, and a deadline.

use crate::support::Test;

const TELL: &str = "printf '%s|' \"$RUNBOOK_EVENT\" \"$RUNBOOK_NAME\" \"$RUNBOOK_STEP\" \"$RUNBOOK_WHY\" \"${RUNBOOK_DUE:+due}\" >>told; echo \"$RUNBOOK_RUN ${RUNBOOK_BOOK##*/}\" >>told";

fn book(on: &str, steps: &str) -> String {
    format!("name: Told\nnotify: {{on: [{on}], run: {TELL:?}}}\nsteps:\n{steps}")
}

fn told(test: &Test) -> Vec<String> {
    let lines = std::fs::read_to_string(test.path("told")).unwrap_or_default();
    lines.lines().map(|line| line.rsplit_once('|').unwrap().0.to_owned()).collect()
}

#[test]
fn parked_failed_done_and_due_are_told_once_each() {
    let steps = "- {id: later, name: Later, wait: 2m}\n- {id: made, on: local, run: 'test -e ready', undo: nothing}\n";
    let test = Test::new().runbook(&book("parked, failed, done, due", steps));
    test.run("run book.yaml").exits(3);
    assert_eq!(told(&test), ["parked|Told|later|Later|due"]);
    test.run("due").exits(1);
    assert_eq!(told(&test).len(), 1, "its time has not come");

    let now = "- {id: later, name: Later, wait: {until: 2018-08-12T10:00Z}}\n";
    let test = Test::new().runbook(&book(
        "failed, done",
        &format!("{now}- {{id: made, on: local, run: 'test -e ready', undo: nothing}}\n"),
    ));
    test.run("run book.yaml").exits(1);
    assert_eq!(told(&test), ["failed|Told|made|made@local: exited with 1|"]);
    test.file("ready", "").run("resume").exits(0);
}

#[test]
fn what_is_due_is_told_once_for_each_time() {
    let book = book("due, done", "- {id: soon, name: Soon, wait: 2s}\n");
    let test = Test::new().runbook(&book);
    test.run("run book.yaml --no-wait").exits(3);
    assert_eq!(told(&test), Vec::<String>::new());
    std::thread::sleep(std::time::Duration::from_millis(2100));
    test.run("due").exits(0);
    test.run("due").exits(0);
    assert_eq!(told(&test), ["due|Told|soon|Soon|due"]);
    test.run("log").says("told that it is due");
    test.run("resume").exits(0);
    assert_eq!(told(&test).last().map(String::as_str), Some("done|Told||all steps are over|"));
}

#[test]
fn a_script_that_fails_is_a_warning_and_is_tried_again_when_due() {
    let book = "name: Told\nnotify: {on: [parked, due], run: 'echo no mail here >&2; exit 7'}\nsteps: [{id: soon, wait: 1s}]\n";
    let test = Test::new().runbook(book);
    test.run("run book.yaml --no-wait")
        .exits(3)
        .says("warning: `notify` did not tell that the run is parked: its script ended with 7: no mail here");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    for _ in 0..2 {
        test.run("due").exits(0).says("is due: its script ended with 7: no mail here");
    }
    test.run("resume").exits(0);
}

#[test]
fn a_deadline_is_told_at_gates_that_nobody_sees_and_by_status() {
    let book = "
        name: Late
        deadline: {rollback_by: 2018-08-13T04:00+12:00}
        phases:
          - {id: first, confirm: Ready?, steps: [{id: one, on: local, run: sleep 0.1, undo: nothing}]}
          - {id: second, confirm: {prompt: Still?, type: late}, steps: [{id: two, on: local, run: 'true', undo: nothing}]}
    ";
    let test = Test::new().runbook(book);
    test.run("run book.yaml --yes")
        .exits(3)
        .says("warning: gate first: rollback has to be over by ")
        .says("that has passed");
    test.run("status").says("rollback has to be over by ").says("that has passed");
    let test = Test::new()
        .runbook(&book.replace("2018-08-13", "2218-08-13"))
        .file("answers.yaml", "first: {confirm: true}\nsecond: {confirm: late}\n");
    test.run("run book.yaml --answers answers.yaml")
        .exits(0)
        .says("gate first: rollback has to be over by ")
        .says("gate second: rollback has to be over by ");
}
