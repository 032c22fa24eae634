//! What the command line adds, what the journal keeps of it, and fingerprints.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::support::{book, plan, plan_with, told, wrong_with};
use crate::base::RunId;
use crate::events::record::Selection;
use crate::model::{Diagnostics, Host, load};
use crate::plan::{Inputs, Plan, resolve};

fn hosts(text: &str) -> Vec<Host> {
    let mut diagnostics = Diagnostics::default();
    let hosts = load::hosts_file("h.yaml", text, &mut diagnostics);
    assert_eq!(told(diagnostics), Vec::<String>::new());
    hosts
}

fn host(argument: &str) -> Vec<Host> {
    load::host_argument(argument, &mut Diagnostics::default()).into_iter().collect()
}

fn with_hosts(hosts: Vec<Host>) -> Inputs {
    Inputs { hosts, ..Inputs::default() }
}

const BOOK: &str = "vars: {net: 192.0.2}
hosts:
  old: {ssh: old.example.org, port: 2222, become: root, vars: {ipv4: '{{ net }}.1', weight: 3}}
  new: new.example.org
steps:
- {id: a, on: old, tags: [x, y], run: 'echo {{ host.ipv4 | quote }}'}
- {id: b, on: new, tags: x, run: 'true'}
- {id: c, on: new, run: 'true'}
";

#[test]
fn a_hosts_file_says_where_roles_are_and_adds_variables() {
    let inventory = "hosts:
  old: {ssh: 'lab@{{ net }}.9', vars: {ipv4: '{{ net }}.9', zone: 0644}}
  ns1: ns1
groups: {mirrors: [m1]}
";
    let plan = plan_with(BOOK, &with_hosts(hosts(inventory)));
    let old = &plan.hosts[0];
    assert_eq!((old.ssh.as_str(), old.port, old.become_user.as_deref()), ("lab@192.0.2.9", None, Some("root")));
    assert_eq!(serde_json::to_value(&old.vars).unwrap(), json!({"ipv4": "192.0.2.9", "weight": 3, "zone": "0644"}));
    assert_eq!(plan.hosts.len(), 2);
    assert_eq!(plan.hosts[1].ssh, "new.example.org");
}

#[test]
fn a_role_that_there_is_not_is_told() {
    let roles = |hosts: Vec<Host>| wrong_with(BOOK, &with_hosts(hosts));
    assert_eq!(roles(host("odl=x")), ["--host:1:1 the runbook has no role `odl`; did you mean `old`?"]);
    assert_eq!(roles(host("db=x")), ["--host:1:1 the runbook has no role `db`; its roles: old, new"]);
    assert_eq!(roles(hosts("odl: x")), ["h.yaml:1:1 the runbook has no role `odl`; did you mean `old`?"]);
    assert_eq!(roles(hosts("old: x\nodl: x")), Vec::<String>::new());
    let dangerous = book(BOOK);
    let (plan, diagnostics) = resolve(dangerous, &with_hosts(hosts("old: '{{ \"-oProxyCommand=x\" }}'")));
    assert!(plan.is_none());
    assert_eq!(told(diagnostics), ["h.yaml:1:6 the destination `-oProxyCommand=x` starts with a hyphen"]);
}

fn left_out(selection: Selection) -> Vec<Option<String>> {
    let plan = plan_with(BOOK, &Inputs { selection, ..Inputs::default() });
    plan.steps().map(|step| step.left_out.clone()).collect()
}

#[test]
fn steps_are_chosen_by_id_and_tag() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let chosen = |selection: Selection| left_out(selection).iter().map(Option::is_none).collect::<Vec<bool>>();
    let none = Selection::default;
    assert_eq!(chosen(none()), [true, true, true]);
    assert_eq!(chosen(Selection { from: Some("b".into()), ..none() }), [false, true, true]);
    assert_eq!(chosen(Selection { only: vec!["a".into(), "c".into()], ..none() }), [true, false, true]);
    assert_eq!(chosen(Selection { tags: words(&["x"]), ..none() }), [true, true, false]);
    assert_eq!(chosen(Selection { skip_tags: words(&["y"]), ..none() }), [false, true, true]);
    assert_eq!(chosen(Selection { tags: words(&["x"]), skip_tags: words(&["y"]), ..none() }), [false, true, false]);
    assert_eq!(
        left_out(Selection { from: Some("b".into()), ..none() })[0].as_deref(),
        Some("it comes before `b` (--from)")
    );
    let selection = Selection { from: Some("bb".into()), tags: words(&["z"]), ..none() };
    let told = wrong_with(BOOK, &Inputs { selection, ..Inputs::default() });
    assert_eq!(
        told,
        [
            "--from bb: the runbook has no step `bb`; did you mean `b`?",
            "--tags z: the runbook has no tag `z`; did you mean `x`?"
        ]
    );
}

