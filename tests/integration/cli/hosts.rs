//! Hosts that are real, over ssh.

use crate::support::Test;

#[test]
fn a_run_reaches_its_hosts_by_the_configuration_that_it_is_given() {
    let Some(test) = Test::new().host("old").and_then(|test| test.host("new")) else { return };
    let test = test.runbook(
        "
        name: Two hosts
        hosts: {old: old.example.org, new: new.example.org}
        groups: {both: [old, new]}
        steps:
          - {id: where, on: both, run: 'echo here; test -e \"$FILE\"', undo: nothing, timeout: 20s}
        ",
    );
    test.run("check book.yaml --hosts").exits(0).says("old (old-box): ready").says("new (new-box): ready");
    test.run("plan book.yaml").exits(0);
    let ran = test.run("run book.yaml").exits(1);
    ran.says("runbook resume [run] --ssh-config ssh_config");
}

#[test]
fn a_host_that_is_not_there_is_told() {
    let test = Test::new()
        .runbook(
            "
            name: Gone
            hosts: {old: {ssh: 127.0.0.1, port: 1}}
            steps:
              - {id: where, on: old, run: echo here, undo: nothing}
            ",
        )
        .file("config", "Host *\n  IdentityFile none\n");
    let checked = test.run("check book.yaml --hosts --ssh-config config").exits(1);
    checked.says("cannot reach old: ").complains("a host is not ready");
    let ran = test.run("run book.yaml --ssh-config config").exits(1);
    ran.complains("error: no step was begun: cannot reach old: ").complains("runbook resume [run] --ssh-config config");
    test.run("plan book.yaml --ssh-config none").exits(2).complains("--ssh-config none: there is no such file");
}
