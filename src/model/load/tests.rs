//! Whole books, right and wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::base::fs::FsError;
use crate::model::book::{Book, SecretSource};
use crate::model::diagnostic::Diagnostics;
use crate::model::step::{Batch, OnFailure, UndoSpec, VerifySpec};

fn told(diagnostics: Diagnostics) -> Vec<String> {
    let told = diagnostics.sorted().into_iter().map(|diagnostic| {
        let place = diagnostic.span.map_or(String::new(), |span| format!("{span} "));
        let hint = diagnostic.hint.map_or(String::new(), |hint| format!("; {hint}"));
        format!("{place}{}{hint}", diagnostic.message)
    });
    told.collect()
}

/// The book of these files, the first being the book itself, and what is wrong with it.
fn read(files: &[(&str, &str)]) -> (Option<Book>, Vec<String>) {
    let texts: BTreeMap<&Path, &str> = files.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
    let missing =
        |path: &Path| FsError { verb: "reading", path: path.to_owned(), source: std::io::ErrorKind::NotFound.into() };
    let loaded = load_with(Path::new(files[0].0), &|path| {
        texts.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| missing(path))
    });
    (loaded.book, told(loaded.diagnostics))
}

fn good(text: &str) -> Book {
    let (book, told) = read(&[("b.yaml", text)]);
    assert_eq!(told, Vec::<String>::new(), "{text}");
    book.unwrap()
}

/// What is wrong with a book that has these steps, which start in line 3.
fn wrong(steps: &str) -> Vec<String> {
    let (_, told) = read(&[("b.yaml", &format!("runbook: 1\nsteps:\n{steps}"))]);
    told.into_iter().map(|line| line.trim_start_matches("b.yaml:").to_owned()).collect()
}

