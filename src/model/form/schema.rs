//! Declarations as JSON Schema.

use serde_json::{Map, Value, json};

use super::declare::{Form, Key};

/// What marks a text as a template.
const TEMPLATE: &str = r"\{\{|\{%|\{#";

/// The units of a duration, from the largest to the smallest.
const DURATION: &str = "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

/// How forms become schemas, which differs with where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemas {
    /// Of the book: read as it is written, but for what says otherwise.
    Written,
    /// In an action: any of it may come from a template.
    Rendered,
}

/// The schema of a form.
#[must_use]
pub fn schema(form: &Form, place: Schemas) -> Value {
    let schema = plain(form, place);
    let is_text = matches!(form, Form::Any | Form::Text | Form::Template | Form::Word | Form::Regex);
    // A list of templates is told from a template of a list.
    if place == Schemas::Written || is_text || matches!(form, Form::Either(_) | Form::OrTemplate(_)) {
        return schema;
    }
    or_template(schema)
}

fn plain(form: &Form, place: Schemas) -> Value {
    let inner = |form: &Form| schema(form, place);
    match form {
        Form::Any => json!({}),
        Form::Text | Form::Regex => json!({"type": ["string", "number", "boolean"]}),
        Form::Template => json!({"type": "string", "pattern": TEMPLATE}),
        Form::Word => json!({"type": ["string", "number", "boolean"], "minLength": 1}),
        Form::Path => like("^/"),
        Form::Place => like("^[^/:]+:/"),
        Form::Boolean => json!({"type": "boolean"}),
        Form::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Form::Number(least) => json!({"type": "number", "minimum": least}),
        Form::Duration => json!({"type": "string", "minLength": 2, "pattern": DURATION}),
        Form::Instant => like("^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}(:?[0-9]{2})?|\\])$"),
        // YAML takes digits for a number before anybody can read them as a mode.
        Form::OctalMode => json!({"type": ["string", "integer"], "pattern": "^(0o)?[0-7]{3,4}$"}),
        Form::Mode => json!({"type": ["string", "integer"], "pattern": "^(0o)?[0-7]{3,4}$|^[ugoa]+[-+=]"}),
        Form::Id => json!({"type": ["string", "integer"], "pattern": "^[a-z0-9][a-z0-9_-]*$"}),
        Form::Like(pattern) => json!({"type": ["string", "number"], "pattern": pattern}),
        Form::OneOf(words) => json!({"enum": words}),
        Form::List(item) => json!({"type": "array", "items": inner(item)}),
        Form::OneOrMore(item) => any_of(vec![inner(item), json!({"type": "array", "items": inner(item)})]),
        Form::Map(value) => json!({"type": "object", "additionalProperties": inner(value)}),
        Form::Keys(keys) => mapping(keys, place),
        Form::OneKeyOf(keys, of) => with(mapping(keys, place), "oneOf", needs(of)),
        Form::SomeKeyOf(keys, of) => with(mapping(keys, place), "anyOf", needs(of)),
        Form::Either(forms) => any_of(forms.iter().map(inner).collect()),
        Form::OrTemplate(form) => or_template(inner(form)),
        Form::Defined(name) => json!({"$ref": format!("#/$defs/{name}")}),
    }
}

/// A mapping with these keys and no others. What may be left out may stand there empty, too.
#[must_use]
pub fn mapping(keys: &[Key], place: Schemas) -> Value {
    let property = |key: &Key| {
        let schema = schema(&key.form, place);
        let schema = if key.required { schema } else { or_nothing(schema) };
        (key.name.to_owned(), with(schema, "description", json!(said(key))))
    };
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// What a key says, and what holds without it.
fn said(key: &Key) -> String {
    if key.left_out.is_empty() { key.about.to_owned() } else { format!("{}. Left out: {}", key.about, key.left_out) }
}

fn like(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn needs(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({"required": [key]})).collect()
}

fn any_of(schemas: Vec<Value>) -> Value {
    let mut flat = Vec::new();
    for schema in schemas {
        match schema.get("anyOf") {
            Some(Value::Array(inner)) if schema.get("type").is_none() => flat.extend(inner.iter().cloned()),
            _ => flat.push(schema),
        }
    }
    let mut once: Vec<Value> = Vec::new();
    for schema in flat {
        if !once.contains(&schema) {
            once.push(schema);
        }
    }
    json!({"anyOf": once})
}

fn or_template(schema: Value) -> Value {
    any_of(vec![schema, json!({"$ref": "#/$defs/templated"})])
}

/// `key:` with nothing behind it counts as left out.
fn or_nothing(mut schema: Value) -> Value {
    if schema.as_object().is_some_and(Map::is_empty) {
        return schema;
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return json!({"enum": words.iter().cloned().chain([Value::Null]).collect::<Vec<_>>()});
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!("null")),
        Some(one) => *one = json!([one, "null"]),
        None => return any_of(vec![schema, json!({"type": "null"})]),
    }
    schema
}

/// `schema` with one more word in it.
fn with(mut schema: Value, word: &str, value: Value) -> Value {
    schema[word] = value;
    schema
}
