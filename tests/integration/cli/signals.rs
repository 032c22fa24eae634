//! Signals, and two operators.

use rustix::process::Signal;

use crate::support::Test;

/// The first step waits for a file.
const BOOK: &str = "
    name: Slow
    steps:
      - {id: first, name: The first, on: local, run: 'touch begun; until [ -e go ]; do sleep 0.05; done; touch first', undo: rm first}
      - {id: second, name: The second, on: local, run: touch second, undo: rm second}
";

#[test]
fn the_first_ctrl_c_lets_the_running_step_finish() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    going.signal(Signal::INT);
    going.told("stopping once the running step is over");
    test.put("go", "");
    let ran = going.wait().exits(130);
    ran.says("to go on: runbook resume [run]");
    assert!(test.path("first").exists() && !test.path("second").exists());
    test.run("resume").exits(0);
    assert!(test.path("second").exists());
}

#[test]
fn the_second_lets_go_and_resume_finds_the_job_again() {
    for signals in [&[Signal::INT, Signal::INT][..], &[Signal::TERM], &[Signal::HUP]] {
        let test = Test::new().runbook(BOOK);
        let mut going = test.start("run book.yaml");
        going.until(&test.path("begun"));
        for (at, signal) in signals.iter().enumerate() {
            going.signal(*signal);
            if at + 1 < signals.len() {
                going.told("stopping once the running step is over");
            }
        }
        going.wait().exits(130).says("letting go: what runs on hosts goes on there");
        assert!(!test.path("first").exists());
        std::fs::remove_file(test.path("begun")).unwrap();
        test.put("go", "");
        test.run("resume").exits(0);
        // The very job that was left, and no second one.
        assert!(test.path("first").exists() && !test.path("begun").exists());
    }
}

#[test]
fn a_run_whose_process_was_killed_is_taken_up_at_once() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    // Nobody has asked yet how it ended: it is a zombie.
    going.signal(Signal::KILL);
    std::fs::remove_file(test.path("begun")).unwrap();
    test.put("go", "");
    test.run("resume").exits(0);
    assert!(test.path("first").exists() && !test.path("begun").exists());
    assert_eq!(going.wait().code, -1);
}

#[test]
fn a_run_has_one_operator() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    let run = test.newest();
    for words in ["resume", "rollback", &format!("skip {run} second"), &format!("abandon {run} --leave-jobs")] {
        let ran = test.run(words).exits(5).complains("is held by [who] (process [pid]) since ");
        ran.complains("--take-over");
    }
    test.run("status").exits(0).says("running");
    test.put("go", "");
    going.wait().exits(0);
}

#[test]
fn whoever_was_taken_over_from_writes_no_more() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    let mut other = test.start("resume --take-over");
    other.told("resumed by");
    test.put("go", "");
    other.wait().exits(0);
    going.wait().exits(5).complains("was taken over by another operator");
}

/// It finds out by itself: what it waits for may be far away.
#[test]
fn whoever_was_taken_over_from_does_not_go_on_waiting() {
    let test = Test::new().runbook("name: Long\nsteps:\n  - {id: long, wait: 50s}\n");
    let mut going = test.start("run book.yaml");
    going.told("long  until");
    test.run("resume --take-over --no-wait").exits(3);
    going.wait().exits(5);
    test.run("log --verify").exits(0);
}

#[test]
fn a_run_is_followed_from_another_terminal() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    let mut log = test.start("log --follow");
    log.told("\nSlow\n");
    test.put("go", "");
    going.wait().exits(0);
    log.wait().exits(0).says("  ✓ The second  local");
}

#[test]
fn a_third_ends_it_whatever_it_waits_for() {
    let test = Test::new()
        .runbook(
            "
            name: Hangs
            hosts: {old: box}
            steps:
              - {id: first, on: old, run: 'true', undo: nothing}
            ",
        )
        .file("config", "Host *\n  ProxyCommand touch connecting; exec sleep 20\n");
    let mut going = test.start("run book.yaml --ssh-config config");
    going.until(&test.path("connecting"));
    going.signal(Signal::INT);
    going.told("stopping once the running step is over");
    going.signal(Signal::INT);
    going.told("letting go");
    going.signal(Signal::INT);
    going.wait().exits(130).says("to go on: runbook resume [run] --ssh-config config");
    test.run("status").exits(0).says("stopped: interrupted");
    // It is given back: whoever comes next need not take it over.
    test.run("abandon 1").exits(0);
}
