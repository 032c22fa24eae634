//! A host that is restarted in the middle of a run, and one that is switched off.

use crate::lab::Lab;
use crate::operator::{Operator, eventually, kill};

const BOOK: &str = "runbook: 1
name: Restarts
hosts: {mirror1: mirror1, new: {ssh: new, become: root}}
steps:
  - id: before
    on: mirror1
    run: cat /proc/sys/kernel/random/boot_id
    undo: nothing
  - id: restart
    on: mirror1
    reboot: {state: restarted, timeout: 2m}
    undo: nothing
  - id: after
    on: mirror1
    run: test \"$(cat /proc/sys/kernel/random/boot_id)\" != '{{ steps.before.stdout }}' && systemctl is-active apache2
    undo: nothing
";

/// Does what a real machine does by itself: here the end of a host is the end of its container.
fn boot_once_off(lab: &Lab, host: &str) {
    let power = || lab.tool(&["status"]).lines().any(|line| line.starts_with(host) && line.contains("power off"));
    eventually(60, &format!("{host} goes down"), power);
    lab.tool(&["power", host, "boot"]);
}

#[test]
fn a_host_is_restarted_and_waited_for() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let path = operator.write_book(BOOK);
    operator.runbook(&["plan", &path]).ended(0).says("restart it, and wait until it is up again");
    let mut run = operator.start(operator.command(&["run", &path]));
    boot_once_off(&lab, "mirror1");
    assert_eq!(run.wait().unwrap().code(), Some(0), "{}", operator.said());
    operator.roll_back();

    // The controller dies while the host is down: a resume finds that it has booted since, and does not restart it again.
    let operator = Operator::new(&lab);
    let path = operator.write_book(BOOK);
    let mut run = operator.start(operator.command(&["run", &path]));
    let off = || lab.tool(&["status"]).lines().any(|line| line.starts_with("mirror1") && line.contains("power off"));
    eventually(60, "mirror1 goes down", off);
    kill(&mut run);
    lab.tool(&["power", "mirror1", "boot"]);
    let boot = lab.on("mirror1", "cat /proc/sys/kernel/random/boot_id");
    operator.runbook(&["resume"]).ended(0);
    assert_eq!(lab.on("mirror1", "cat /proc/sys/kernel/random/boot_id"), boot, "it is not restarted twice");
    operator.runbook(&["log", "--verify"]).ended(0);
}

#[test]
fn a_host_is_switched_off_and_this_machine_and_nobody_are_not() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let step = |on: &str| {
        format!(
            "runbook: 1\nname: Off\nhosts: {{mirror2: mirror2, new: new}}\nsteps:\n  - {{id: off, on: {on}, reboot: {{state: off, timeout: 1m}}}}\n"
        )
    };
    let path = operator.write_book(&step("new"));
    operator.runbook(&["run", &path]).ended(1).says("only root can do that on new");
    let operator = Operator::new(&lab);
    let path = operator.write_book(&step("local"));
    operator.runbook(&["run", &path]).ended(1).says("it would not live to see it come back");
    let operator = Operator::new(&lab);
    let path = operator.write_book(&step("mirror2"));
    operator.runbook(&["run", &path]).ended(0);
    let off = || lab.tool(&["status"]).lines().any(|line| line.starts_with("mirror2") && line.contains("power off"));
    eventually(30, "mirror2 is off", off);
    operator.runbook(&["rollback"]).ended(6).says("a host that is off cannot be switched on from here");
    lab.tool(&["power", "mirror2", "boot"]);
}
