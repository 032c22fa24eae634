//! `--var` and `--vars-file`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{Diagnostics, decode, yaml};
use crate::plan::value_of_node;

/// The variable that `--var name=value` gives: always text.
pub(crate) fn argument(said: &str, diagnostics: &mut Diagnostics) -> Option<(String, Value)> {
    match said.split_once('=') {
        Some((name, value)) if is_name(name) => Some((name.to_owned(), Value::String(value.to_owned()))),
        Some((name, _)) => {
            diagnostics
                .error_at_large(format!("--var {said}: `{name}` is no name for a variable"))
                .hint("letters, digits and `_`, and no digit first");
            None
        }
        None => {
            diagnostics
                .error_at_large(format!("--var {said}: a name and a value are due"))
                .hint(format!("--var {said}=VALUE"));
            None
        }
    }
}

/// The variables of a `--vars-file`: a mapping, any YAML values.
pub(crate) fn file(name: &str, text: &str, diagnostics: &mut Diagnostics) -> BTreeMap<String, Value> {
    let Some(node) = yaml::parse(&Arc::from(name), text, diagnostics) else { return BTreeMap::new() };
    let entries = decode::pairs(&node, diagnostics).unwrap_or_default();
    let mut variables = BTreeMap::new();
    for (key, node) in entries {
        if is_name(&key.value) {
            variables.insert(key.value, value_of_node(&node));
        } else {
            diagnostics
                .error(&key.span, format!("`{}` is no name for a variable", key.value))
                .hint("letters, digits and `_`, and no digit first");
        }
    }
    variables
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_of_variables_keeps_types_and_the_text_of_what_is_no_plain_number() {
        let mut diagnostics = Diagnostics::default();
        let text =
            "port: 22\nmode: 0644\nquoted: '22'\non: yes\nreally: true\nnone: ~\nlist: [1.5, {a: b}]\nhuge: 1e3\n";
        let read = file("vars.yaml", text, &mut diagnostics);
        assert_eq!(
            serde_json::to_value(read).unwrap(),
            json!({"port": 22, "mode": "0644", "quoted": "22", "on": "yes", "really": true, "none": null, "list": [1.5, {"a": "b"}], "huge": "1e3"})
        );
        assert!(diagnostics.as_slice().is_empty());
    }

    #[test]
    fn an_argument_is_text_whatever_is_in_it() {
        let mut diagnostics = Diagnostics::default();
        let read = argument("site=a=b $(c)\n'", &mut diagnostics).unwrap();
        assert_eq!(read, ("site".to_owned(), json!("a=b $(c)\n'")));
        for wrong in ["site", "=x", "1a=x", "a-b=x"] {
            assert_eq!(argument(wrong, &mut diagnostics), None, "{wrong}");
        }
        assert_eq!(diagnostics.as_slice().len(), 4);
    }
}
