use serde_json::json;

use super::*;

const INNER: [Key; 2] = [required("a", Form::Integer(1, 9), "a number"), key("b", Form::Text, "a text")];

#[test]
fn a_mapping_knows_its_keys_and_no_others() {
    assert_eq!(
        schema(&Form::Keys(&INNER), Schemas::Written),
        json!({
            "type": "object",
            "properties": {
                "a": {"type": "integer", "minimum": 1, "maximum": 9, "description": "a number"},
                "b": {"type": ["string", "number", "boolean", "null"], "description": "a text"},
            },
            "additionalProperties": false,
            "required": ["a"],
        })
    );
}

#[test]
fn what_is_rendered_may_be_a_template_and_a_text_is_one_already() {
    let template = json!({"$ref": "#/$defs/templated"});
    assert_eq!(schema(&Form::Boolean, Schemas::Written), json!({"type": "boolean"}));
    assert_eq!(schema(&Form::Boolean, Schemas::Rendered), json!({"anyOf": [{"type": "boolean"}, template]}));
    assert_eq!(schema(&Form::Text, Schemas::Rendered), schema(&Form::Text, Schemas::Written));
    let either = schema(&Form::OneOrMore(&Form::Path), Schemas::Rendered);
    let path = json!({"type": "string", "pattern": "^/"});
    let list = json!({"type": "array", "items": {"anyOf": [path, template]}});
    assert_eq!(either, json!({"anyOf": [path, template, list]}), "each is said once");
}
