//! Secrets that have no value.

use crate::support::Test;

use super::page::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (title, from) in [
        ("a variable of the environment that is not set", "env: DB_PASSWORD"),
        ("a file that is not there", "file: none"),
        ("a command that fails", "command: 'echo the vault is locked >&2; exit 3'"),
        ("a command that says something that is no text", "command: printf '\\377'"),
        ("a command that says nothing", "command: 'true'"),
        ("a question that nobody is there for", "prompt: The password"),
    ] {
        let test = Test::new().runbook(&format!(
            "
            name: A secret
            secrets: {{db: {{{from}}}}}
            steps:
              - {{id: first, on: local, run: {{script: 'true', env: {{P: '{{{{ secrets.db }}}}'}}}}, undo: nothing}}
            "
        ));
        cases.push(Case::of(title, &test, "run book.yaml"));
    }
    cases
}
