//! What steps left, as the templates of later ones see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::support::{at, book_of, plan, said, text};
use crate::base::{Role, RunId, UnitId};
use crate::events::record::{Failure, Outputs, Reversal, Undo};
use crate::events::state::Attempt;
use crate::events::view::UnitView;
use crate::events::{RunView, UnitState};
use crate::plan::{Inputs, Plan, RenderError, Scope, Situation, resolve};

fn unit(step: &str, item: Option<u32>, host: Option<&str>) -> UnitId {
    UnitId { step: step.into(), item, host: host.map(Role::from) }
}

fn left(stdout: &str) -> UnitView {
    let outputs = Outputs { stdout: stdout.to_owned(), exit_code: Some(0), changed: true, ..Outputs::default() };
    UnitView { state: UnitState::Satisfied, outputs: Some(Arc::new(outputs)), ..UnitView::default() }
}

fn skipped() -> UnitView {
    UnitView { state: UnitState::Skipped, ..UnitView::default() }
}

fn view(units: impl IntoIterator<Item = (UnitId, UnitView)>) -> RunView {
    RunView { units: units.into_iter().collect(), ..RunView::default() }
}

/// What a template of the last step gives.
fn rendered(plan: &Plan, view: &RunView, template: &str) -> Result<String, RenderError> {
    let step = plan.steps().last().unwrap();
    let run = RunId::from("r1");
    Scope::of(plan, step, Situation { run: &run, started: at(), view: Some(view) }, None, None).text(&text(template))
}

fn why(plan: &Plan, view: &RunView, template: &str) -> String {
    match rendered(plan, view, template) {
        Err(RenderError::Wrong(diagnostic)) => said(&diagnostic).trim_start_matches("x:1:1 ").to_owned(),
        other => panic!("{template}: {other:?}"),
    }
}

const BOOK: &str = "hosts: {old: old, m-1: m1}
steps:
- {id: one, on: old, run: 'true'}
- {id: both, on: [old, m-1], run: 'true'}
- {id: each, on: old, foreach: [a, b], run: 'true'}
- {id: last, manual: do}
";

#[test]
fn outputs_are_read_by_step_host_and_item() {
    let plan = plan(BOOK);
    let mut view = view([
        (unit("one", None, Some("old")), left("1\n2")),
        (unit("both", None, Some("old")), left("o")),
        (unit("both", None, Some("m-1")), left("m")),
        (unit("each", Some(0), Some("old")), left("A")),
        (unit("each", Some(1), Some("old")), left("B")),
    ]);
    view.lists.insert("each".into(), vec![json!("a"), json!("b")].into());
    for (template, expected) in [
        ("{{ steps.one.stdout }}|{{ steps.one.exit_code }}|{{ steps.one.changed }}", "1\n2|0|true"),
        ("{{ steps.one.hosts.old.stdout }}", "1\n2"),
        ("{{ steps.both.hosts.old.stdout }}{{ steps.both.hosts['m-1'].stdout }}", "om"),
        ("{% for host, left in steps.both.hosts %}{{ host }}={{ left.stdout }} {% endfor %}", "m-1=m old=o "),
        ("{% for result in steps.each.results %}{{ result.item }}={{ result.stdout }} {% endfor %}", "a=A b=B "),
        ("{{ steps.each.results[1].stdout }}", "B"),
        ("{{ steps.one.stdout | split(pat='\n') | last }}", "2"),
    ] {
        assert_eq!(rendered(&plan, &view, template), Ok(expected.to_owned()), "{template}");
    }
    assert_eq!(
        why(&plan, &view, "{{ steps.both.stdout }}"),
        "`steps.both` has no `stdout`; there is `changed`, `hosts`"
    );
}

#[test]
fn what_has_not_run_is_unknown_and_what_was_skipped_left_nothing() {
    let plan = plan(BOOK);
    let unknown = |view: &RunView, template: &str| {
        assert_eq!(rendered(&plan, view, template), Err(RenderError::Unknown("one".into())), "{template}");
    };
    unknown(&RunView::default(), "{{ steps.one.stdout | default(value='') }}");
    let waiting = UnitView { state: UnitState::Waiting(None), ..UnitView::default() };
    unknown(&view([(unit("one", None, Some("old")), waiting)]), "{{ steps.one.stdout }}");
    // Taken back: what it left then is not what it will leave.
    let undone = UnitView { state: UnitState::Undone, ..left("x") };
    unknown(&view([(unit("one", None, Some("old")), undone)]), "{{ steps.one.stdout }}");

    let view = view([(unit("one", None, Some("old")), skipped())]);
    assert_eq!(
        why(&plan, &view, "{{ steps.one.stdout }}"),
        "`one` was skipped: it left no output; `| default(value=\"\")` where that is fine"
    );
    assert_eq!(
        why(&plan, &view, "x{{ steps.one.stdout | upper }}").split(';').next(),
        Some("`one` was skipped: it left no output")
    );
    assert_eq!(rendered(&plan, &view, "[{{ steps.one.stdout | default(value='none') }}]"), Ok("[none]".to_owned()));
    assert_eq!(rendered(&plan, &view, "{{ steps.one.changed }}"), Ok("false".to_owned()));
}

