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

const OUTER: [Key; 4] = [
    key("one", Form::Keys(&INNER), "the inner one"),
    key("many", Form::List(&Form::OneKeyOf(&INNER, &["a", "b"])), "several").left_out("none"),
    key("same", Form::Either(&[Form::Text, Form::Keys(&INNER)]), "a|b"),
    key("thing", Form::OneOrMore(&Form::Defined("thing")), "what is defined elsewhere"),
];

#[test]
fn mappings_are_found_at_any_depth_each_with_the_keys_that_lead_there() {
    let found = Form::Map(&Form::Keys(&OUTER)).mappings();
    let paths: Vec<&[&str]> = found.iter().map(|mapping| mapping.path.as_slice()).collect();
    assert_eq!(paths, [&[][..], &["one"], &["many", ITEM], &["same"]]);
    assert_eq!(found[0].keys, OUTER);
    assert_eq!(found[2].keys, INNER);
    assert_eq!(Form::OneOrMore(&Form::Path).mappings(), []);
    assert_eq!(Form::OneOrMore(&Form::Keys(&INNER)).outermost(), [Form::Keys(&INNER)]);
}

#[test]
fn what_holds_without_a_key_is_in_its_description() {
    let keys = [key("a", Form::Any, "a thing").left_out("nothing"), key("b", Form::Any, "another")];
    let schema = schema(&Form::Keys(keys.to_vec().leak()), Schemas::Written);
    assert_eq!(schema["properties"]["a"]["description"], "a thing. Left out: nothing");
    assert_eq!(schema["properties"]["b"]["description"], "another");
}

fn reference() -> Reference<impl Fn(&str) -> Option<Place>> {
    Reference::new(|name: &str| {
        (name == "thing").then_some(Place { one: "thing", many: "things", title: "Things, all of them" })
    })
}

#[test]
fn a_reference_has_a_table_for_each_mapping_and_tells_the_same_once() {
    let mut reference = reference();
    reference.form(2, "Outer", "outer", &Form::Keys(&OUTER), ["Before.", "After."]);
    reference.form(2, "Another", "another", &Form::Either(&[Form::Duration, Form::Keys(&INNER)]), ["", ""]);
    let page = reference.page("Title", "Intro.");
    let due = "\
# Title

Intro.

- [Outer](#outer): [outer: one](#outer-one), [outer: many](#outer-many)
- [Another](#another)
- [Kinds of values](#kinds-of-values)

## Outer

Before.

Mapping with these keys:

| key | value | left out | what it says |
| --- | --- | --- | --- |
| `one` | [mapping](#outer-one) | | the inner one |
| `many` | list of [mappings](#outer-many) | none | several |
| `same` | text, or [mapping](#outer-one) | | a\\|b |
| `thing` | [thing](#things-all-of-them), or list of such | | what is defined elsewhere |

After.

### outer: one

Mapping with these keys:

| key | value | left out | what it says |
| --- | --- | --- | --- |
| `a` | whole number from 1 to 9 | **required** | a number |
| `b` | text | | a text |

### outer: many

List of mappings with these keys, exactly one of them `a` or `b`:

| key | value | left out | what it says |
| --- | --- | --- | --- |
| `a` | whole number from 1 to 9 | **required** | a number |
| `b` | text | | a text |

## Another

Duration, or [mapping](#outer-one).

## Kinds of values
";
    assert!(page.starts_with(due), "{page}");
}

#[test]
fn a_mapping_that_is_a_section_itself_has_its_own_table() {
    let mut reference = reference();
    reference.form(2, "First", "first", &Form::Keys(&INNER), ["", ""]);
    reference.form(2, "Second", "second", &Form::Keys(&INNER), ["", ""]);
    assert_eq!(reference.page("T", "I").matches("| `a` |").count(), 2);
}

#[test]
fn every_form_has_words() {
    let words = |form: Form| {
        let keys: &'static [Key] = vec![key("k", form, "")].leak();
        let mut reference = reference();
        reference.form(2, "S", "s", &Form::Keys(keys), ["", ""]);
        let page = reference.page("T", "I");
        let row = page.lines().find(|line| line.starts_with("| `k` |")).unwrap();
        row.trim_start_matches("| `k` |").trim_end_matches(" | | |").trim().to_owned()
    };
    for (form, due) in [
        (Form::Any, "anything"),
        (Form::List(&Form::Boolean), "list of booleans"),
        (Form::List(&Form::Any), "list of anything"),
        (Form::Map(&Form::Word), "mapping of names to lines"),
        (Form::Map(&Form::OneOrMore(&Form::Text)), "mapping of names to texts, or lists of such"),
        (Form::OrTemplate(&Form::Duration), "duration, or template"),
        (Form::Integer(1, 1), "`1`"),
        (Form::Integer(0, u64::from(u32::MAX)), "whole number from 0"),
        (Form::Number(1), "number from 1"),
        (Form::OneOf(&["a", "b", "c"]), "`a`, `b` or `c`"),
        (Form::Either(&[Form::Integer(1, 1), Form::OneOf(&["1"])]), "`1`"),
        (Form::Either(&[Form::Path, Form::Place, Form::Template]), "path, place, or template"),
        (Form::Like("a|b"), r"text like `a\|b`"),
        (Form::List(&Form::Defined("thing")), "list of [things](#things-all-of-them)"),
        (Form::Defined("other"), "`other`"),
    ] {
        assert_eq!(words(form), due);
    }
}
