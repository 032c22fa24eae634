//! Two operators of one run.

use crate::lab::Lab;
use crate::operator::{Operator, eventually};

/// The first lives on behind a dead link, and is taken over from: its next record is refused, and it stops. The job ran once.
#[test]
fn whoever_is_taken_over_from_behind_a_dead_link_does_nothing_more() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let step = |id: &str, script: &str| format!("  - {{id: {id}, on: old, run: '{script}', undo: rm -f /root/{id}}}\n");
    let book = operator.write_book(&format!(
        "runbook: 1\nname: Two\nhosts: {{old: old}}\nsteps:\n{}{}",
        step("long", "echo begun >>/root/long; sleep 20; echo over >>/root/long"),
        step("next", "echo next >>/root/next")
    ));
    let mut first = operator.start(operator.command(&["run", &book]));
    lab.eventually("old", 30, "[ -e /root/long ]");
    lab.tool(&["link", "old", "down"]);
    eventually(60, "the first notices", || operator.said().contains("old cannot be reached"));
    operator.runbook(&["resume"]).ended(5);
    let taken = operator.state.path().join("second");
    let said = std::fs::File::create(&taken).unwrap();
    let mut command = operator.command(&["resume", "--take-over"]);
    let mut second = command.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap();
    // Behind the dead link, too, until it is up.
    std::thread::sleep(std::time::Duration::from_secs(3));
    lab.tool(&["link", "old", "up"]);
    let told = || std::fs::read_to_string(&taken).unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(0), "{}", told());
    assert_eq!(first.wait().unwrap().code(), Some(5), "{}", operator.said());
    let log = operator.runbook(&["log"]).text;
    assert_eq!(lab.on("old", "cat /root/long /root/next"), "begun\nover\nnext\n", "{log}");
    operator.runbook(&["log", "--verify"]).ended(0);
    operator.roll_back();
}
