//! The language as JSON Schema.

use serde_json::{Map, Value, json};

use crate::model::form::{Form, Schemas, schema};
use crate::model::kinds::{ACTIONS, ActionKind};

use super::parts::{BOOK, Beside, PARTS, Part, actions};

/// The schema of a runbook, by the draft of 2020-12.
#[must_use]
pub fn document() -> Value {
    let mut definitions = Map::new();
    definitions.insert("templated".to_owned(), schema(&Form::Template, Schemas::Written));
    for part in &PARTS {
        definitions.insert(part.name.to_owned(), with_actions(part));
    }
    for (action, kind) in actions() {
        definitions.insert(action.name.to_owned(), schema(&kind.form, Schemas::Rendered));
    }
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Runbook",
        "description": "A server migration, step by step, for the tool runbook",
    });
    put_into(&mut document, schema(&BOOK, Schemas::Written));
    document["$defs"] = Value::Object(definitions);
    document
}

/// A part, and the actions that may stand in it.
fn with_actions(part: &Part) -> Value {
    let mut schema = schema(&part.form, part.stands);
    let admitted: Vec<&ActionKind> = ACTIONS.iter().filter(|kind| part.beside.admits(kind)).collect();
    for kind in &admitted {
        let reference = json!({"$ref": format!("#/$defs/{}", kind.name), "description": kind.about});
        schema["properties"][kind.name] = reference;
    }
    let one = needs(admitted.iter().map(|kind| kind.name));
    match part.beside {
        Beside::Nothing => {}
        Beside::Step => schema["allOf"] = of_a_step(&one),
        Beside::Action | Beside::Look => schema["oneOf"] = one,
    }
    schema
}

/// What has to be in a step, where `one` says that exactly one action is.
fn of_a_step(one: &Value) -> Value {
    let on_a_host = actions().filter(|(_, kind)| kind.needs_host).map(|(action, _)| action.name);
    json!([
        {"anyOf": needs(["id", "name"])},
        {
            "if": {"required": ["restores"]},
            "then": {"anyOf": [{"oneOf": one}, {"not": {"anyOf": one}}]},
            "else": {"oneOf": one},
        },
        {"if": {"anyOf": needs(on_a_host)}, "then": {"required": ["on"]}},
    ])
}

fn needs<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    keys.into_iter().map(|key| json!({"required": [key]})).collect()
}

fn put_into(document: &mut Value, schema: Value) {
    if let Value::Object(words) = schema {
        for (word, value) in words {
            document[word] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::actions::registry::{Kind, Registry};
    use crate::actions::testing::node;
    use crate::model::Diagnostics;
    use crate::model::form::{ITEM, Mapping};
    use crate::model::kinds;

    /// A key that is near no other.
    const STRANGER: &str = "zzzzqqqqzzzz";

    /// A value with `text` where these keys lead to.
    fn around(text: &str, path: &[&str], kind: &str) -> String {
        let mut text = text.to_owned();
        for (depth, key) in path.iter().enumerate().rev() {
            // A zone has to be known before its records are looked at.
            let beside = if kind == "dns" && depth == 0 { "zone: example.org, " } else { "" };
            text = if *key == ITEM { format!("[{text}]") } else { format!("{{{beside}{key}: {text}}}") };
        }
        text
    }

    /// What is said about a value that has `STRANGER` in it: the words that would have been known there.
    fn known_beside(
        kind: &Kind,
        text: &str,
        said: impl Fn(&crate::model::Diagnostic) -> Option<String>,
    ) -> BTreeSet<String> {
        let mut diagnostics = Diagnostics::default();
        drop(kind.decode(&node(text), &mut diagnostics));
        let told = diagnostics.as_slice().iter().filter(|one| one.message.contains(STRANGER)).find_map(said);
        told.unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| *word != STRANGER)
            .map(str::to_owned)
            .collect()
    }

    /// What an action reads its own key by is what it has declared.
    #[test]
    fn every_action_reads_the_keys_and_words_that_it_declares_and_no_others() {
        let mut seen = 0;
        for kind in Registry.kinds() {
            for Mapping { path, keys } in kind.form.mappings() {
                seen += 1;
                let text = around(&format!("{{{STRANGER}: 1}}"), &path, kind.name);
                let known = known_beside(kind, &text, |told| told.hint.clone());
                let declared: BTreeSet<String> = keys.iter().map(|key| key.name.to_owned()).collect();
                assert_eq!(known, declared, "{} {text}", kind.name);
                for key in keys {
                    let Form::OneOf(words) = key.form else { continue };
                    let text = around(&format!("{{{}: {STRANGER}}}", key.name), &path, kind.name);
                    let known = known_beside(kind, &text, |told| Some(told.message.clone()));
                    let declared: BTreeSet<String> = words.iter().map(|&word| word.to_owned()).collect();
                    assert_eq!(known, declared, "{} {text}", kind.name);
                }
            }
        }
        assert!(seen >= 30, "only {seen} mappings were found");
    }

    #[test]
    fn every_action_is_in_the_schema() {
        let document = document();
        for kind in Registry.kinds() {
            assert!(document["$defs"][kind.name].is_object(), "{}", kind.name);
            assert!(document["$defs"]["step"]["properties"][kind.name].is_object(), "{}", kind.name);
            let looks = kinds::action(kind.name).is_some_and(|kind| kind.looks_only);
            assert_eq!(document["$defs"]["check"]["properties"].get(kind.name).is_some(), looks, "{}", kind.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
            match value {
                Value::Object(words) => {
                    found.extend(words.get("$ref").and_then(Value::as_str));
                    words.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let name = reference.strip_prefix("#/$defs/").unwrap();
            assert!(document["$defs"].get(name).is_some(), "{reference}");
        }
    }
}
