//! `steps.<id>`: what a step left, as templates see it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::actions::Registry;
use crate::base::{Role, UnitId};
use crate::events::UnitState;
use crate::events::record::Outputs;
use crate::events::view::{RunView, UnitView};
use crate::model::OnFailure;

use super::planned::{Plan, PlannedStep};
use super::value;

/// What is known of what a step left.
pub(super) enum Left {
    /// This.
    Known(Value),
    /// Nothing, for this reason: what stands for it holds next to nothing.
    Nothing(String, Value),
    /// It has not run.
    Unknown,
}

/// What the step left.
pub(super) fn of(plan: &Plan, step: &PlannedStep, view: Option<&RunView>) -> Left {
    let units: Vec<(&UnitId, &UnitView)> = view.into_iter().flat_map(|view| view.units_of(step.id())).collect();
    let list = view.and_then(|view| view.lists.get(step.id()));
    if units.is_empty() && !list.is_some_and(|items| items.is_empty()) {
        return match &step.left_out {
            Some(why) => Left::Nothing(format!("`{}` is left out: {why}", step.id()), json!({"changed": false})),
            None => Left::Unknown,
        };
    }
    let goes_on = step.step.max_failures.is_some_and(|allowed| allowed > 0)
        || step.step.on_failure.unwrap_or(plan.book.defaults.on_failure) == OnFailure::Continue;
    let is_settled = |state: &UnitState| state.is_over() || goes_on && state.is_in_trouble();
    if !units.iter().all(|(_, unit)| is_settled(&unit.state)) {
        return Left::Unknown;
    }
    let value = value(step, &units, list.map(|items| items.as_slice()));
    let left: Vec<&&UnitView> =
        units.iter().map(|(_, unit)| unit).filter(|unit| unit.state.is_over() && unit.outputs.is_some()).collect();
    if left.is_empty() && !units.is_empty() {
        let was_skipped = units.iter().all(|(_, unit)| matches!(unit.state, UnitState::Skipped));
        let why = if was_skipped { "was skipped" } else { "did not succeed" };
        return Left::Nothing(format!("`{}` {why}: it left no output", step.id()), value);
    }
    Left::Known(value)
}

fn value(step: &PlannedStep, units: &[(&UnitId, &UnitView)], list: Option<&[Value]>) -> Value {
    let mut items: BTreeMap<Option<u32>, BTreeMap<Option<&Role>, &UnitView>> = BTreeMap::new();
    for (unit, seen) in units {
        items.entry(unit.item).or_default().insert(unit.host.as_ref(), seen);
    }
    let none = BTreeMap::new();
    if step.step.foreach.is_none() {
        return of_item(items.get(&None).unwrap_or(&none));
    }
    let begun = items.keys().filter_map(|item| *item).max().map_or(0, |last| last + 1);
    let count = list.map_or(begun, |list| u32::try_from(list.len()).unwrap_or(u32::MAX).max(begun));
    let results: Vec<Value> = (0..count)
        .map(|index| {
            let mut result = of_item(items.get(&Some(index)).unwrap_or(&none));
            if let Value::Object(result) = &mut result {
                if let Some(item) = list.and_then(|list| list.get(index as usize)) {
                    result.insert("item".to_owned(), value::unmarked(item.clone()));
                }
                if step.hosts.len() <= 1 {
                    complete(step, result);
                }
            }
            result
        })
        .collect();
    json!({"changed": results.iter().any(has_changed), "results": results})
}

/// What the units of one item left: directly where there is one, and by host.
fn of_item(units: &BTreeMap<Option<&Role>, &UnitView>) -> Value {
    let mut hosts = Map::new();
    let mut whole = Map::new();
    for (host, unit) in units {
        let left = of_unit(unit);
        if let Some(host) = host {
            hosts.insert(host.to_string(), left.clone());
        }
        if let (1, Value::Object(left)) = (units.len(), left) {
            whole = left;
        }
    }
    let changed = units.values().any(|unit| has_changed(&of_unit(unit)));
    whole.insert("changed".to_owned(), Value::Bool(changed));
    if !hosts.is_empty() {
        whole.insert("hosts".to_owned(), Value::Object(hosts));
    }
    Value::Object(whole)
}

fn has_changed(left: &Value) -> bool {
    left.get("changed").and_then(Value::as_bool).unwrap_or(false)
}

/// What it left; and, where it did not get so far, why.
fn of_unit(unit: &UnitView) -> Value {
    match (&unit.outputs, &unit.state) {
        (Some(outputs), state) if state.is_over() => of_outputs(outputs),
        (_, UnitState::Failed(_, failure) | UnitState::Blocked(failure)) => value::unmarked(json!({
            "stderr": failure.stderr,
            "exit_code": failure.exit_code,
            "changed": false,
            "error": failure.why,
        })),
        (_, UnitState::Unsure(_, why)) => value::unmarked(json!({"changed": false, "error": why})),
        _ => json!({"changed": false}),
    }
}

/// Bytes from a host cannot name a secret.
fn of_outputs(outputs: &Outputs) -> Value {
    let mut left = json!({
        "stdout": outputs.stdout,
        "stderr": outputs.stderr,
        "exit_code": outputs.exit_code,
        "changed": outputs.changed,
        // Of an action that tells what is wrong without failing for it: `http` with `may_fail`.
        "error": outputs.data.as_ref().and_then(|data| data.get("error")),
        "answers": outputs.answers,
        "note": outputs.note,
    });
    if let (Value::Object(left), Some(Value::Object(data))) = (&mut left, &outputs.data) {
        for (name, value) in data {
            left.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    value::unmarked(left)
}

/// What a template may name of every result of a list, whatever became of its unit: there, if empty.
fn complete(step: &PlannedStep, result: &mut Map<String, Value>) {
    for (name, empty) in
        [("stdout", json!("")), ("stderr", json!("")), ("exit_code", Value::Null), ("error", Value::Null)]
    {
        result.entry(name).or_insert(empty);
    }
    for name in declared(step) {
        result.entry(*name).or_insert(Value::Null);
    }
}

/// What the step's action leaves beside the usual.
pub(super) fn declared(step: &PlannedStep) -> &'static [&'static str] {
    let action = step.step.action.as_ref();
    action.and_then(|action| Registry.kind(&action.kind.value)).map_or(&[], |kind| kind.outputs)
}
