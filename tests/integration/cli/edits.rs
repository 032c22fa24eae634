//! Books that are edited while their run is under way.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::support::Test;

fn book(first: &str, second: &str) -> String {
    format!(
        "runbook: 1
name: Edited
steps:
  - {{id: first, on: local, run: {first}, undo: nothing}}
  - {{id: second, on: local, run: {second}, undo: nothing}}
"
    )
}

#[test]
fn what_failed_may_be_mended() {
    let test = Test::new().file("book.yaml", &book("touch first", "exit 3"));
    test.run("run book.yaml").exits(1);
    test.put("book.yaml", &book("touch first", "touch second"));
    test.run("resume").exits(0).says("with the book as it was edited since");
    assert!(test.path("second").exists());
}

#[test]
fn what_was_done_must_stand_unless_the_edit_is_accepted() {
    let test = Test::new().file("book.yaml", &book("touch first", "exit 3"));
    test.run("run book.yaml").exits(1);
    test.put("book.yaml", &book("touch other", "touch second"));
    assert_snapshot!(test.run("resume"), @"
    -- stdout
      --- [dir]/book.yaml
      +++ [dir]/book.yaml
      @@ -1,5 +1,5 @@
       runbook: 1
       name: Edited
       steps:
      -  - {id: first, on: local, run: touch first, undo: nothing}
      -  - {id: second, on: local, run: exit 3, undo: nothing}
      +  - {id: first, on: local, run: touch other, undo: nothing}
      +  - {id: second, on: local, run: touch second, undo: nothing}

      first was done, and says something else now
    -- stderr
    error: the runbook was edited where it has been run already: nothing was done
      help: put it back, or go by it as it is now: runbook resume [run] --accept-edits
    -- exit 2
    ");
    assert!(!test.path("second").exists());
    test.run("resume --accept-edits").exits(0);
    assert!(test.path("second").exists() && !test.path("other").exists());
}

#[test]
fn an_accepted_edit_is_not_asked_about_again() {
    let test = Test::new().file("book.yaml", &book("touch first", "exit 3"));
    test.run("run book.yaml").exits(1);
    test.put("book.yaml", &book("touch other", "exit 3"));
    test.run("resume --accept-edits").exits(1);
    test.run("resume").exits(1);
}

#[test]
fn a_run_is_resumed_from_another_folder() {
    let test = Test::new().file("book.yaml", &book("touch first", "test -e allowed")).file("sub/x", "");
    test.run("run sub/../book.yaml").exits(1);
    test.put("allowed", "");
    test.run_in("sub", "resume").exits(0);
}

#[test]
fn a_book_that_is_wrong_now_stops_the_resume_before_it_begins() {
    let test = Test::new().file("book.yaml", &book("touch first", "exit 3"));
    test.run("run book.yaml").exits(1);
    test.put("book.yaml", "runbook: 1\nname: x\nstpes: []\n");
    test.run("resume").exits(2).complains("did you mean `steps`?").complains("runbook resume [run]");
    test.run("status").exits(0).says("stopped: second@local failed");
}

#[test]
fn what_is_under_way_must_stand_too() {
    let waits = "'touch begun; until [ -e go ]; do sleep 0.05; done; touch first'";
    let test = Test::new().file("book.yaml", &book(waits, "touch second"));
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    going.signal(Signal::KILL);
    test.put("book.yaml", &book("touch other", "touch second"));
    let ran = test.run("resume").exits(2).says("first was begun and is not over, and says something else now");
    ran.complains("resume [run] --accept-edits");
    test.put("go", "");
    test.put("book.yaml", &book(waits, "touch second"));
    test.run("resume").exits(0);
    assert!(test.path("first").exists() && test.path("second").exists());
    assert_eq!(going.wait().code, -1);
}

#[test]
fn a_book_that_is_gone_is_gone_on_with_and_that_is_told() {
    let test = Test::new().file("book.yaml", &book("touch first", "test -e allowed"));
    test.run("run book.yaml").exits(1);
    std::fs::remove_file(test.path("book.yaml")).unwrap();
    test.put("allowed", "");
    test.run("resume").exits(0).says("warning: [dir]/book.yaml is gone: going by what the journal kept of it");
}
