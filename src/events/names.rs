//! What units are called.

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// How many columns an item may have that stands beside its step's name.
const SHORT: usize = 24;

/// What a unit is called, but for its host: its step's name, and which item of the list it is.
#[must_use]
pub fn unit_name(name: &str, item: Option<u32>, items: Option<&[Value]>) -> String {
    let Some(item) = item else { return name.to_owned() };
    let position = item + 1;
    match items {
        Some(items) => {
            let value = items.get(item as usize).and_then(short).map_or(String::new(), |value| format!(": {value}"));
            format!("{name} ({position}/{}{value})", items.len())
        }
        None => format!("{name} ({position})"),
    }
}

/// An item of a `foreach` that is short enough to stand beside its step's name.
fn short(item: &Value) -> Option<String> {
    let text = match item {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => item.to_string(),
        Value::Object(map) => short(map.get("name")?)?,
        _ => return None,
    };
    // Characters of no width could go on for ever.
    (text.width() <= SHORT && text.chars().nth(4 * SHORT).is_none()).then_some(text)
}
