//! A person at a terminal.

use rustix::process::Signal;

use crate::support::Test;

const GATE: &str = "
    name: Gate
    phases:
      - id: prepare
        name: Prepare
        confirm: Ready to start?
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
      - id: stop
        name: Stop
        confirm: {prompt: This stops the site., type: libravatar}
        steps:
          - {id: second, on: local, run: touch second, undo: rm second}
";

#[test]
fn a_gate_is_passed_by_a_yes_and_by_the_word_it_wants() {
    let test = Test::new().runbook(GATE);
    let at = test.type_in("run book.yaml").expect("Ready to start?").expect("go on?").keys("y\r");
    let at = at.expect("This stops the site.").expect("type libravatar").keys("yes\r").expect("that is not the word");
    at.expect("type libravatar").keys("libravatar\r").exits(0);
    assert!(test.path("second").exists());
}

#[test]
fn ctrl_c_at_a_gate_parks() {
    let test = Test::new().runbook(GATE);
    let screen = test.type_in("run book.yaml").expect("go on?").keys("\x03").exits(3);
    assert!(screen.contains("parked: "), "{screen}");
    // What comes next begins a line.
    assert!(screen.contains("i for details] \n"), "{screen}");
    assert!(!screen.contains("stopping once"), "{screen}");
    assert!(!test.path("first").exists());
    let at = test.type_in("resume").expect("go on?").keys("\r");
    at.exits(3);
    test.type_in("resume").expect("go on?").keys("y\r").expect("type libravatar").keys("\r").exits(3);
    assert!(test.path("first").exists());
}

#[test]
fn a_signal_at_a_gate_parks() {
    for signal in [Signal::TERM, Signal::HUP] {
        let test = Test::new().runbook(GATE);
        let at = test.type_in("run book.yaml").expect("go on?");
        at.signal(signal);
        let screen = at.exits(3);
        assert!(screen.contains("parked: "), "{screen}");
    }
}

#[test]
fn what_is_typed_too_early_answers_nothing() {
    let test = Test::new().runbook(
        "
        name: Early
        steps:
          - {id: first, on: local, run: 'touch begun; until [ -e go ]; do sleep 0.05; done', undo: nothing}
          - {id: second, on: local, run: touch second, undo: nothing, confirm: Now?}
        ",
    );
    let at = test.type_in("run book.yaml").expect("first");
    while !test.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let at = at.keys("yzyz\ry\r");
    test.put("go", "");
    let screen = at.expect("Now?").expect("go on?").keys("\x03").exits(3);
    assert!(!test.path("second").exists());
    // Nor does it disturb what is drawn meanwhile.
    assert!(!screen.contains("yzyz"), "{screen}");
}

#[test]
fn a_failure_leads_to_a_menu() {
    let test = Test::new()
        .runbook(
            "
            name: Menu
            steps:
              - {id: first, on: local, run: touch first, undo: rm first}
              - {id: second, on: local, run: test -e allowed, undo: nothing}
            ",
        )
        .env("EDITOR", "sed -i s/allowed/mended/");
    let at = test.type_in("run book.yaml").expect("second@local: what now?").expect("stop here (resumable)");
    // Up from the first is the last.
    at.keys("\x1b[A").keys("\r").exits(1);
    test.put("mended", "");
    let at = test.type_in("resume").expect("what now?").expect("stop here").keys("\r").expect("what now?");
    let at = at.expect("stop here").keys("\x1b[B\r");
    at.exits(0);
    assert!(test.read("book.yaml").contains("test -e mended"));
}

#[test]
fn rolling_back_is_one_of_its_choices() {
    let test = Test::new().runbook(
        "
        name: Back
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
          - {id: second, on: local, run: exit 3, undo: nothing}
        ",
    );
    let at = test.type_in("run book.yaml").expect("what now?").expect("stop here").keys("\x1b[B\x1b[B\x1b[B\x1b[B\r");
    at.expect("roll back to").expect("not at all").keys("\r").exits(4);
    assert!(!test.path("first").exists());
}

#[test]
fn a_person_does_what_only_a_person_can() {
    let test = Test::new().runbook(
        "
        name: By a person
        steps:
          - id: announce
            name: Announce it
            manual: {text: Post about it, ask: {url: Link to the post}, checklist: [spelling]}
            undo: nothing
          - {id: told, on: local, run: {script: printf %s \"$URL\" >told, env: {URL: '{{ steps.announce.answers.url }}'}}, undo: rm told}
        ",
    );
    test.type_in("run book.yaml").expect("for you to do: Announce it").expect("1/1 spelling").keys("\x03").exits(3);
    let at = test.type_in("resume").expect("1/1 spelling").keys("y\r").expect("Link to the post").keys("https://x\r");
    at.expect("is it done?").expect("not now").keys("\r").expect("a note").keys("posted\r").exits(0);
    assert_eq!(test.read("told"), "https://x");
}

#[test]
fn a_secret_is_typed_unseen() {
    let test = Test::new().runbook(
        "
        name: Asks
        secrets: {db: {prompt: DB password}}
        steps:
          - {id: use, on: local, run: {script: printf %s \"$A\" >used, env: {A: '{{ secrets.db }}'}}, undo: rm used}
        ",
    );
    let screen = test.type_in("run book.yaml").expect("DB password: ").keys("hunter3\x7f2\r").exits(0);
    assert!(!screen.contains("hunter"), "{screen}");
    assert_eq!(test.read("used"), "hunter2");
    test.type_in("run book.yaml").expect("DB password: ").keys("\x03").exits(2);
}

#[test]
fn a_command_in_the_background_leaves_the_terminal_alone() {
    let test = Test::new().runbook(
        "
        name: Behind
        steps:
          - {id: first, on: local, run: touch first, undo: rm first}
        ",
    );
    // Whoever touches a terminal from the background is stopped.
    let line = format!("set -m; {} & wait $!; echo over $?", test.line("run book.yaml"));
    let screen = test.type_line(&line).exits(0);
    assert!(screen.contains("done") && screen.contains("over 0"), "{screen}");
}
