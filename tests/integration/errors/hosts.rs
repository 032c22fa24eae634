//! Hosts that are away, closed, or another machine.

use crate::support::Test;

use super::page::Case;

const BOOK: &str = "
    name: One host
    hosts: {web: {ssh: web-box}}
    steps:
      - {id: first, on: web, run: touch \"$HOME/first\", undo: rm \"$HOME/first\"}
      - {id: second, on: web, run: exit 1, undo: nothing}
";

const TITLES: [&str; 10] = [
    "a host that is away",
    "a host that is away, in a dry run",
    "a host that is away, for check",
    "a host whose key is not known",
    "a host whose key is another",
    "a host that does not let us in",
    "a host that is another machine than when the run began",
    "a user that there is none of",
    "a host that goes away while a job runs there",
    "a job is to be stopped on a host that is away",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![configured()];
    cases.push(two_away());
    let Some(mut test) = Test::new().runbook(BOOK).host("web") else {
        cases.extend(TITLES.map(Case::skipped));
        return cases;
    };
    test.sshd().stop();
    cases.push(Case::of(TITLES[0], &test, "run book.yaml"));
    cases.push(Case::of(TITLES[1], &test, "plan book.yaml --out plan.json"));
    cases.push(Case::of(TITLES[2], &test, "check book.yaml --hosts"));
    test.sshd().start_again();
    std::fs::write(test.sshd().path("known_hosts"), "").unwrap();
    cases.push(Case::of(TITLES[3], &test, "run book.yaml"));
    test.sshd().know("other_key");
    cases.push(Case::of(TITLES[4], &test, "run book.yaml"));
    test.sshd().know("host_key");
    let let_in = std::fs::read_to_string(test.sshd().path("authorized_keys")).unwrap();
    std::fs::write(test.sshd().path("authorized_keys"), "").unwrap();
    cases.push(Case::of(TITLES[5], &test, "run book.yaml"));
    std::fs::write(test.sshd().path("authorized_keys"), let_in).unwrap();
    let run = "run book.yaml --state replaced.db";
    test.run(run).exits(1);
    test.sshd().become_another();
    cases.push(Case::of(TITLES[6], &test, "resume --state replaced.db"));
    let book = test.read("book.yaml").replace("on: web,", "on: web, become: nosuchuser,");
    test.put("user.yaml", &book);
    cases.push(Case::of(TITLES[7], &test, "run user.yaml --only first"));
    cases.extend(goes_away(&mut test));
    cases
}

fn two_away() -> Case {
    let test = Test::new().runbook(
        "
        name: Two hosts
        hosts: {old: {ssh: 127.0.0.1, port: 1}, new: {ssh: 127.0.0.1, port: 1}}
        steps:
          - {id: first, on: [old, new], run: touch first, undo: rm first}
        ",
    );
    Case::of("hosts that are away, for check", &test, "check book.yaml --hosts")
}

fn configured() -> Case {
    let test = Test::new().runbook(BOOK).file("config", "NoSuchOption yes\n");
    Case::of("an ssh configuration that ssh does not read", &test, "run book.yaml --ssh-config config")
}

/// The job goes on there without us.
fn goes_away(test: &mut Test) -> [Case; 2] {
    let begun = test.path("begun");
    let waits = format!("touch '{}'; sleep 20", begun.display());
    test.put(
        "slow.yaml",
        &format!(
            "runbook: 1\nhosts: {{web: {{ssh: web-box}}}}\nsteps:\n  - {{id: slow, on: web, undo: nothing, run: \"{waits}\"}}\n"
        ),
    );
    let words = "run slow.yaml --reconnect-timeout 1s --state away.db";
    let mut going = test.start(words);
    going.until(&begun);
    test.sshd().go_away();
    let ran = going.wait();
    let run = test.newest_in("--state away.db");
    let stop = format!("abandon {run} --stop-jobs --reconnect-timeout 1s --state away.db");
    let cases = [Case::ran(TITLES[8], words, &ran), Case::of(TITLES[9], test, &stop)];
    test.sshd().start_again();
    test.run(&stop).exits(0);
    cases
}
