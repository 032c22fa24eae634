//! Secrets: where they come from, and where they never turn up.

use crate::support::Test;

const BOOK: &str = "
    name: Secrets
    secrets:
      of_env: {env: MY_SECRET}
      of_file: {file: keys/secret}
      of_command: {command: cat keys/command}
    steps:
      - id: use
        on: local
        run:
          script: printf '%s|' \"$A\" \"$B\" \"$C\" >used; echo \"$A $B $C\"; echo \"$A\" >&2; exit 3
          env: {A: '{{ secrets.of_env }}', B: '{{ secrets.of_file }}', C: '{{ secrets.of_command }}'}
        undo: nothing
";

fn test() -> Test {
    Test::new()
        .runbook(BOOK)
        .file("keys/secret", "two\nof-the-file\n\n")
        .file("keys/command", "of-the-command\n")
        .env("MY_SECRET", "of-the-environment")
}

#[test]
fn they_reach_the_script_and_nothing_else() {
    let test = test();
    let ran = test.run("run book.yaml").exits(1);
    assert_eq!(test.read("used"), "of-the-environment|two\nof-the-file\n|of-the-command|");
    let run = test.newest();
    let shown = [ran.to_string(), test.run("log").to_string(), test.run(&format!("log {run} use")).to_string()];
    let kept: Vec<u8> = std::fs::read_dir(test.journal().parent().unwrap())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    for secret in ["of-the-environment", "of-the-file", "of-the-command"] {
        for text in &shown {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
        assert!(!kept.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} in the journal");
    }
    assert!(shown[2].contains("*** *** ***"), "{}", shown[2]);
}

#[test]
fn one_that_is_missing_or_empty_is_told_before_anything_runs() {
    let missing = Test::new().runbook(BOOK).file("keys/secret", "x").run("run book.yaml").exits(2);
    missing.complains("the secret `of_env` has no value: the environment variable MY_SECRET is not set");
    let empty = Test::new().runbook(BOOK).file("keys/secret", "\n").env("MY_SECRET", "x").run("run book.yaml").exits(2);
    empty.complains("the secret `of_file` has no value: it is empty");
    let prompt = Test::new().runbook(
        "
        name: Asks
        secrets: {db: {prompt: DB password}}
        steps:
          - {id: use, on: local, run: {script: 'true', env: {A: '{{ secrets.db }}'}}, undo: nothing}
        ",
    );
    prompt
        .run("run book.yaml")
        .exits(2)
        .complains("the secret `db` has no value: there is no terminal to ask for it at");
    assert!(!prompt.journal().exists() || prompt.run("runs").stdout.starts_with("there are no runs"));
}

#[test]
fn one_that_has_changed_is_told_on_resume() {
    let test = test();
    test.run("run book.yaml").exits(1);
    test.put("keys/secret", "another\n");
    let ran = test.run("resume").exits(1);
    ran.says("warning: the secret `of_file` is not what it was when the run began");
}
