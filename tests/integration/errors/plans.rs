//! Plans that are kept, and held to.

use crate::support::Test;

use super::page::Case;

const BOOK: &str = "
    name: A file
    vars: {word: hello}
    steps:
      - {id: first, on: local, run: 'echo {{ word }} >first', undo: rm first}
";

pub(super) fn cases() -> Vec<Case> {
    let test = Test::new()
        .runbook(BOOK)
        .file("notes.json", "{\"mine\": 1}")
        .file("later.json", "{\"format\": 99}")
        .file("torn.json", "{\"format\": 1}")
        .file("text.json", "hello");
    test.run("plan book.yaml --out plan.json").exits(0);
    let mut cases = Vec::new();
    let mut case = |title, words: &str| cases.push(Case::of(title, &test, words));
    case("a plan that is not there", "run book.yaml --plan none.json");
    case("a plan that is no JSON", "run book.yaml --plan text.json");
    case("a plan that is something else", "run book.yaml --plan notes.json");
    case("a plan of another version", "run book.yaml --plan later.json");
    case("a plan that is not whole", "run book.yaml --plan torn.json");
    case("a plan that cannot be kept", "plan book.yaml --out none/plan.json");
    case("all is not as it was planned", "run book.yaml --plan plan.json --var word=bye");
    test.put("away.yaml", "runbook: 1\nhosts: {web: {ssh: 'nobody@127.0.0.1', port: 1}}\nsteps: [{id: s, on: web, run: 'true', undo: nothing}]\n");
    case("a plan of a host that is away", "plan away.yaml --out away.json");
    cases
}
