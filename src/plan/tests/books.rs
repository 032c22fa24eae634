//! Plans of whole books, right and wrong.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{at, plan, said, text, told};
use crate::base::{Role, RunId, Secret};
use crate::model::{Node, Scalar, Shape, load};
use crate::plan::{Inputs, Plan, RenderError, Scope, Situation, resolve};

#[test]
fn every_action_of_the_language_can_be_carried_out() {
    let names: Vec<_> = crate::model::kinds::ACTIONS.iter().map(|kind| kind.name).collect();
    assert!(names.iter().all(|name| crate::actions::Registry.kind(name).is_some()));
    assert_eq!(crate::actions::Registry.kinds().len(), names.len());
}

/// What `template` gives in the first step of `plan` on its first host.
fn rendered(plan: &Plan, template: &str) -> Result<String, RenderError> {
    let step = plan.steps().next().unwrap();
    let run = RunId::from("r1");
    let situation = Situation { run: &run, started: at(), view: None };
    Scope::of(plan, step, situation, step.hosts.first(), None).text(&text(template))
}

fn gives(plan: &Plan, template: &str) -> String {
    match rendered(plan, template) {
        Ok(rendered) => rendered,
        Err(error) => panic!("{template}: {error:?}"),
    }
}

fn fails(plan: &Plan, template: &str) -> String {
    match rendered(plan, template) {
        Err(RenderError::Wrong(diagnostic)) => said(&diagnostic).trim_start_matches("x:1:1 ").to_owned(),
        other => panic!("{template}: {other:?}"),
    }
}

const BOOK: &str = "
vars:
  site: www.example.org
  url: 'https://{{ site }}/'
  port: 8080
  mode: 0644
  enabled: true
  packages: [apache2, rsync]
  accounts:
    - {name: img, home: '{{ site }}/img'}
  dump: '/tmp/{{ run.id }}.pg'
  where: '{{ hosts.old.ipv4 }}'
  dsn: 'user:{{ secrets.db }}@{{ site }}'
secrets: {db: {env: DB}}
hosts:
  old: {ssh: 'root@{{ site }}', vars: {ipv4: 192.0.2.1, name_of_site: '{{ site }}'}}
  web-1: web1.example.org
steps:
  - {id: one, on: old, run: 'true'}
";

#[test]
fn names_stand_for_what_was_written() {
    let plan = plan(BOOK);
    for (template, expected) in [
        ("{{ site }}", "www.example.org"),
        ("{{ url }}", "https://www.example.org/"),
        ("{{ mode }}:{{ port }}:{{ enabled }}", "0644:8080:true"),
        ("{{ port + 1 }}", "8081"),
        ("{{ accounts[0].home }}", "www.example.org/img"),
        ("{% for p in packages %}{{ p }} {% endfor %}", "apache2 rsync "),
        ("{{ packages | quote }}", "apache2 rsync"),
        ("{{ where }}", "192.0.2.1"),
        ("{{ host.name }} {{ host.ssh }} {{ host.ipv4 }}", "old root@www.example.org 192.0.2.1"),
        ("{{ hosts['web-1'].ssh }}", "web1.example.org"),
        ("{{ hosts.old.name_of_site }}", "www.example.org"),
        ("{{ run.id }} {{ run.started }}", "r1 2018-08-12T10:00:00Z"),
        ("{{ dump }}", "/tmp/r1.pg"),
        ("{{ 'a b' | quote }} {{ site | quote }}", "'a b' www.example.org"),
        ("{% raw %}{{ site }}{% endraw %}", "{{ site }}"),
        ("{{ nothing | default(value='x') }}", "x"),
        ("<&'\">", "<&'\">"),
        ("{{ '<&>' }}", "<&>"),
    ] {
        assert_eq!(gives(&plan, template), expected, "{template}");
    }
    assert_eq!(plan.hosts[0].ssh, "root@www.example.org");
}

