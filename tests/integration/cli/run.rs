//! Runs, from their beginning to how they end.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = "
    name: Two files
    vars: {word: hello}
    steps:
      - {id: first, name: The first, on: local, run: {script: printf %s \"$W\" >first, env: {W: '{{ word }}'}}, undo: rm first}
      - {id: second, name: The second, on: local, run: test -e allowed && touch second, undo: rm -f second}
      - {id: third, name: The third, on: local, run: touch third, undo: rm third, tags: [late]}
";

#[test]
fn a_run_that_is_done_says_so() {
    let test = Test::new().runbook(BOOK).file("allowed", "");
    assert_snapshot!(test.run("run book.yaml"), @"
    -- stdout
    Two files · run [run]
    [dir]/book.yaml

    Two files
      ✓ The first   local [t]
      ✓ The second  local [t]
      ✓ The third   local [t]
    ✓ done in [t]: 3 of 3 steps over (3 applied)
    to look back: runbook log [run]
    -- exit 0
    ");
    assert_eq!(test.read("first"), "hello");
    assert!(test.path("third").exists());
    test.run("resume").exits(2).complains("is done: there is nothing to go on with");
}

#[test]
fn a_failed_run_is_resumed_where_it_stopped() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("run book.yaml"), @r#"
    -- stdout
    Two files · run [run]
    [dir]/book.yaml

    Two files
      ✓ The first   local [t]
      ✗ The second  local [t]  failed
        error: exited with 1
         --> book.yaml:6
        step: second, host: local, exit code: 1
        command:
            test -e allowed && touch second
        so far: 1 of 3 steps are over
        rollback would undo, newest first:
            The second on local: run test -e allowed && touch second
            The first on local: run printf %s "$W" >first
    ✗ failed: The second on local (second@local)
      1 of 3 steps over (1 applied, 1 failed)
    to go on: runbook resume [run] · to take it back: runbook rollback [run]
    -- exit 1
    "#);
    test.put("first", "touched by somebody else\n");
    assert_snapshot!(test.run("status"), @r#"
    -- stdout
    Two files · run [run]
    [dir]/book.yaml
    stopped: second@local failed
    begun [when], last heard of [t] ago

      ✗ Two files  1 of 3
    1 of 3 steps over (1 applied, 1 failed)
      ✗ The second  local  failed: exited with 1

    rollback would undo 2 units, newest first:
        The second on local: run test -e allowed && touch second
        The first on local: run printf %s "$W" >first

    to go on: runbook resume [run] · to take it back: runbook rollback [run]
    -- exit 0
    "#);
    test.put("allowed", "");
    assert_snapshot!(test.run("resume"), @"
    -- stdout
    Two files · run [run]
    resumed by [who]

    Two files, 1 of 3 steps are over
      ✓ The second  local [t]
      ✓ The third   local [t]
    ✓ done in [t]: 3 of 3 steps over (3 applied)
    to look back: runbook log [run]
    -- exit 0
    ");
    assert_eq!(test.read("first"), "touched by somebody else\n");
    assert!(test.path("third").exists());
}

#[test]
fn the_dry_run_changes_nothing() {
    let test = Test::new().runbook(BOOK);
    assert_snapshot!(test.run("plan book.yaml --only first"), @r#"
    -- stdout
    ~ The first   local  would change  book.yaml:5
        run printf %s "$W" >first
          # env: W=hello
          printf %s "$W" >first
        undo: rm first
    – The second  local  left out: it is not among those chosen (--only)
    – The third   local  left out: it is not among those chosen (--only)

    1 change · 2 left out
    nothing was changed
    to carry it out: runbook run book.yaml --only first
    -- exit 0
    "#);
    assert_eq!(test.run("run book.yaml --dry-run --only first").stdout, test.run("plan book.yaml --only first").stdout);
    assert!(!test.path("first").exists());
    assert!(!test.journal().exists());
    let lines = test.run("plan book.yaml --output json").exits(0).json();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["foreseen", "foreseen", "foreseen", "sums", "ended"]);
}

#[test]
fn the_dry_run_tells_what_an_earlier_step_may_clear() {
    let test = Test::new();
    let dir = test.path("").display().to_string();
    let dir = dir.trim_end_matches('/');
    let made = format!("- {{id: room, on: local, file: {{path: '{dir}/room', state: directory}}}}\n");
    let copied = format!("- {{id: copy, sync: {{from: 'local:{dir}/tree/', to: 'local:{dir}/room/tree/'}}}}\n");
    let test = test.file("tree/file", "x");
    for (steps, clears) in [(format!("{made}{copied}"), true), (copied.clone(), false)] {
        test.put("book.yaml", &format!("runbook: 1\nname: x\nsteps:\n{steps}"));
        let said = test.run("plan book.yaml").exits(0).says("does not exist on local");
        assert_eq!(said.stdout.contains("and may clear this"), clears, "{steps}\n{said}");
    }
}

#[test]
fn the_dry_run_tells_what_has_no_way_back() {
    let test = Test::new().runbook(
        "
        steps:
          - {id: look, http: {url: 'http://localhost/'}}
          - {id: purge, http: {url: 'http://localhost/purge', method: POST}}
          - {id: script, on: local, run: touch it}
          - {id: other, on: local, run: touch it, undo: rm it}
        ",
    );
    assert_snapshot!(test.run("plan book.yaml"), @"
    -- stdout
    ~ look           would change  book.yaml:3
        GET http://localhost/
          expects status 2xx
        undo: none needed
    ~ purge          would change  book.yaml:4
        POST http://localhost/purge
          expects status 2xx
        no undo: nothing: it has no undo of its own
    ~ script  local  would change  book.yaml:5
        run touch it
          touch it
        no undo: nothing: it has no undo of its own
    ~ other   local  would change  book.yaml:6
        run touch it
          touch it
        undo: rm it

    4 changes
      by host: no host 2, local 2
      2 steps without undo:
        purge  book.yaml:4: nothing: it has no undo of its own
        script  book.yaml:5: nothing: it has no undo of its own
    nothing was changed
    to carry it out: runbook run book.yaml
    -- exit 0
    ");
}

#[test]
fn the_chosen_steps_are_run_and_the_others_are_not() {
    let test = Test::new().runbook(BOOK).file("allowed", "");
    test.run("run book.yaml --only first,third").exits(0);
    assert!(test.path("first").exists() && !test.path("second").exists() && test.path("third").exists());
    let test = Test::new().runbook(BOOK).file("allowed", "");
    test.run("run book.yaml --from second --skip-tags late").exits(0);
    assert!(!test.path("first").exists() && test.path("second").exists() && !test.path("third").exists());
}

#[test]
fn variables_reach_scripts_as_data() {
    let test = Test::new().runbook(BOOK).file("vars.yaml", "word: |\n  it's $(touch bad) `x` \"y\"\n  -rf naïve\n");
    test.run("run book.yaml --only first --vars-file vars.yaml").exits(0);
    assert_eq!(test.read("first"), "it's $(touch bad) `x` \"y\"\n-rf naïve\n");
    assert!(!test.path("bad").exists());
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml --only first --vars-file vars.yaml --var word=$(x)").exits(2);
    test.put("vars.yaml", "word: file\n");
    test.run("run book.yaml --only first --vars-file vars.yaml --var word=$(touch${IFS}bad)").exits(0);
    assert_eq!(test.read("first"), "$(touch${IFS}bad)");
}

#[test]
fn what_was_given_is_used_again_on_resume() {
    let test = Test::new().runbook(BOOK).file("elsewhere/x", "");
    test.run("run book.yaml --var word=given --from second").exits(1);
    test.put("allowed", "");
    test.run("resume").exits(0);
    assert!(!test.path("first").exists());
    assert!(test.path("third").exists());
}

#[test]
fn the_state_is_its_owners_alone() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml --only first").exits(0);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&test.journal()), 0o600);
    assert_eq!(mode(test.journal().parent().unwrap()), 0o700);
    let elsewhere = test.run("run book.yaml --only first --state sqlite://my.db").exits(0);
    elsewhere.says("--state sqlite://my.db");
    assert_eq!(mode(&test.path("my.db")), 0o600);
}

#[test]
fn scripts_get_every_record_and_how_it_ended() {
    let test = Test::new().runbook(BOOK);
    let ran = test.run("run book.yaml --output json").exits(1);
    let lines = ran.json();
    assert_eq!(lines[0]["event"], "record");
    assert_eq!(lines[0]["entry"]["record"]["kind"], "started");
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "ended");
    assert_eq!(last["exit"], 1);
    assert!(last["next"].as_str().unwrap().contains("runbook resume"), "{ran}");
    assert!(ran.stderr.is_empty(), "{ran}");
}

#[test]
fn the_last_line_for_scripts_says_how_it_ended() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    for (words, code) in [
        ("check book.yaml", 0),
        ("check none.yaml", 2),
        ("status", 0),
        ("status nosuch", 2),
        ("runs", 0),
        ("due", 1),
        ("log", 0),
        ("log --verify", 0),
        ("rollback --dry-run", 0),
        (&format!("retry {run} second"), 0),
        ("resume", 1),
        ("rollback", 4),
        ("resume", 2),
    ] {
        let ran = test.run(&format!("{words} --output json")).exits(code);
        let last = ran.json().pop().unwrap();
        assert_eq!(
            (last["event"].as_str(), last["exit"].as_i64()),
            (Some("ended"), Some(code.into())),
            "{words}: {ran}"
        );
        assert!(last["next"].as_str().is_some_and(|next| next.contains("runbook ")), "{words}: {ran}");
        assert!(ran.stderr.is_empty(), "{words}: {ran}");
    }
}

#[test]
fn which_run_is_meant_is_found_or_asked() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test.run("status").exits(0).says("stopped: second@local failed");
    test.run("run book.yaml").exits(1);
    let ran = test.run("resume").exits(2);
    assert_snapshot!(ran, @"
    -- stderr
    error: several runs are unfinished:
           run         begun                    steps   state    runbook
           [run]  [when]  1 of 3  stopped  Two files
           [run]  [when]  1 of 3  stopped  Two files
      help: say which: its id after the command
    -- exit 2
    ");
    test.run("resume nosuchrun").exits(2).complains("there is no run `nosuchrun`");
    test.run("status 1").exits(2).complains("`1` may be any of [run], [run]");
}

#[test]
fn a_step_whose_items_cannot_be_told_is_gone_past_once() {
    let test = Test::new().runbook(
        "
        steps:
          - {id: list, on: local, run: exit 1, undo: nothing, on_failure: continue}
          - {id: each, on: local, foreach: '{{ steps.list.stdout | trim }}', run: 'true', undo: nothing, on_failure: continue}
          - {id: last, on: local, run: touch last, undo: rm last}
        ",
    );
    let ran = test.run("run book.yaml").says("`list` did not succeed: it left no output");
    assert_eq!(ran.stdout.matches("could not be begun").count(), 1, "{ran}");
    assert!(test.path("last").exists());
}

#[test]
fn a_book_that_is_gone_is_resumed_from_the_journal() {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    std::fs::remove_file(test.path("book.yaml")).unwrap();
    test.put("allowed", "");
    test.run("resume").exits(0);
    assert!(test.path("third").exists());
}

#[test]
fn a_temporary_change_that_is_open_is_told() {
    let test = Test::new().runbook(
        "
        name: Maintenance
        steps:
          - {id: static, name: Static page, on: local, run: touch static, undo: rm static, temporary: until the site is back}
        ",
    );
    assert_snapshot!(test.run("run book.yaml"), @"
    -- stdout
    Maintenance · run [run]
    [dir]/book.yaml

    Maintenance
      ✓ Static page  local [t]
    ✓ done in [t]: 1 of 1 step over (1 applied)
    ? 1 temporary change still open:
        Static page on local: until the site is back · since [when]
    to see what is open: runbook status [run]
    -- stderr
    warning: no step ends the temporary change of `static`
     --> book.yaml:4:95
      |
    4 |   - {id: static, name: Static page, on: local, run: touch static, undo: rm static, temporary: until the site is back}
      |                                                                                               ^^^^^^^^^^^^^^^^^^^^^^
      = help: a later step with `restores: static`; without one the run ends with exit code 7, and the change stays

    1 warning
    -- exit 7
    ");
    test.run("status").exits(0).says("until the site is back");
}
