//! Steps that are settled by hand, and runs that are given up.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: By hand
    steps:
      - {id: first, on: local, run: exit 3, undo: nothing, verify: test -e done-by-hand}
      - {id: second, on: local, run: exit 4, undo: nothing}
      - {id: third, on: local, run: touch third, undo: rm third}
";

/// The id of the only run, as it is: the builder puts it aside in what is seen.
fn failed() -> Test {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test
}

#[test]
fn done_is_believed_only_where_verify_holds() {
    let test = failed();
    let run = test.newest();
    assert_snapshot!(test.run(&format!("done {run} first --note restored")), @"
    -- stderr
    error: first@local is not done: its `verify` (run on local) fails: exited with 1
      help: nothing was settled; to go on: runbook resume [run]
    -- exit 1
    ");
    test.put("done-by-hand", "");
    assert_snapshot!(test.run(&format!("done {run} first --note restored")), @"
    -- stdout
      ✓ first   local [t]  marked done by hand: restored
    to go on: runbook resume [run]
    -- exit 0
    ");
    test.run("resume").exits(1).says("exited with 4");
    test.run(&format!("skip {run} second --note later")).exits(0);
    test.run("resume").exits(0);
    assert!(test.path("third").exists());
    test.run("log").exits(0).says("restored").says("later");
}

#[test]
fn a_prefix_of_the_run_is_enough_and_a_step_has_to_be_there() {
    let test = failed();
    let run = test.newest();
    test.run(&format!("retry {} first", &run[..9])).exits(0);
    test.run(&format!("skip {run} fist")).exits(2).complains("did you mean `first`?");
    test.run("skip zzz first").exits(2).complains("there is no run `zzz`");
    test.run(&format!("retry {run} third")).exits(1).complains("has nothing to settle that way");
}

#[test]
fn a_run_that_is_given_up_is_over() {
    let test = failed();
    let run = test.newest();
    assert_snapshot!(test.run(&format!("abandon {run} --note enough")), @"
    -- stdout
    – given up as it is: 0 of 3 steps over (1 failed)
    to see how it was left: runbook status [run]
    -- exit 0
    ");
    test.run("resume").exits(2).complains("was given up");
    test.run("rollback").exits(2).complains("was given up");
    test.run(&format!("abandon {run}")).exits(2).complains("is over");
    test.run("log").exits(0).says("given up as it is: enough");
}
