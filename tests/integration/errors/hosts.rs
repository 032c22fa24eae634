//! Hosts that cannot be reached, or do not do what is asked.

use crate::support::Test;

use super::page::Page;

pub(super) fn scenes(page: &mut Page) {
    page.part("Hosts");
    let away = |config: &str| {
        Test::new()
            .runbook(
                "
                name: One host
                hosts: {old: {ssh: 127.0.0.1, port: 1}}
                steps:
                  - {id: where, on: old, run: echo here, undo: nothing}
                ",
            )
            .file("config", config)
    };
    let test = away("Host *\n  IdentityFile none\n");
    page.scene("A host is away", &test, "run book.yaml --ssh-config config");
    page.scene("A host is away, and is only looked at", &test, "check book.yaml --hosts --ssh-config config");
    page.scene(
        "A host is away, and the plan is to be kept",
        &test,
        "plan book.yaml --ssh-config config --out plan.json",
    );

    let on_box = |step: &str, head: &str| {
        let test = Test::new().host("box")?;
        Some(test.runbook(&format!("name: One host\nhosts: {{box: box}}\n{head}steps:\n  - {step}\n")))
    };
    let Some(test) = on_box("{id: cut, on: box, copy: {content: x, dest: /dev/null/x}}", "") else { return };
    page.scene("A path leads nowhere", &test, "run book.yaml");
    let Some(test) = on_box("{id: here, on: box, run: 'true', undo: nothing}", "") else { return };
    test.put("hosts.yaml", "box: {ssh: box-box, state_dir: /dev/null/jobs}\n");
    page.scene("A host has nowhere to keep a job", &test, "run book.yaml");
}
