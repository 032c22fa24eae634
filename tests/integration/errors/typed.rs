//! What was typed, and the runbook that it names.

use crate::support::Test;

use super::page::Page;

const BOOK: &str = "
    name: Say hello
    vars: {word: hello}
    steps:
      - {id: hello, on: local, run: 'echo {{ word | quote }}', undo: nothing}
";

pub(super) fn scenes(page: &mut Page) {
    page.part("What was typed");
    let test = Test::new().runbook(BOOK);
    page.scene("There is no such command", &test, "frobnicate");
    page.scene("The runbook is not there", &test, "run none.yaml");
    page.scene("A variable is none", &test, "run book.yaml --var word --var wrod=x");
    page.scene(
        "An answer is for nothing",
        &test.file("answers.yaml", "helo: {manual: done}\n"),
        "run book.yaml --answers answers.yaml",
    );
    let test = Test::new().runbook(BOOK);
    page.scene("A duration has no unit", &test, "run book.yaml --reconnect-timeout 5");
    page.scene("A duration is none", &test, "run book.yaml --reconnect-timeout soon");
    page.scene("The ssh configuration is not there", &test, "run book.yaml --ssh-config none");
    page.scene("Runs are to be kept in a database server", &test, "runs --state postgres://db/runs");
    page.scene("Runs are to be kept in nothing that can keep them", &test, "runs --state redis://db");
    page.scene("Runs are to be kept in no file", &test, "runs --state sqlite://");
    let homeless = Test::new().runbook(BOOK).env("HOME", "").env("XDG_STATE_HOME", "");
    page.scene("There is no home to keep runs in", &homeless, "run book.yaml");
    page.scene("There are no runs", &test, "resume");
    page.scene("Manual pages go where no folder is", &test, "man --out none");
    test.put("out/runbook.1/x", "");
    page.scene("Manual pages go where a folder is in the way", &test, "man --out out");
    page.scene("What is to be written is there", &test, "new book.yaml");
    page.scene("What is to be written has no folder", &test, "new none/book.yaml");
    page.scene("The demo for a script", &test, "demo --output json");
    page.scene("A plan to be imported is not there", &test, "import none.md");
    test.put("empty.md", "Nothing.\n");
    page.scene("A plan to be imported says nothing", &test, "import empty.md");
    test.put("plan.json", "{\"format\": 99}\n");
    page.scene("A plan that is to be kept to is not there", &test, "run book.yaml --plan none.json");
    page.scene("A plan that is to be kept to is none", &test, "run book.yaml --plan plan.json");
    page.scene("A plan is kept where nothing can be", &test, "plan book.yaml --out none/plan.json");
    test.run("plan book.yaml --out plan.json").exits(0);
    page.scene("Not all is as it was planned", &test, "run book.yaml --plan plan.json --var word=bye");

    page.part("The runbook");
    let wrong = Test::new().runbook(
        "
        name: Wrong
        hosts: {old: old.example.org}
        steps:
          - {id: page, on: old, copy: {content: x, dest: page, mode: 08}}
          - {id: page, on: odl, run: 'echo {{ stpes.page.stdout }}', timeout: 5}
          - {id: late, wait: {until: tomorrow}}
          - {id: long, wait: 5m5h, retry: {attempts: 2, delay: 99999999999999999999w}}
          - {id: bits, on: old, file: {path: /x, state: directory, mode: rwx}}
          - {id: zone, wait: {until: '2026-01-01T00:00'}}
          - {id: who, on: old, file: {path: /x, state: directory, mode: =x}}
        ",
    );
    page.scene("It is wrong", &wrong, "run book.yaml");
    page.scene("It is no YAML", &Test::new().runbook("steps: [\n"), "check book.yaml");
    let secret = Test::new().runbook(
        "
        name: Secret
        secrets: {key: {env: MY_KEY}}
        steps:
          - {id: use, on: local, run: {script: 'true', env: {KEY: '{{ secrets.key }}'}}, undo: nothing}
        ",
    );
    page.scene("A secret has no value", &secret, "run book.yaml");
}
