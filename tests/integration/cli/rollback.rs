//! `rollback`.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: Three files
    steps:
      - {id: first, name: The first, on: local, run: touch first, undo: rm first}
      - {id: second, name: The second, on: local, run: touch second, undo: rm second, checkpoint: halfway}
      - {id: third, name: The third, on: local, run: touch third; exit 4, undo: rm third}
";

#[test]
fn it_takes_back_newest_first_what_the_failed_step_left_too() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    assert_snapshot!(test.run("rollback --dry-run"), @"
    -- stdout
    rollback to the start would undo 3 units, newest first:
    ↶ The third  local  would be undone  book.yaml:6
        run touch third; exit 4
        undo: rm third
    ↶ The second  local  would be undone  book.yaml:5
        run touch second
        undo: rm second
    ↶ The first  local  would be undone  book.yaml:4
        run touch first
        undo: rm first
    nothing was changed
    to take it back: runbook rollback [run]
    -- exit 0
    ");
    assert!(test.path("third").exists());
    assert_snapshot!(test.run("rollback"), @"
    -- stdout

    Rollback to the start
      ↶ The third   local [t]  undone
      ↶ The second  local [t]  undone
      ↶ The first   local [t]  undone
    ↶ rolled back to the start: 0 of 3 steps over (3 undone)
    to see what was undone: runbook log [run] · to begin anew: runbook run '[dir]/book.yaml'
    -- exit 4
    ");
    for file in ["first", "second", "third"] {
        assert!(!test.path(file).exists(), "{file}");
    }
    test.run("rollback").exits(2).complains("was rolled back to its start already");
    test.run("resume").exits(2).complains("was rolled back to its start");
}

#[test]
fn it_goes_back_to_a_checkpoint_and_on_from_there() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test.run("rollback --to halfwy").exits(2).complains("did you mean `halfway`?");
    test.run("rollback --to halfway").exits(4).says("to go on from there: runbook resume [run]");
    assert!(test.path("first").exists() && !test.path("second").exists() && !test.path("third").exists());
    test.run("resume").exits(1);
    assert!(test.path("second").exists());
    test.run("rollback --to second").exits(4);
    assert!(!test.path("second").exists());
}

#[test]
fn it_goes_by_the_book_as_it_was() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test.put("book.yaml", "runbook: 1\nname: x\nsteps:\n  - {id: y, on: local, run: 'true'}\n");
    test.run("rollback").exits(4);
    assert!(!test.path("first").exists());
}

#[test]
fn what_cannot_be_undone_stops_it_until_that_is_seen_to() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    std::fs::remove_file(test.path("second")).unwrap();
    assert_snapshot!(test.run("rollback"), @"
    -- stdout

    Rollback to the start
      ↶ The third   local [t]  undone
        second@local ! rm: cannot remove 'second': No such file or directory
      ! The second  local [t]  could not be undone
        not undone: exited with 1: rm: cannot remove 'second': No such file or directory
         --> book.yaml:5
        step: second, host: local
        so far: 1 of 3 steps are over
        rollback would undo, newest first:
            The second on local: run touch second · stuck
            The first on local: run touch first
    ! rollback stopped: The second on local (second@local) could not be undone
      exited with 1: rm: cannot remove 'second': No such file or directory
      still to be undone:
        The second on local: run touch second · stuck
        The first on local: run touch first
    once that is seen to: runbook rollback [run] · to leave it as it is: runbook skip [run] second
    -- exit 6
    ");
    assert!(!test.path("third").exists() && test.path("first").exists());
    test.run("resume").exits(6);
    test.put("second", "");
    test.run("resume").exits(4);
    assert!(!test.path("first").exists());
}

#[test]
fn a_point_of_no_return_is_passed_only_when_asked() {
    let test = Test::new()
        .runbook(
            "
            name: Drop
            steps:
              - {id: first, on: local, run: touch first, undo: rm first}
              - {id: drop, on: local, run: touch dropped, irreversible: the data is gone}
              - {id: fails, on: local, run: 'false', undo: nothing}
            ",
        )
        .file("answers.yaml", "drop: {confirm: true}\n");
    test.run("run book.yaml --yes").exits(3).says("the gate `drop` waits for an answer");
    test.run("resume --answers answers.yaml").exits(1);
    test.run("rollback").exits(6).says("a point of no return: the data is gone");
    test.run("rollback --past-irreversible").exits(4);
    assert!(test.path("dropped").exists() && !test.path("first").exists());
}

#[test]
fn a_dry_run_tells_where_rollback_would_stop() {
    let test = Test::new()
        .runbook(
            "
            name: No return
            steps:
              - {id: first, on: local, run: touch first}
              - {id: second, on: local, run: touch second, undo: 'rm second', irreversible: the old data is gone}
            ",
        )
        .file("answers.yaml", "second: {confirm: true}\n");
    test.run("run book.yaml --answers answers.yaml").exits(0);
    assert_snapshot!(test.run("rollback --dry-run"), @"
    -- stdout
    rollback to the start would undo 2 units, newest first:
    point of no return: the old data is gone · rollback goes past it only with --past-irreversible
    ↶ second  local  would be undone  book.yaml:5
        run touch second
        undo: rm second
    ! first  local  cannot be undone  book.yaml:4
        run touch first
        no way back: a `run` has no undo of its own
    1 unit cannot be undone: rollback stops there, unless --past-irreversible
    nothing was changed
    to take it back: runbook rollback [run]
    -- exit 0
    ");
    test.run("status").exits(0).says("second on local: run touch second · point of no return");
}

#[test]
fn what_a_person_takes_back_is_asked_answered_and_kept() {
    let test = Test::new()
        .runbook(
            "
            name: Announced
            steps:
              - {id: first, on: local, run: touch first, undo: rm first}
              - id: announce
                name: Announce it
                manual: {text: Post about it, ask: {url: Link to the post}}
                undo: Delete the post
            ",
        )
        .file("answers.yaml", "announce: {manual: done, answers: {url: 'https://x'}}\n")
        .file("undo.yaml", "announce: {manual: done, note: deleted by cron}\n");
    test.run("run book.yaml --answers answers.yaml").exits(0);
    // That it was done says nothing about its being taken back.
    test.run("rollback").exits(3).says("parked: take back Announce it");
    test.run("resume").exits(3);
    let screen = test.type_in("rollback").expect("is it done?").keys("\x03").exits(3);
    assert!(screen.contains("for you to do: take back Announce it\n  Delete the post\n"), "{screen}");
    test.run("resume --answers undo.yaml").exits(4).says("undone: deleted by cron");
    assert!(!test.path("first").exists());
}
