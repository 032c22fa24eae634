//! `log`: records, output, the chain of hashes.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: Noisy
    steps:
      - {id: hello, on: local, run: \"printf 'one\\\\ntwo \\\\033[2J\\\\n'\", undo: nothing}
      - {id: fails, on: local, run: echo no >&2; exit 5, undo: nothing}
";

#[test]
fn records_and_output_are_shown_and_no_control_sequence_gets_through() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    assert_snapshot!(test.run("log"), @r"
    -- stdout
       1  [when]  [who]  begun: Noisy ([dir]/book.yaml)
       2  [when]  [who]  phase noisy
       3  [when]  [who]  hello@local: try 1: run printf 'one\ntwo \033[2J\n'
       4  [when]  [who]  hello@local: its job is sent
       5  [when]  [who]  hello@local: applied
       6  [when]  [who]  fails@local: try 1: run echo no >&2; exit 5
       7  [when]  [who]  fails@local: its job is sent
       8  [when]  [who]  fails@local: failed: exited with 5
       9  [when]  [who]  stopped: fails@local failed
    to see where it stands: runbook status [run]
    -- exit 0
    ");
    assert_snapshot!(test.run(&format!("log {run} hello")), @r"
    -- stdout
       3  [when]  [who]  hello@local: try 1: run printf 'one\ntwo \033[2J\n'
       4  [when]  [who]  hello@local: its job is sent
       5  [when]  [who]  hello@local: applied
    hello@local, try 1, stdout:
        one
        two \x1b[2J
    to see where it stands: runbook status [run]
    -- exit 0
    ");
    test.run(&format!("log {run} helo")).exits(2).complains("did you mean `hello`?");
    let lines = test.run(&format!("log {run} fails --output json")).exits(0).json();
    let output = lines.iter().find(|line| line["event"] == "output").unwrap();
    assert_eq!((output["stderr"].as_bool(), output["text"].as_str()), (Some(true), Some("no\n")));
}

#[tokio::test]
async fn a_changed_record_is_found() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    assert_snapshot!(test.run("log --verify"), @"
    -- stdout
    9 records, the chain holds
    the last hash, to be compared with one that was kept elsewhere: [hash]
    to see where it stands: runbook status [run]
    -- exit 0
    ");
    let journal = sqlx::SqlitePool::connect(&format!("sqlite://{}", test.journal().display())).await.unwrap();
    let changed = sqlx::query(
        "UPDATE entry SET body = replace(body, 'exited with 5', 'exited with 0') WHERE body LIKE '%exited with 5%'",
    );
    assert_eq!(changed.execute(&journal).await.unwrap().rows_affected(), 1);
    journal.close().await;
    let ran = test.run("log --verify").exits(1);
    assert!(ran.stderr.contains("was tampered with, or damaged, at entry "), "{ran}");
    test.run("resume").exits(1).complains("was tampered with");
    // It is not hidden, and not chosen where none is named.
    test.run("runs").exits(0).complains("the journal of run [run] was tampered with");
}

#[test]
fn a_run_that_is_over_is_not_followed_for_ever() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test.run("log --follow").exits(0).says("fails").says("exited with 5");
}

const SLOW: &str = "
    name: Slow
    phases:
      - id: first
        name: First
        steps:
          - {id: quick, on: local, run: echo quickly done, undo: nothing}
          - id: slow
            on: local
            run: 'echo half; while [ ! -e go ]; do sleep 0.05; done; printf \"the rest\"'
            undo: 'echo taken back'
";

#[test]
fn who_follows_sees_what_who_runs_it_sees() {
    let test = Test::new().runbook(SLOW);
    let mut run = test.start("run book.yaml");
    run.told("slow@local | half");
    let mut follower = test.start("log --follow");
    follower.told("slow@local | half");
    std::fs::write(test.path("go"), "").unwrap();
    let (told, follower) = (run.wait().exits(0), follower.wait().exits(0));
    let steps = |text: &str| {
        let lines = text.lines().skip_while(|line| *line != "First").take_while(|line| !line.contains("done in"));
        // Whoever comes later is spared what a step has said that is over.
        lines.filter(|line| !line.contains("quickly done")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (due, shown) = (steps(&told.stdout), steps(&follower.stdout));
    assert!(due.iter().any(|line| line.contains("slow@local | the rest")), "{told}");
    let shown = shown.iter().filter(|line| !line.is_empty() && !line.starts_with("to see where it stands"));
    assert_eq!(shown.collect::<Vec<_>>(), due.iter().filter(|line| !line.is_empty()).collect::<Vec<_>>());

    let back = test.run("rollback").exits(4);
    let follower = test.run("log --follow").exits(0);
    assert!(back.stdout.contains("| taken back") && !follower.stdout.contains("half"), "{follower}");
}

#[test]
fn at_a_terminal_the_output_of_a_running_step_stands_beneath_it_until_the_reader_has_enough() {
    let test = Test::new().runbook(SLOW);
    let mut run = test.start("run book.yaml");
    run.told("slow@local | half");
    let at = test.type_in("log --follow").expect("quick").expect("slow").expect("half").expect("1 of 2");
    let screen = at.keys("\x03").exits(130);
    assert!(screen.contains("it goes on without you; to go on watching: runbook log "), "{screen}");
    std::fs::write(test.path("go"), "").unwrap();
    run.wait().exits(0);
}
