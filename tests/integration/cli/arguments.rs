//! What can be typed, and what cannot.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: Greeting
    steps:
      - {id: hello, on: local, run: echo hello, undo: nothing}
";

#[test]
fn without_a_command_it_says_what_there_is() {
    let ran = Test::new().run("").exits(2);
    assert!(ran.stdout.is_empty());
    for command in [
        "run", "plan", "check", "resume", "rollback", "done", "skip", "retry", "status", "runs", "log", "due",
        "abandon",
    ] {
        assert!(ran.stderr.contains(&format!("\n  {command} ")), "{command}: {ran}");
    }
    Test::new().run("--help").exits(0).says("runbook run migration.yaml");
    Test::new().run("--version").exits(0).says(&format!("runbook {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_it_does_not_know_is_wrong_and_nothing_runs() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("run book.yaml --dry-rum"), @"
    -- stderr
    error: unexpected argument '--dry-rum' found

      tip: a similar argument exists: '--dry-run'

    Usage: runbook run --dry-run <FILE>

    For more information, try '--help'.
    -- exit 2
    ");
    assert_snapshot!(test.run("rnu book.yaml"), @"
    -- stderr
    error: unrecognized subcommand 'rnu'

      tip: a similar subcommand exists: 'runs'

    Usage: runbook [OPTIONS] <COMMAND>

    For more information, try '--help'.
    -- exit 2
    ");
    for words in [
        "run",
        "run book.yaml --plan plan.json",
        "run book.yaml --offline",
        "run book.yaml --step --yes",
        "run book.yaml --forks 0",
        "done 1",
        "abandon",
        "abandon x --stop-jobs --leave-jobs",
        "log --verify --follow",
        "run book.yaml --output xml",
    ] {
        test.run(words).exits(2).complains("error: ");
    }
    assert!(!test.journal().exists());
}

#[test]
fn variables_and_hosts_that_are_none_are_told_together() {
    let test = Test::new().runbook(BOOK).file("vars.yaml", "site: x\nbad-name: y\n").file("hosts.yaml", "old: [x]\n");
    let words = "check book.yaml --var novalue --var 1a=x --vars-file vars.yaml --vars-file none.yaml --hosts-file hosts.yaml --host old";
    assert_snapshot!(test.run(words), @"
    -- stderr
    error: reading none.yaml: No such file or directory (os error 2)

    error: --var novalue: a name and a value are due
     = help: --var novalue=VALUE

    error: --var 1a=x: `1a` is no name for a variable
     = help: letters, digits and `_`, and no digit first

    error: --host old: a role and where it is are due
     = help: --host old=old.example.org

    error: the runbook has no variable `site`

    error: a host takes a mapping, found a list
     --> hosts.yaml:1:6
      |
    1 | old: [x]
      |      ^^^
      = help: its keys: `ssh`, `port`, `become`, `become_password`, `state_dir`, `replaced_at` or `vars`

    error: `bad-name` is no name for a variable
     --> vars.yaml:2:1
      |
    2 | bad-name: y
      | ^^^^^^^^
      = help: letters, digits and `_`, and no digit first

    7 errors
    nothing ran
    once that is mended: runbook check book.yaml --var novalue --var 1a=x --vars-file vars.yaml --vars-file none.yaml --hosts-file hosts.yaml --host old
    -- exit 2
    ");
}

#[test]
fn steps_that_are_chosen_have_to_be_there() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("plan book.yaml --from helo --only hello other --tags x --offline"), @"
    -- stderr
    error: --from helo: the runbook has no step `helo`
     = help: did you mean `hello`?

    error: --only other: the runbook has no step `other`

    error: --tags x: the runbook has no tag `x`

    3 errors
    nothing ran
    once that is mended: runbook check book.yaml --from helo --only hello,other --tags x
    -- exit 2
    ");
}

#[test]
fn what_is_typed_next_is_for_the_same_hosts() {
    let book = "
        name: Greeting
        vars: {who: world}
        hosts: {old: old.example.org}
        steps:
          - {id: hello, on: old, run: echo hello, undo: nothing}
          - {id: look, manual: 'Greet {{ who }}.'}
    ";
    let test = Test::new().runbook(book).file("lab.yaml", "old: 192.0.2.1\n");
    let given = "--var who=everybody --hosts-file lab.yaml --host old=192.0.2.2";
    test.run(&format!("check book.yaml {given}")).exits(0).says(&format!("runbook plan book.yaml {given}\n"));
    let plan = format!("plan book.yaml --offline {given} --only hello --ssh-config lab.yaml");
    let run = format!("runbook run book.yaml --ssh-config lab.yaml {given} --only hello\n");
    test.run(&plan).exits(0).says(&run);
}

#[test]
fn state_is_a_file() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("runs --state postgres://db/runs"), @"
    -- stderr
    error: --state postgres://… is not in this version of runbook
      help: a file on this machine does: --state runs.db
    -- exit 2
    ");
    assert_snapshot!(test.run("runs --state mysql://db/runs"), @"
    -- stderr
    error: --state mysql://… is nothing that runs can be kept in
      help: a path does: --state runs.db, or --state sqlite:///var/lib/runs.db
    -- exit 2
    ");
    let test = test
        .file("runs.db", "this is no database, and longer than the header of one would be, for what that is worth\n");
    test.run("runs --state runs.db").exits(2).complains("error: ");
}

#[test]
fn looking_makes_no_state() {
    let test = Test::new();
    assert_snapshot!(test.run("runs"), @"
    -- stdout
    there are no runs here; to begin one: runbook run FILE
    -- exit 0
    ");
    assert_snapshot!(test.run("status"), @"
    -- stderr
    error: there are no runs here
      help: to begin one: runbook run FILE
    -- exit 2
    ");
    assert_snapshot!(test.run("due"), @"
    -- stdout
    nothing is due; to see all runs: runbook runs
    -- exit 1
    ");
    for words in ["resume", "rollback", "log", "done x y", "abandon x"] {
        test.run(words).exits(2).complains("there are no runs here");
    }
    assert!(!test.journal().exists());
}

#[test]
fn manual_pages_are_written_for_the_whole_and_for_each_command() {
    Test::new().run("man").exits(0).says(".TH runbook 1").says("runbook\\-rollback(1)");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display();
    Test::new().run(&format!("man --out {out}")).exits(0);
    let mut pages: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    assert_eq!(pages.len(), 23, "{pages:?}");
    assert_eq!(pages[0], "runbook-abandon.1");
    let page = std::fs::read_to_string(folder.path().join("runbook-resume.1")).unwrap();
    assert!(page.contains(".SH EXAMPLES") && page.contains("\\-\\-take\\-over"), "{page}");
    Test::new().run(&format!("man --out {out}/none")).exits(2).complains("there is no such folder");
}

#[test]
fn completions_are_written_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        Test::new().run(&format!("completions {shell}")).exits(0).says("rollback");
    }
    Test::new().run("completions cmd").exits(2);
}