#[test]
fn a_step_cannot_use_what_one_leaves_that_is_left_out() {
    let text = "hosts: {old: old}
steps:
- {id: a, on: old, run: 'true'}
- {id: b, on: old, run: {script: x, env: {A: '{{ steps.a.stdout }}'}}}
- {id: c, on: old, run: {script: x, env: {A: '{{ steps.b.stdout | default(value=1) }}'}}}
";
    let from = |id: &str| Inputs {
        selection: Selection { from: Some(id.into()), ..Selection::default() },
        ..Inputs::default()
    };
    let hint = "`| default(value=\"\")` where that is fine";
    assert_eq!(wrong_with(text, &from("b")), [format!("5:50 `a` is left out: it comes before `b` (--from); {hint}")]);
    assert_eq!(wrong_with(text, &from("c")), Vec::<String>::new());
}

#[test]
fn what_the_journal_keeps_gives_the_same_plan_again() {
    let inventory =
        "hosts: {old: {ssh: lab, port: 22, become: me, vars: {ipv4: 10.0.0.1, zone: 0644, on: true}}, ns1: ns1}";
    let selection = Selection { from: Some("a".into()), skip_tags: vec!["y".to_owned()], ..Selection::default() };
    let mut given = hosts(inventory);
    given.extend(host("old=last"));
    given.extend(host("new=other"));
    let vars = BTreeMap::from([("net".to_owned(), json!("10.0.0"))]);
    let inputs = Inputs { vars, hosts: given, selection };
    let plan = plan_with(BOOK, &inputs);
    let secrets = BTreeMap::from([("db".to_owned(), "hmac".to_owned())]);
    let started = plan.started(RunId::from("r1"), Path::new("b.yaml"), &inputs, json!({"a": 1}), secrets);
    assert!(Path::new(&started.path).is_absolute());
    assert!(started.files.contains_key("b.yaml"));
    let kept: crate::events::record::Started = serde_json::from_str(&serde_json::to_string(&started).unwrap()).unwrap();
    let again = plan_with(BOOK, &Inputs::of(&kept));
    assert_eq!(again.hosts, plan.hosts);
    assert_eq!(again.hosts[0].ssh, "last");
    assert_eq!(again.vars, plan.vars);
    assert_eq!(again.fingerprints, plan.fingerprints);
    let left_out = |plan: &Plan| plan.steps().map(|step| step.left_out.clone()).collect::<Vec<_>>();
    assert_eq!(left_out(&again), left_out(&plan));
    let [phase] = &started.outline[..] else { panic!() };
    assert_eq!(
        (phase.steps.len(), phase.steps[0].action.as_str(), phase.steps[0].place.as_str()),
        (3, "run", "b.yaml:7")
    );
}

#[test]
fn fingerprints_go_by_what_decides_what_a_step_does() {
    let text = "vars: {a: 1, b: 'x{{ a }}', c: 3}
hosts: {old: {ssh: old, vars: {ipv4: 192.0.2.1, other: 1}}}
steps:
- {id: one, name: One, on: old, run: 'echo {{ b | quote }} {{ host.ipv4 | quote }}'}
";
    let fingerprint = |text: &str| plan(text).fingerprints[&crate::base::StepId::from("one")].clone();
    let before = fingerprint(text);
    assert_eq!(before.len(), 64);
    for (from, to) in [
        ("name: One", "name: 'Number one'"),
        ("c: 3", "c: 4"),
        ("other: 1", "other: 2"),
        ("steps:\n", "steps:\n\n# a remark\n"),
        ("- {id: one,", "- {id: zero, manual: x}\n- {id: one,"),
        ("on: old", "on: [old]"),
    ] {
        assert_eq!(fingerprint(&text.replace(from, to)), before, "{to}");
    }
    for (from, to) in [
        ("echo", "printf"),
        ("a: 1", "a: 2"),
        ("b: 'x", "b: 'y"),
        ("192.0.2.1", "192.0.2.2"),
        ("on: old", "on: local, when: 'true'"),
        ("run: '", "timeout: 5s, run: '"),
    ] {
        let edited = text
            .replace(from, to)
            .replace("{{ host.ipv4 | quote }}", if to.contains("local") { "" } else { "{{ host.ipv4 | quote }}" });
        assert_ne!(fingerprint(&edited), before, "{to}");
    }
}