#[test]
fn every_key_at_the_top_is_read() {
    let book = good(
        "runbook: 1
name: Move
description: |
  All of it.
vars: {site: www.example.org, n: 0644}
secrets:
  a: {env: A}
  b: {file: b.txt}
  c: {command: pass show db}
  d: {prompt: DB password}
hosts:
  old: old.example.org
  new: {ssh: admin@new, port: 2222, become: root, become_password: a, state_dir: /var/tmp, replaced_at: one, vars: {ipv4: 192.0.2.12}}
  m1: m1
groups: {mirrors: [m1]}
defaults: {timeout: 10m, become: null, on_failure: stop}
watch:
  - {name: site, http: {url: \"https://{{ site }}/\"}, every: 1s, expect: {status: 200}}
notify: {on: [parked, due], run: mail}
deadline: {rollback_by: \"2018-08-13T04:00+12:00\"}
phases:
  - {id: first, name: First things, confirm: Ready?, parallel: true, steps: [{id: one, on: old, run: 'true'}]}
",
    );
    assert_eq!(book.name.value, "Move");
    assert_eq!(
        book.vars.iter().map(|(name, node)| (name.value.as_str(), node.text().unwrap())).collect::<Vec<_>>(),
        [("site", "www.example.org".to_owned()), ("n", "0644".to_owned())]
    );
    assert!(matches!(&book.secrets[3].1, SecretSource::Prompt(text) if text.value == "DB password"));
    let new = &book.hosts[1];
    assert_eq!((new.ssh.value.as_str(), new.port, new.vars.len()), ("admin@new", Some(2222), 1));
    assert_eq!(new.become_password.as_ref().map(|name| name.value.as_str()), Some("a"));
    assert_eq!((book.defaults.timeout, book.defaults.on_failure), (Some(Duration::from_mins(10)), OnFailure::Stop));
    assert!(book.defaults.become_user.is_none());
    assert_eq!(book.watch[0].probe.value.get("expect").unwrap().get("status").unwrap().text().unwrap(), "200");
    assert_eq!(book.notify.as_ref().unwrap().on.len(), 2);
    assert_eq!(book.deadline.as_ref().unwrap().value, "2018-08-13T04:00+12:00");
    let phase = &book.phases[0];
    assert_eq!((phase.id.value.as_str(), phase.name.as_str(), phase.parallel), ("first", "First things", true));
}

#[test]
fn every_key_of_a_step_is_read() {
    let book = good(
        "runbook: 1
hosts: {old: o, new: n}
steps:
  - {id: hack, on: local, hosts_entry: {address: 192.0.2.1, names: [www]}, temporary: until DNS points there}
  - name: Do it!
    description: What it does.
    on: [old, new]
    become: www-data
    when: not steps.hack.changed
    confirm: {prompt: Sure?, type: libravatar}
    unless: test -e /done
    verify: {checks: [{http: {url: 'https://x/'}}, {on: new, become: root, run: 'true'}], for: 30s}
    undo: [{on: old, run: rm /done}]
    timeout: 1h
    retry: {attempts: 5, delay: 2s, backoff: 2}
    on_failure: rollback
    foreach: [1, 2]
    batch: 25%
    max_failures: 1
    checkpoint: before-it
    irreversible: it cannot be unsent
    tags: [a, b]
    run: touch /done
  - {id: end, restores: hack}
",
    );
    let step = &book.phases[0].steps[1];
    assert_eq!((step.id.value.as_str(), step.name.as_str()), ("do-it", "Do it!"));
    assert_eq!(
        step.confirm.as_ref().and_then(|gate| gate.typed.as_ref()).map(|word| word.value.as_str()),
        Some("libravatar")
    );
    let Some(VerifySpec::Checks { checks, patience }) = &step.verify else { panic!() };
    assert_eq!((checks.len(), *patience), (2, Some(Duration::from_secs(30))));
    assert!(matches!(&step.undo, Some(UndoSpec::Steps(steps)) if steps[0].on[0].value == "old"));
    assert_eq!(step.retry.map(|retry| (retry.attempts, retry.backoff)), Some((5, 2.0)));
    assert_eq!(
        (step.batch, step.max_failures, step.on_failure),
        (Some(Batch::Percent(25)), Some(1), Some(OnFailure::Rollback))
    );
    assert_eq!(step.action.as_ref().map(|action| action.kind.value.as_str()), Some("run"));
    assert_eq!(book.phases[0].steps[2].restores.as_ref().map(|id| id.value.as_str()), Some("hack"));
    assert_eq!(book.phases[0].id.value.as_str(), "b");
}

#[test]
fn mistakes_of_lists_are_told() {
    for (steps, due) in [
        (
            "  - {id: a, run: x, foreach: names}\n",
            "3:30 a list, or a template that yields one, is due here, found `names`; such as `\"{{ names }}\"`, or `{csv: names.csv}`",
        ),
        ("  - {id: a, run: x, foreach: {}}\n", "3:30 `foreach` lacks `csv`"),
        (
            "  - {id: a, run: x, parallel: 4}\n",
            "3:21 `parallel` of a step is how many items of its `foreach` at a time; \
             all hosts of a step are worked on at the same time anyway; `batch` says how many",
        ),
        (
            "  - {id: a, run: x, foreach: [1], parallel: 0}\n",
            "3:45 a whole number from 1 to 1000 is due here, found `0`",
        ),
    ] {
        assert_eq!(wrong(steps), [due], "{steps}");
    }
}

#[test]
fn mistakes_of_steps_are_told() {
    for (steps, due) in [
        ("  - {id: a, servcie: x}\n", "3:13 unknown key `servcie` in a step; did you mean `service`?"),
        ("  - {id: a, shell: x}\n", "3:13 unknown key `shell` in a step; that is `run` here"),
        (
            "  - {id: a, frobnicate: x}\n",
            "3:13 unknown key `frobnicate` in a step; it is neither an action nor a key of a step",
        ),
        ("  - {id: a}\n", "3:5 a step without an action; such as `run`, `copy`, `manual`"),
        ("  - {run: x}\n", "3:5 a step needs an `id` or a `name`; the journal knows it by its id"),
        ("  - {id: A b, run: x}\n", "3:10 `A b` cannot be an id; ids are of a-z, 0-9, `_` and `-`: `a-b`"),
        ("  - {name: '!', run: x}\n", "3:12 no id can be made of this name; give an `id`"),
        (
            "  - {id: a, run: x, copy: y}\n",
            "3:21 a second action, `copy`, beside `run`; a step has exactly one action: make it two steps",
        ),
        (
            "  - {id: a, run: x}\n  - {name: A, run: x}\n",
            "4:12 duplicate step `a`; the first is at b.yaml:3:10: give one of them an `id` of its own",
        ),
        (
            "  - {id: a, run: x, undo: none}\n",
            "3:27 `undo: none` could mean two things; write `nothing` where the step changed nothing, `{irreversible: \"why\"}` where there is no way back",
        ),
        (
            "  - {id: a, run: x, undo: {run: y}}\n",
            "3:27 `undo` takes a script or a list of steps; put `- ` before the step",
        ),
        (
            "  - {id: a, run: x, verify: {http: {url: u}}}\n",
            "3:29 `verify` takes a script or a list of checks; put `- ` before the check",
        ),
        (
            "  - {id: a, run: x, verify: [{copy: {}}]}\n",
            "3:31 `copy` changes something: it cannot be a check; checks: `run`, `sql`, `compare`, `lookup`, `http`, `tcp`",
        ),
        (
            "  - {id: a, run: x, verify: [{http: {}, onn: b}]}\n",
            "3:41 unknown key `onn` in a step of `verify` or `undo`; did you mean `on`?",
        ),
        (
            "  - {id: a, run: x, confirm: yes}\n",
            "3:30 what is asked is due here, found `yes`; such as `confirm: Ready to start?`",
        ),
        (
            "  - {id: a, run: x, temporary: yes, undo: y}\n",
            "3:32 `true` or `false` is due here, found `yes`; in YAML 1.2 `yes` is not a boolean: write `true`",
        ),
        (
            "  - {id: a, run: x, temporary: true}\n",
            "3:32 a `run` without an undo cannot be temporary; say with `undo` how it is taken back",
        ),
        (
            "  - {id: a, run: x, timeout: 10}\n",
            "3:30 a duration is due here, found `10`; it needs a unit: write `10s` for seconds, `10m` for minutes",
        ),
        ("  - {id: a, run: x, retry: {attempts: 0}}\n", "3:39 a whole number from 1 to 1000 is due here, found `0`"),
        ("  - {id: a, run: x, retry: {delay: 1s}}\n", "3:28 `retry` lacks `attempts`"),
        (
            "  - {id: a, run: x, on_failure: retry}\n",
            "3:33 `ask`, `stop`, `continue` or `rollback` is due here, found `retry`",
        ),
        (
            "  - {id: a, run: x, batch: 0}\n",
            "3:28 a number of hosts, or a share of them, is due here, found `0`; such as `1` or `25%`",
        ),
        (
            "  - {id: a, run: x, batch: 150%}\n",
            "3:28 a number of hosts, or a share of them, is due here, found `150%`; such as `1` or `25%`",
        ),
        ("  - {id: a, run: x, max_failures: -1}\n", "3:35 a whole number from 0 to 4294967295 is due here, found `-1`"),
        ("  - {id: a, restores: b}\n", "3:23 unknown step `b`; did you mean `a`?"),
        (
            "  - {id: a, restores: b}\n  - {id: b, temporary: true, file: {}}\n",
            "3:23 `restores` names `b`, which comes no earlier",
        ),
        (
            "  - {id: a, run: x}\n  - {id: b, restores: a}\n",
            "4:23 `restores` names `a`, which is not temporary; give it `temporary` at b.yaml:3:5",
        ),
        (
            "  - {id: a, file: {}, temporary: true}\n  - {id: b, on: old, restores: a}\n",
            "4:17 `on` has no meaning beside a `restores` without an action; it runs the undo of that step wherever that was applied; rolled back, it applies it again",
        ),
        (
            "  - {id: a, run: x, checkpoint: c}\n  - {id: b, run: x, checkpoint: c}\n",
            "4:33 duplicate checkpoint `c`; the first is at b.yaml:3:33",
        ),
        ("  - nonsense\n", "3:5 a step is due here, found `nonsense`; a step is a mapping: `- run: …`"),
        ("  a: b\n", "3:3 a list of steps is due here, found a mapping"),
    ] {
        assert_eq!(wrong(steps), [due], "{steps}");
    }
}

#[test]
fn mistakes_at_the_top_are_told() {
    let steps = "steps: [{id: a, run: x}]";
    for (text, due) in [
        (format!("{steps}\n"), "b.yaml:1:1 a runbook lacks `runbook`"),
        (
            format!("runbook: 2\n{steps}\n"),
            "b.yaml:1:10 this version of the tool reads runbooks of format 1; write `runbook: 1`",
        ),
        ("runbook: 1\n".to_owned(), "b.yaml:1:1 a runbook takes one of `phases` or `steps`"),
        (
            format!("runbook: 1\nphases: []\n{steps}\n"),
            "b.yaml:3:1 a runbook takes one of `phases` or `steps`, found `phases` and `steps`",
        ),
        ("- a\n".to_owned(), "b.yaml:1:1 a runbook takes a mapping, found a list; known: "),
        (
            format!("runbook: 1\nvras: {{}}\n{steps}\n"),
            "b.yaml:2:1 unknown key `vras` in a runbook; did you mean `vars`?",
        ),
        (
            format!("runbook: 1\nvars: {{my-site: x}}\n{steps}\n"),
            "b.yaml:2:8 `my-site` cannot be the name of a variable; names are of letters, digits and `_`: `my_site`",
        ),
        (format!("runbook: 1\nvars: {{host: x}}\n{steps}\n"), "b.yaml:2:8 `host` means something else in templates"),
        (
            format!("runbook: 1\nsecrets: {{a: hunter2}}\n{steps}\n"),
            "b.yaml:2:14 a secret says where it comes from, never what it is; {env: NAME}, {file: path}, {command: \"pass show db\"} or {prompt: \"DB password\"}",
        ),
        (
            format!("runbook: 1\nsecrets: {{a: {{env: A, file: b}}}}\n{steps}\n"),
            "b.yaml:2:23 a secret takes one of `env`, `file`, `command` or `prompt`, found `env` and `file`",
        ),
        (
            format!("runbook: 1\nhosts: {{local: x}}\n{steps}\n"),
            "b.yaml:2:9 `local` is the operator's own machine, and no role",
        ),
        (
            format!("runbook: 1\nhosts: {{a: -oProxyCommand=x}}\n{steps}\n"),
            "b.yaml:2:12 a destination for ssh is due here, found `-oProxyCommand=x`; it cannot start with a hyphen",
        ),
        (format!("runbook: 1\nhosts: {{a: {{port: 22}}}}\n{steps}\n"), "b.yaml:2:12 a host lacks `ssh`"),
        (
            format!("runbook: 1\nhosts: {{a: {{ssh: x, port: 0}}}}\n{steps}\n"),
            "b.yaml:2:27 a whole number from 1 to 65535 is due here, found `0`",
        ),
        (
            format!("runbook: 1\nhosts: {{a: {{ssh: x, become_password: p}}}}\n{steps}\n"),
            "b.yaml:2:38 unknown secret `p`",
        ),
        (
            format!("runbook: 1\nhosts: {{a: {{ssh: x, replaced_at: b}}}}\n{steps}\n"),
            "b.yaml:2:34 unknown step `b`; did you mean `a`?",
        ),
        (
            format!("runbook: 1\nhosts: {{a: x}}\ngroups: {{a: [a]}}\n{steps}\n"),
            "b.yaml:3:10 `a` is a role and a group; the role is at b.yaml:2:9",
        ),
        (
            format!("runbook: 1\ndeadline: {{rollback_by: '2018-08-13T04:00'}}\n{steps}\n"),
            "b.yaml:2:25 an instant is due here, found `2018-08-13T04:00`; it needs a zone: `2018-08-13T04:00Z` in UTC, or `2018-08-13T04:00+12:00`",
        ),
        (
            format!("runbook: 1\nnotify: {{on: [finished], run: x}}\n{steps}\n"),
            "b.yaml:2:15 `parked`, `failed`, `done` or `due` is due here, found `finished`",
        ),
        (format!("runbook: 1\nwatch: [{{name: a, http: {{}}}}]\n{steps}\n"), "b.yaml:2:9 a watch lacks `every`"),
    ] {
        let told = read(&[("b.yaml", &text)]).1;
        assert!(told.len() == 1 && told[0].starts_with(due.trim_end_matches("known: ")), "{text}{told:#?}");
    }
}

#[test]
fn a_phase_and_a_step_of_one_id_must_not_both_ask() {
    let text = "runbook: 1\nphases:\n  - {id: a, confirm: Now?, steps: [{id: a, manual: x}]}\n";
    assert_eq!(
        read(&[("b.yaml", text)]).1,
        [
            "b.yaml:3:41 the step `a` and the phase of that id both ask; answers are given by id: give one of them another `id` (the phase is at b.yaml:3:10)"
        ]
    );
    good("runbook: 1\nphases:\n  - {id: a, confirm: Now?, steps: [{id: a, run: x}]}\n");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = wrong("  - {id: a, servcie: x}\n  - {id: a, run: x, undo: none}\n  - {id: b, restores: zzz}\n");
    assert_eq!(told.len(), 4, "{told:#?}");
}

const INNER: &str = "runbook: 1
name: Mirrors
vars: {side: us, port: 22}
phases:
  - id: sync
    steps:
      - {id: off, on: local, cron: {}, temporary: true, checkpoint: start}
      - {id: seen, on: local, lookup: {}}
      - {id: later, wait: {ttl_of: seen}}
      - {id: on, restores: off}
      - {id: outer, restores: hack}
";

fn outer(includes: &str) -> String {
    format!(
        "runbook: 1\nphases:\n  - {{id: p, steps: [{{id: hack, on: local, hosts_entry: {{}}, temporary: true}}]}}\n{includes}"
    )
}

#[test]
fn included_files_bring_their_phases() {
    let text = outer(
        "  - include: {file: parts/mirrors.yaml, vars: {side: eu}, as: eu}\n  - include: parts/../parts/mirrors.yaml\n",
    );
    let (book, told) =
        read(&[("d/b.yaml", &text), ("d/parts/mirrors.yaml", INNER), ("d/parts/../parts/mirrors.yaml", INNER)]);
    assert_eq!(told, Vec::<String>::new());
    let book = book.unwrap();
    let ids: Vec<&str> = book.phases.iter().map(|phase| phase.id.value.as_str()).collect();
    assert_eq!(ids, ["p", "eu-sync", "sync"]);
    let eu = &book.phases[1];
    let steps: Vec<&str> = eu.steps.iter().map(|step| step.id.value.as_str()).collect();
    assert_eq!((steps, eu.prefix.as_str()), (vec!["eu-off", "eu-seen", "eu-later", "eu-on", "eu-outer"], "eu-"));
    assert_eq!(eu.steps[3].restores.as_ref().map(|id| id.value.as_str()), Some("eu-off"));
    assert_eq!(eu.steps[4].restores.as_ref().map(|id| id.value.as_str()), Some("hack"));
    assert_eq!(eu.steps[0].checkpoint.as_ref().map(|name| name.value.as_str()), Some("eu-start"));
    assert_eq!(eu.steps[2].action.as_ref().unwrap().value.get("ttl_of").unwrap().text().as_deref(), Some("eu-seen"));
    let vars: Vec<(&str, String)> =
        eu.vars.iter().map(|(name, node)| (name.value.as_str(), node.text().unwrap())).collect();
    assert_eq!(vars, [("port", "22".to_owned()), ("side", "eu".to_owned())]);
    assert_eq!(
        book.sources.iter().map(|source| source.name.as_ref()).collect::<Vec<_>>(),
        ["d/b.yaml", "d/parts/mirrors.yaml", "d/parts/../parts/mirrors.yaml"]
    );
}

#[test]
fn includes_that_cannot_be_are_told() {
    let inner = |text: &str| read(&[("b.yaml", &outer("  - include: i.yaml\n")), ("i.yaml", text)]).1;
    let again = "runbook: 1\nphases:\n  - include: ./b.yaml\n";
    assert_eq!(inner(again), ["i.yaml:3:14 `./b.yaml` includes itself"]);
    assert_eq!(inner("runbook: 1\nphases:\n  - include: i.yaml\n"), ["i.yaml:3:14 `i.yaml` includes itself"]);
    assert_eq!(
        inner("runbook: 1\nhosts: {a: b}\nphases: []\n"),
        ["i.yaml:2:1 `hosts` has no place in an included file; it belongs into the book that includes it"]
    );
    assert_eq!(
        inner("runbook: 1\nsteps: []\n"),
        ["i.yaml:2:1 `steps` has no place in an included file; it carries `phases:`"]
    );
    assert_eq!(inner("phases: []\n"), ["i.yaml:1:1 an included file lacks `runbook`"]);
    assert_eq!(
        read(&[("b.yaml", &outer("  - include: i.yaml\n"))]).1,
        ["b.yaml:4:14 reading i.yaml: entity not found"]
    );
    assert_eq!(
        read(&[("b.yaml", &outer("  - include: '{{ x }}.yaml'\n"))]).1,
        [
            "b.yaml:4:14 the path of a file is due here, found `{{ x }}.yaml`; what is included has to be known before anything is rendered"
        ]
    );
    let twice = outer("  - include: i.yaml\n  - include: i.yaml\n");
    let inner = "runbook: 1\nphases: [{id: q, steps: [{id: s, run: x}]}]\n";
    assert_eq!(
        read(&[("b.yaml", &twice), ("i.yaml", inner)]).1,
        [
            "i.yaml:2:15 duplicate phase `q`; the file is included twice: give each include an `as` of its own",
            "i.yaml:2:31 duplicate step `s`; the file is included twice: give each include an `as` of its own",
        ]
    );
}

#[test]
fn hosts_come_from_a_file_and_from_the_command_line() {
    let mut diagnostics = Diagnostics::default();
    for text in [
        "old: 10.0.0.1\nnew: {ssh: x, port: 22}\n",
        "hosts:\n  old: 10.0.0.1\n  new: {ssh: x, port: 22}\n",
        "hosts:\n  old: 10.0.0.1\n  new: {ssh: x, port: 22}\ngroups: {both: [old, new]}\n",
    ] {
        let hosts = hosts_file("lab.yaml", text, &mut diagnostics);
        assert_eq!(hosts.iter().map(|host| host.ssh.value.as_str()).collect::<Vec<_>>(), ["10.0.0.1", "x"]);
    }
    assert_eq!(host_argument("old=me@10.0.0.1", &mut diagnostics).unwrap().ssh.value, "me@10.0.0.1");
    assert!(diagnostics.as_slice().is_empty());
    assert!(host_argument("old", &mut diagnostics).is_none());
    assert!(host_argument("old=", &mut diagnostics).is_none());
    assert!(host_argument("old=-oX", &mut diagnostics).is_none());
    assert_eq!(diagnostics.as_slice().len(), 3);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    assert_eq!(read(&[("b.yaml", "")]).1, ["b.yaml:1:1 the file is empty"]);
    let loaded = load(Path::new("/nonexistent/b.yaml"));
    assert!(loaded.book.is_none());
    assert_eq!(told(loaded.diagnostics), ["reading /nonexistent/b.yaml: No such file or directory (os error 2)"]);
}
