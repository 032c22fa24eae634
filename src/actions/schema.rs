//! The language as JSON Schema: the book as the loader declares it, and each action as it declares itself.

use serde_json::{Map, Value, json};

use crate::model::form::{Form, Key, Schemas, mapping, schema};
use crate::model::kinds::{self, ACTIONS, ActionKind};
use crate::model::load::DECLARED;

use super::kinds::http::Http;
use super::kinds::lookup::Lookup;
use super::registry::{Kind, Registry};

/// The schema of a runbook, by the draft of 2020-12.
#[must_use]
pub fn document() -> Value {
    let mut definitions = Map::new();
    definitions.insert("templated".to_owned(), schema(&Form::Template, Schemas::Written));
    definitions.insert("phase".to_owned(), named(mapping(DECLARED.phase, Schemas::Written)));
    definitions.insert("include".to_owned(), mapping(DECLARED.include, Schemas::Written));
    definitions.insert("step".to_owned(), step());
    definitions.insert("check".to_owned(), part(|kind| kind.looks_only));
    definitions.insert("part".to_owned(), part(|_| true));
    definitions.insert("expectation".to_owned(), schema(&Form::Either(&EXPECTATIONS), Schemas::Rendered));
    for kind in &ACTIONS {
        if let Some(action) = Registry.kind(kind.name) {
            definitions.insert(kind.name.to_owned(), schema(&action.form, Schemas::Rendered));
        }
    }
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Runbook",
        "description": "A server migration, step by step, for the tool runbook",
    });
    put_into(&mut document, mapping(DECLARED.book, Schemas::Written));
    document["oneOf"] = needs(["phases", "steps"]);
    document["$defs"] = Value::Object(definitions);
    document
}

/// What the probes of a `watch` take under `expect`, which may stand beside them.
const EXPECTATIONS: [Form; 3] = [Http::EXPECT, Form::Regex, Lookup::EXPECT];

/// A step: its own keys, and exactly one action; with `restores` one or none.
fn step() -> Value {
    let mut step = with_actions(DECLARED.step, |_| true);
    let one = needs(ACTIONS.iter().map(|kind| kind.name));
    let on_a_host = needs(Registry.kinds().iter().filter(|kind| kind.needs_host).map(|kind: &Kind| kind.name));
    step["allOf"] = json!([
        {"anyOf": needs(["id", "name"])},
        {
            "if": {"required": ["restores"]},
            "then": {"anyOf": [{"oneOf": one}, {"not": {"anyOf": one}}]},
            "else": {"oneOf": one},
        },
        {"if": {"anyOf": on_a_host}, "then": {"required": ["on"]}},
    ]);
    step
}

/// A step of `verify` or `undo`.
fn part(may_stand: impl Fn(&ActionKind) -> bool) -> Value {
    let mut part = with_actions(DECLARED.part, &may_stand);
    part["oneOf"] = needs(ACTIONS.iter().filter(|kind| may_stand(kind)).map(|kind| kind.name));
    part
}

fn with_actions(keys: &[Key], may_stand: impl Fn(&ActionKind) -> bool) -> Value {
    let mut schema = mapping(keys, Schemas::Written);
    for kind in kinds::ACTIONS.iter().filter(|kind| may_stand(kind)) {
        let reference = json!({"$ref": format!("#/$defs/{}", kind.name), "description": kind.about});
        schema["properties"][kind.name] = reference;
    }
    schema
}

/// Something that is known by its id, or by its name.
fn named(mut schema: Value) -> Value {
    schema["anyOf"] = needs(["id", "name"]);
    schema
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
    use crate::actions::testing::node;
    use crate::model::Diagnostics;

    /// A key that is near no other.
    const STRANGER: &str = "zzzzqqqqzzzz";

    /// Each mapping in a form, by the keys that lead there.
    fn mappings(form: &Form, path: &[&'static str], found: &mut Vec<(Vec<&'static str>, &'static [Key])>) {
        match form {
            Form::Keys(keys) | Form::OneKeyOf(keys, _) | Form::SomeKeyOf(keys, _) => {
                found.push((path.to_vec(), keys));
                for key in *keys {
                    mappings(&key.form, &[path, &[key.name]].concat(), found);
                }
            }
            Form::List(inner) => mappings(inner, &[path, &[LISTED]].concat(), found),
            Form::OneOrMore(inner) | Form::OrTemplate(inner) | Form::Map(inner) => mappings(inner, path, found),
            Form::Either(forms) => forms.iter().for_each(|form| mappings(form, path, found)),
            _ => {}
        }
    }

    const LISTED: &str = "[]";

    /// A value with `text` where these keys lead to.
    fn around(text: &str, path: &[&str], kind: &str) -> String {
        let mut text = text.to_owned();
        for (depth, key) in path.iter().enumerate().rev() {
            // A zone has to be known before its records are looked at.
            let beside = if kind == "dns" && depth == 0 { "zone: example.org, " } else { "" };
            text = if *key == LISTED { format!("[{text}]") } else { format!("{{{beside}{key}: {text}}}") };
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
            let mut found = Vec::new();
            mappings(&kind.form, &[], &mut found);
            for (path, keys) in found {
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
