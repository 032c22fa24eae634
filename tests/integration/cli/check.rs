//! `check`, and books that are wrong.

use insta::assert_snapshot;

use crate::support::Test;

const WRONG: &str = "
    name: Greeting
    steps:
      - id: hello
        on: local
        rnu: echo hello
      - id: hello
        on: nowhere
        run: echo {{ who }}
";

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let test = Test::new().runbook(WRONG);
    assert_snapshot!(test.run("check book.yaml"), @"
    -- stderr
    error: unknown key `rnu` in a step
     --> book.yaml:6:5
      |
    6 |     rnu: echo hello
      |     ^^^
      = help: did you mean `run`?

    error: duplicate step `hello`
     --> book.yaml:7:9
      |
    7 |   - id: hello
      |         ^^^^^
      = help: the first is at book.yaml:4:9: give one of them an `id` of its own

    error: unknown host `nowhere`
     --> book.yaml:8:9
      |
    8 |     on: nowhere
      |         ^^^^^^^

    error: undefined variable `who`
     --> book.yaml:9:18
      |
    9 |     run: echo {{ who }}
      |                  ^^^

    warning: `who` becomes a part of the script, whatever is in it
     --> book.yaml:9:18
      |
    9 |     run: echo {{ who }}
      |                  ^^^
      = help: `{{ who | quote }}` makes one word of it; or give it to the script through `env`

    4 errors, 1 warning
    nothing ran
    once that is mended: runbook check book.yaml
    -- exit 2
    ");
    for command in ["run", "plan"] {
        test.run(&format!("{command} book.yaml")).exits(2).complains("did you mean `run`?").complains("nothing ran");
    }
    assert!(!test.journal().exists());
}

#[test]
fn scripts_get_what_is_wrong_in_json() {
    let ran = Test::new().runbook(WRONG).run("check book.yaml --output json").exits(2);
    let lines = ran.json();
    assert_eq!(lines.last().unwrap()["event"], "ended", "{ran}");
    assert_eq!(lines.last().unwrap()["exit"], 2, "{ran}");
    assert!(lines.iter().any(|line| line["diagnostic"]["hint"] == "did you mean `run`?"), "{ran}");
    assert!(ran.stderr.is_empty(), "{ran}");
}

#[test]
fn a_book_that_is_right_is_counted() {
    let test = Test::new().runbook(
        "
        name: Greeting
        hosts: {old: old.example.org}
        steps:
          - {id: hello, on: old, run: echo hello, undo: nothing}
        ",
    );
    assert_snapshot!(test.run("check book.yaml"), @"
    -- stdout
    Greeting: 1 phase, 1 step, 1 host; nothing is wrong with it
    to see what it would do: runbook plan book.yaml
    -- exit 0
    ");
    assert_snapshot!(test.run("check book.yaml --output json"), @r#"
    -- stdout
    {"event":"checked","phases":1,"steps":1,"hosts":1}
    {"event":"ended","exit":0,"run":null,"next":"to see what it would do: runbook plan book.yaml"}
    -- exit 0
    "#);
}

#[test]
fn a_book_that_is_not_there_is_told_by_its_name() {
    assert_snapshot!(Test::new().run("check none.yaml"), @"
    -- stderr
    error: reading none.yaml: No such file or directory (os error 2)

    1 error
    nothing ran
    once that is mended: runbook check none.yaml
    -- exit 2
    ");
}

#[test]
fn secrets_are_not_looked_for_where_they_are_not_needed() {
    let test = Test::new().runbook(
        "
        name: Greeting
        secrets:
          db: {env: NOT_SET}
          key: {command: touch asked; echo x}
        steps:
          - {id: hello, on: local, run: {script: echo hello, env: {P: '{{ secrets.db }}'}}, undo: nothing}
        ",
    );
    test.run("check book.yaml").exits(0);
    test.run("plan book.yaml --offline").exits(0);
    assert!(!test.path("asked").exists());
    assert_snapshot!(test.run("plan book.yaml"), @"
    -- stderr
    error: the secret `db` has no value: the environment variable NOT_SET is not set
      help: book.yaml:4:3 says where it comes from
    -- exit 2
    ");
    assert_snapshot!(test.run("run book.yaml"), @"
    -- stderr
    error: the secret `db` has no value: the environment variable NOT_SET is not set
      help: book.yaml:4:3 says where it comes from
    -- exit 2
    ");
}

#[test]
fn answers_are_held_against_the_book() {
    let test = Test::new()
        .runbook(
            "
            name: Greeting
            phases:
              - id: prepare
                name: Prepare
                confirm: Ready?
                steps:
                  - {id: hello, on: local, run: echo hello, undo: nothing}
                  - {id: announce, manual: {text: Say it, ask: {url: Where}}, undo: nothing}
            ",
        )
        .file(
            "answers.yaml",
            "prepair: {confirm: true}\nprepare: {confrim: true}\nhello: {manual: done}\nannounce: {manual: done, answers: {uri: x}}\n",
        );
    assert_snapshot!(test.run("run book.yaml --answers answers.yaml"), @"
    -- stderr
    error: the runbook has no phase or step `prepair`
     --> answers.yaml:1:1
      |
    1 | prepair: {confirm: true}
      | ^^^^^^^
      = help: did you mean `prepare`?

    error: unknown key `confrim` in an answer
     --> answers.yaml:2:11
      |
    2 | prepare: {confrim: true}
      |           ^^^^^^^
      = help: did you mean `confirm`?

    error: `hello` is no `manual` step: nobody is asked whether it is done
     --> answers.yaml:3:1
      |
    3 | hello: {manual: done}
      | ^^^^^

    error: `announce` does not ask for `uri`
     --> answers.yaml:4:1
      |
    4 | announce: {manual: done, answers: {uri: x}}
      | ^^^^^^^^
      = help: did you mean `url`?

    error: `announce` asks for `url`, and that is not answered
     --> answers.yaml:4:1
      |
    4 | announce: {manual: done, answers: {uri: x}}
      | ^^^^^^^^
      = help: answers: {url: …}

    5 errors
    error: the answers are wrong: nothing was done
      help: once they are mended: runbook run book.yaml --answers answers.yaml
    -- exit 2
    ");
    assert!(!test.journal().exists());
}

#[test]
fn what_can_be_borne_is_counted_and_told_once() {
    let test = Test::new().runbook(
        "
        name: Greeting
        vars: {who: you}
        steps:
          - {id: hello, on: local, run: 'echo {{ who }}; exit 3', undo: nothing}
        ",
    );
    let checked = test.run("check book.yaml").exits(0).complains("1 warning");
    checked.says("Greeting: 1 phase, 1 step, 0 hosts; 1 warning, and nothing that keeps it from being run");
    test.run("run book.yaml").exits(1).complains("warning: `who` becomes a part of the script");
    // Whoever goes on with it in the middle of the night wants to see other things.
    for words in ["resume", "rollback"] {
        let ran = test.run(words);
        assert!(!ran.stderr.contains("warning"), "{ran}");
    }
}
