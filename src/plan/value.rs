//! Values between YAML, JSON and Tera.

use serde_json::{Map, Number, Value};

use crate::base::secret::SEAL;
use crate::base::{Span, Spanned};
use crate::model::{Node, Scalar, Shape};

/// What a plain scalar stands for: a boolean, nothing, or a number where that is written out as the very same text. Everything else is text:
/// `0644`, `1.10`, `1e3`, `yes`. So a variable is rendered as it was written, and still can be counted with.
#[must_use]
pub(super) fn plain(text: &str) -> Value {
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "" | "~" | "null" => return Value::Null,
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Value::String(text.to_owned());
    }
    let whole = text.parse::<i64>().ok().filter(|number| number.to_string() == text).map(Number::from);
    let broken = || {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && format!("{number:?}") == text)?;
        Number::from_f64(number)
    };
    whole.or_else(broken).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// The value of a scalar that is no template.
pub(super) fn of_scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Plain(text) => plain(text),
        Scalar::Quoted(text) => Value::String(text.clone()),
        Scalar::Typed(value) => value.clone(),
        Scalar::Unknown(_) => Value::Null,
    }
}

/// The value of a tree without templates.
#[must_use]
pub fn of_node(node: &Node) -> Value {
    match &node.shape {
        Shape::Scalar(scalar) => of_scalar(scalar),
        Shape::List(items) => Value::Array(items.iter().map(of_node).collect()),
        Shape::Map(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.value.clone(), of_node(node))).collect())
        }
    }
}

/// What a template of exactly one expression gave, in its place.
pub(super) fn into_shape(value: Value, span: &Span) -> Shape {
    let node = |value| Node { shape: into_shape(value, span), span: span.clone() };
    match value {
        Value::Array(items) => Shape::List(items.into_iter().map(node).collect()),
        Value::Object(entries) => {
            let entry = |(key, value)| (Spanned::new(key, span.clone()), node(value));
            Shape::Map(entries.into_iter().map(entry).collect())
        }
        scalar => Shape::Scalar(Scalar::Typed(scalar)),
    }
}

/// `value` without the mark that stands around the names of secrets: what comes from elsewhere cannot ask for one.
#[must_use]
pub(super) fn unmarked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(unmarked_text(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(unmarked).collect()),
        Value::Object(entries) => {
            let entry = |(key, value)| (unmarked_text(key), unmarked(value));
            Value::Object(entries.into_iter().map(entry).collect::<Map<_, _>>())
        }
        other => other,
    }
}

pub(super) fn unmarked_text(text: String) -> String {
    if text.contains(SEAL) { text.replace(SEAL, "\u{FFFD}") } else { text }
}

/// Every text in `value` as `change` has it.
pub(super) fn map_texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| map_texts(item, change)).collect()),
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| (key.clone(), map_texts(value, change));
            Value::Object(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    }
}

/// Whether a secret is named somewhere in it.
pub(super) fn is_sealed(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(SEAL),
        Value::Array(items) => items.iter().any(is_sealed),
        Value::Object(entries) => entries.values().any(is_sealed),
        _ => false,
    }
}

/// As templates see it.
pub(super) fn for_templates(value: &Value) -> tera::Value {
    tera::Value::from_serializable(value)
}

/// As everything else sees it.
pub(super) fn from_templates(value: &tera::Value) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_scalar_is_what_gives_its_text_back() {
        for (text, value) in [
            ("0644", json!("0644")),
            ("644", json!(644)),
            ("-5", json!(-5)),
            ("-0", json!("-0")),
            ("+5", json!("+5")),
            ("1.5", json!(1.5)),
            ("1.10", json!("1.10")),
            ("1.0", json!(1.0)),
            ("1e3", json!("1e3")),
            ("0x1F", json!("0x1F")),
            ("12345678901234567890123", json!("12345678901234567890123")),
            (".inf", json!(".inf")),
            ("NaN", json!("NaN")),
            ("true", json!(true)),
            ("False", json!("False")),
            ("yes", json!("yes")),
            ("~", json!(null)),
            ("", json!(null)),
            ("www.example.org", json!("www.example.org")),
            ("2018-08-13", json!("2018-08-13")),
        ] {
            assert_eq!(plain(text), value, "{text}");
            if !value.is_null() {
                assert_eq!(for_templates(&plain(text)).to_string(), text, "rendered as written");
            }
        }
    }

    #[test]
    fn values_keep_their_type_and_order_through_templates() {
        let value = json!({"b": [1, 2.5, true, null, "x"], "a": {"z": 1, "c": -3}});
        let back = from_templates(&for_templates(&value));
        assert_eq!(back, value);
        assert_eq!(back.to_string(), value.to_string());
    }

    #[test]
    fn what_comes_from_elsewhere_cannot_name_a_secret() {
        let sealed = crate::base::secret::sealed("db");
        let value = unmarked(json!({"a": [sealed.clone()], sealed: 1}));
        assert!(!value.to_string().contains(SEAL));
        assert_eq!(value["a"][0], json!("\u{FFFD}db\u{FFFD}"));
    }
}