#[test]
fn secrets_are_sealed() {
    let plan = plan(BOOK);
    let sealed = crate::base::secret::sealed("db");
    assert_eq!(gives(&plan, "{{ secrets.db }}"), sealed);
    assert_eq!(gives(&plan, "{{ dsn }}"), format!("user:{sealed}@www.example.org"));
    let step = plan.steps().next().unwrap();
    let run = RunId::from("r1");
    let scope = Scope::of(&plan, step, Situation { run: &run, started: at(), view: None }, None, None);
    let secrets = BTreeMap::from([("db".to_owned(), Secret::new("hunter2".to_owned()))]);
    let file = scope.file("x.tera", "{{ dsn }} {{ secrets.db | upper }}\n", &secrets);
    assert_eq!(file, Ok("user:hunter2@www.example.org HUNTER2\n".to_owned()));
}

#[test]
fn what_stands_for_nothing_says_why() {
    let plan = plan(BOOK);
    for (template, expected) in [
        ("{{ sit }}", "undefined variable `sit`; did you mean `site`?"),
        ("{{ accounts[1].home }}", "the list `accounts` has no item 1"),
        ("{{ accounts[0].hom }}", "`accounts[0]` has no `hom`; did you mean `home`?"),
        ("{{ site.x }}", "the text `site` has no `x`"),
        ("{{ hosts.odl.ipv4 }}", "unknown role `odl`; did you mean `old`?"),
        ("{{ hosts.old.ipv6 }}", "`hosts.old` has no `ipv6`; did you mean `ipv4`?"),
        ("{{ item }}", "`item` is not known here; it is there only in a step with `foreach`, for each item"),
        ("{{ secrets.pw }}", "unknown secret `pw`; there is `db`"),
        ("x {{ sit | upper }}", "undefined variable `sit`; did you mean `site`?"),
        ("{{ site | uper }}", "unknown filter `uper`"),
        ("{{ steps.two.stdout }}", "unknown step `two`"),
    ] {
        assert_eq!(fails(&plan, template), expected, "{template}");
    }
    assert_eq!(rendered(&plan, "{{ steps.one.stdout }}"), Err(RenderError::Unknown("one".into())));
}

#[test]
fn one_expression_keeps_its_type() {
    let plan = plan(BOOK);
    let step = plan.steps().next().unwrap();
    let run = RunId::from("r1");
    let host = Role::from("old");
    let item = json!({"a": [1, true]});
    let scope = Scope::of(&plan, step, Situation { run: &run, started: at(), view: None }, Some(&host), Some(&item));
    let node = |written: &str| {
        let shape = Shape::Scalar(Scalar::Quoted(written.to_owned()));
        scope.node(&Node { shape, span: text("").span }).unwrap().shape
    };
    let typed = |value: Value| Shape::Scalar(Scalar::Typed(value));
    assert_eq!(node("{{ port }}"), typed(json!(8080)));
    assert_eq!(node("{{ mode }}"), typed(json!("0644")));
    assert_eq!(node("{{ port + 1 > 8080 and enabled }}"), typed(json!(true)));
    assert_eq!(node("{{ enabled }}"), typed(json!(true)));
    assert_eq!(node("{{ port }} "), typed(json!("8080 ")));
    assert_eq!(node("plain"), Shape::Scalar(Scalar::Quoted("plain".to_owned())));
    assert!(matches!(node("{{ packages }}"), Shape::List(items) if items.len() == 2));
    assert!(matches!(node("{{ item }}"), Shape::Map(_)));
    assert_eq!(node("{{ item.a[1] }}"), typed(json!(true)));
    assert_eq!(node("x {{ steps.one.stdout }}"), Shape::Scalar(Scalar::Unknown("one".into())));
    for (expression, holds) in
        [("enabled", true), ("not enabled", false), ("port > 9000 or item.a[0] == 1", true), ("packages", true)]
    {
        assert_eq!(scope.condition(&text(expression)), Ok(holds), "{expression}");
    }
}

#[test]
fn the_sample_is_planned() {
    let loaded = load::load(Path::new("runbooks/libravatar-migration.yaml"));
    let (_, diagnostics) = resolve(loaded.book.unwrap(), &Inputs::default());
    let mut told = told(diagnostics);
    // It says what it wants watched, and will be once that can be done.
    told.retain(|line| !line.contains("`watch` is read, but"));
    assert_eq!(told, Vec::<String>::new());
}