#[test]
fn items_that_failed_and_were_gone_past_stand_in_the_results() {
    let book = BOOK.replace("foreach: [a, b], ", "foreach: [a, b, c, d], on_failure: continue, ");
    let plan = plan(&book);
    let failure = Failure { why: "no answer".to_owned(), stderr: "e".to_owned(), ..Failure::default() };
    let reversal = Reversal {
        action: "run".to_owned(),
        data: Undo::Nothing,
        become_user: None,
        summary: String::new(),
        verify_held_before: false,
        restarts: None,
        captured: None,
    };
    let attempt = Attempt { number: 1, first: 1, reversal: Box::new(reversal), job: None, named: 1 };
    let failed = UnitView { state: UnitState::Failed(attempt, Box::new(failure.clone())), ..UnitView::default() };
    let blocked = UnitView { state: UnitState::Blocked(Box::new(failure)), ..UnitView::default() };
    let with_data = |mut unit: UnitView| {
        Arc::make_mut(unit.outputs.as_mut().unwrap()).data = Some(json!({"status": 200, "stdout": "not this"}));
        unit
    };
    let item = |index| unit("each", Some(index), Some("old"));
    let units = [(item(0), with_data(left("A"))), (item(1), failed), (item(2), blocked.clone()), (item(3), skipped())];
    let mut all = view(units);
    all.lists.insert("each".into(), ["a", "b", "c", "d"].map(|item| json!(item)).to_vec().into());
    let table = "{% for r in steps.each.results %}{{ r.item }}: {% if r.error %}{{ r.error }} {{ r.stderr }}\
                 {% else %}{{ r.stdout }}{% endif %} {{ r.changed }}|{% endfor %}";
    assert_eq!(
        rendered(&plan, &all, table),
        Ok("a: A true|b: no answer e false|c: no answer e false|d:  false|".to_owned())
    );
    assert_eq!(rendered(&plan, &all, "{{ steps.each.results[0].status }}"), Ok("200".to_owned()));
    // Not even one of them succeeded: there is a table all the same.
    let mut none = view([(item(0), blocked)]);
    none.lists.insert("each".into(), vec![json!("a")].into());
    assert_eq!(rendered(&plan, &none, table), Ok("a: no answer e false|".to_owned()));
}

#[test]
fn an_empty_list_left_no_results() {
    let plan = plan(BOOK);
    let mut view = RunView::default();
    view.lists.insert("each".into(), Arc::default());
    assert_eq!(rendered(&plan, &view, "{{ steps.each.results | length }}"), Ok("0".to_owned()));
}

#[test]
fn what_a_host_says_is_data() {
    let plan = plan(&format!("secrets: {{db: {{env: DB}}}}\n{BOOK}"));
    let asking = format!("{} {{{{ secrets.db }}}}", crate::base::secret::sealed("db"));
    let view = view([(unit("one", None, Some("old")), left(&asking))]);
    let rendered = rendered(&plan, &view, "{{ steps.one.stdout }}").unwrap();
    assert_eq!(rendered, "\u{FFFD}db\u{FFFD} {{ secrets.db }}");
}

#[test]
fn within_an_included_file_an_id_means_the_step_of_that_file() {
    let inner = "runbook: 1
vars: {side: none}
phases:
- id: p
  steps:
  - {id: one, on: old, run: 'echo {{ side | quote }}'}
  - {id: use, on: old, run: {script: x, env: {A: '{{ steps.one.stdout }}', B: '{{ steps.top.stdout }}'}}}
";
    let outer = "runbook: 1
vars: {side: book}
hosts: {old: old}
phases:
- {id: first, steps: [{id: top, on: old, run: 'true'}, {id: one, on: old, run: 'true'}]}
- include: {file: inner.yaml, vars: {side: 'eu of {{ side }}'}, as: eu}
- include: inner.yaml
";
    let outer = outer.replace("- include: inner.yaml\n", "- include: {file: inner.yaml, as: us}\n");
    let (plan, diagnostics) = resolve(book_of(&[("b.yaml", &outer), ("inner.yaml", inner)]), &Inputs::default());
    assert_eq!(diagnostics.as_slice(), []);
    let plan = plan.unwrap();
    let uses = |id: &str| plan.step(&id.into()).unwrap().uses.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(uses("eu-use"), ["eu-one", "top"]);
    assert_eq!(uses("us-use"), ["top", "us-one"]);
    let run = RunId::from("r1");
    let situation = Situation { run: &run, started: at(), view: None };
    let sides: BTreeMap<String, String> = plan
        .steps()
        .filter(|step| step.id().as_str().ends_with("-one"))
        .map(|step| {
            let side = Scope::of(&plan, step, situation, None, None).text(&text("{{ side }}"));
            (step.id().to_string(), side.unwrap())
        })
        .collect();
    assert_eq!(sides["eu-one"], "eu of book");
    assert_eq!(sides["us-one"], "none");
    assert_eq!(plan.phases[1].vars["side"], json!("eu of book"));
}
