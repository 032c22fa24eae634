//! Clocks that are wrong: a host's, the operator's. What runs there is told another time by libfaketime.

use std::path::PathBuf;

use crate::lab::Lab;
use crate::operator::{Operator, Said, eventually};

use super::load::Counted;

/// The library, by its name on a host.
const LIBRARY: &str = "/usr/lib/*/faketime/libfaketime.so.1";

/// It leaves the times of files alone, and what counts from the boot.
const CLOCK_ONLY: &str = "NO_FAKE_STAT=1 DONT_FAKE_MONOTONIC=1";

/// Whoever logs in on the host finds its clock off by so much.
fn set_clock(lab: &Lab, host: &str, off: &str) {
    lab.on(
        host,
        &format!(
            "echo SetEnv LD_PRELOAD=$(echo {LIBRARY}) FAKETIME={off} {CLOCK_ONLY} >/etc/ssh/sshd_config.d/clock.conf
             systemctl reload ssh.service"
        ),
    );
    let apart = lab.operator(&format!("echo $(($(ssh {host} date +%s) - $(date +%s)))"));
    assert!(apart.trim().parse::<i64>().unwrap().abs() > 80_000, "the clock of {host} is {apart} s off");
}

#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn hosts_whose_clocks_are_a_day_off_are_migrated_all_the_same() {
    let Some(lab) = Lab::before() else { return };
    set_clock(&lab, "old", "-1d");
    set_clock(&lab, "mirror1", "+1d");
    let book = Counted::new();
    let operator = book.operator(&lab);
    let before = operator.everything();
    operator.run(None).ended(0);
    lab.operator("curl -sSf https://www.libravatar.org/ | grep '412 users' >/dev/null");
    operator.roll_back();
    book.were_done_and_undone_once(&lab);
    operator.everything().must_be(&before);
}

/// An operator whose clock is what is in a file.
struct Elsewhen<'a> {
    operator: Operator<'a>,
    library: PathBuf,
}

impl<'a> Elsewhen<'a> {
    fn new(lab: &'a Lab) -> Self {
        let library = lab.on("old", &format!("echo {LIBRARY}"));
        let library = lab.file("state").join("roots/old").join(library.trim().trim_start_matches('/'));
        let elsewhen = Self { operator: Operator::new(lab), library };
        elsewhen.set("+0");
        elsewhen
    }

    fn set(&self, off: &str) {
        std::fs::write(self.operator.state.path().join("clock"), format!("{off}\n")).unwrap();
    }

    fn wears(&self, mut command: std::process::Command) -> std::process::Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.operator.state.path().join("clock"))
            .env("FAKETIME_NO_CACHE", "1")
            .envs(CLOCK_ONLY.split(' ').filter_map(|set| set.split_once('=')));
        command
    }
}

/// The operator's clock is set back by a day in the middle of a wait, and forward by one in the middle of the next.
#[test]
fn a_clock_that_is_set_in_the_middle_of_a_wait_does_not_matter() {
    let Some(lab) = Lab::before() else { return };
    let elsewhen = Elsewhen::new(&lab);
    let operator = &elsewhen.operator;
    let steps = "  - {id: first, name: Wait once, wait: 8s}\n  - {id: between, on: old, run: echo x >>/root/between, undo: rm /root/between}\n  \
                 - {id: second, name: Wait again, wait: 8s}\n";
    let book = operator.write_book(&format!("runbook: 1\nname: Set\nhosts: {{old: old}}\nsteps:\n{steps}"));
    let mut run = operator.start(elsewhen.wears(operator.command(&["run", &book])));
    for (step, off) in [("Wait once", "-1d"), ("Wait again", "+1d")] {
        eventually(30, step, || operator.said().contains(step));
        elsewhen.set(off);
    }
    eventually(60, "both waits are over", || run.try_wait().unwrap().is_some());
    assert_eq!(run.wait().unwrap().code(), Some(0), "{}", operator.said());
    assert_eq!(lab.on("old", "cat /root/between"), "x\n");
    // It was another day.
    let log = operator.runbook(&["log", "--output", "json"]).ended(0).text;
    let days: std::collections::BTreeSet<&str> = log.split("\"at\":\"").skip(1).map(|rest| &rest[..10]).collect();
    assert!(days.len() >= 3, "{days:?}");
    operator.roll_back();
}

/// What is signed a day too early is not taken by the name server: the reason is told, nothing is changed, and it goes on once the clock is right.
#[test]
fn an_operator_who_lives_in_another_day_is_told() {
    let Some(lab) = Lab::before() else { return };
    let elsewhen = Elsewhen::new(&lab);
    let operator = &elsewhen.operator;
    elsewhen.set("-1d");
    let before = operator.everything_before();
    let run = elsewhen.wears(operator.sample("run", Some("prepare-new"))).output().unwrap();
    Said::of(&run).ended(1).says("BADTIME").says("this machine's clock is 86");
    operator.everything().must_be(&before);
    operator.resume(Some("prepare-new")).ended(3);
    operator.roll_back();
    operator.everything().must_be(&before);
}
