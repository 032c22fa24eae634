//! The JSON Schema says of a runbook what the loader says: every example and every sample is valid, and what somebody gets wrong in it is
//! refused by both or by neither.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use runbook::actions::schema::document;
use runbook::model::load::load_with;
use runbook::model::{Diagnostics, Node, Scalar, Severity, Shape, yaml};
use serde_json::{Value, json};

use crate::blocks::{pages, root};
use crate::examples::{checked, frame, put_files, whole};

fn validator() -> Validator {
    jsonschema::draft202012::new(&document()).unwrap()
}

#[test]
fn the_schema_is_one() {
    jsonschema::draft202012::meta::validate(&document()).unwrap();
}

#[test]
fn every_runbook_and_every_example_is_valid() {
    let validator = validator();
    let mut texts = Vec::new();
    for folder in ["runbooks", "tests/lab/books"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(texts.len() >= 5);
    let pages = pages();
    let frame = frame(&pages);
    for page in &pages {
        for block in page.blocks().iter().filter(|block| block.language() == "yaml" && block.kind() != Some("wrong")) {
            texts.extend(whole(block, &frame).map(|text| (page.place(block), text)));
        }
    }
    let mut wrong = Vec::new();
    for (place, text) in &texts {
        let seen = as_an_editor_sees(&node(text));
        let told = validator.iter_errors(&seen).map(|error| format!("{}: {error}", error.instance_path()));
        wrong.extend(told.map(|told| format!("{place}: {told}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(texts.len() > 60, "only {} runbooks were found", texts.len());
}

#[test]
fn what_the_loader_refuses_the_schema_refuses_and_no_more() {
    let validator = validator();
    let pages = pages();
    let frame = frame(&pages);
    let mut disagreed = Vec::new();
    let mut tried = BTreeSet::new();
    let mut refused = 0;
    for page in &pages {
        let folder = tempfile::tempdir().unwrap();
        let blocks = page.blocks();
        put_files(&blocks, folder.path());
        let is_whole = |kind| matches!(kind, None | Some("steps" | "phases" | "top"));
        for block in blocks.iter().filter(|block| block.language() == "yaml" && is_whole(block.kind())) {
            let node = node(&whole(block, &frame).unwrap());
            for (what, slip) in slips(&node) {
                // The frame is the same around many examples.
                let top = what.split('.').next().and_then(|top| slip.get(top)).map(written);
                if !tried.insert((what.clone(), top)) {
                    continue;
                }
                let (by_form, by_anything) = loader_refuses(&slip, folder.path());
                // Anything can be a variable or an item; where it is used it may be of no use. A probe's `expect` may be a text, of a `tcp`.
                let by_form = by_form
                    && !what.starts_with("vars.")
                    && !what.ends_with("foreach")
                    && what != "watch.a text under expect";
                let schema = !validator.is_valid(&as_an_editor_sees(&slip));
                refused += usize::from(by_form && schema);
                if (by_form && !schema) || (schema && !by_anything) {
                    let who = if schema { "the schema alone refuses it" } else { "the loader alone refuses it" };
                    disagreed.push(format!("{}: {what}: {who}", page.place(block)));
                }
            }
        }
    }
    assert!(disagreed.is_empty(), "{}", disagreed.join("\n"));
    assert!(refused > 1000, "only {refused} slips were refused");
}

/// A runbook with one slip, each that can be made: a key that is misspelt, left out, or has something else under it.
fn slips(node: &Node) -> Vec<(String, Node)> {
    let mut slips = Vec::new();
    let instead = |shape: Shape| Node { shape, span: node.span.clone() };
    match &node.shape {
        Shape::Map(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                let name = &key.value;
                let with = |entry: Option<Node>, name: &str| {
                    let mut entries = entries.clone();
                    match entry {
                        Some(value) => {
                            name.clone_into(&mut entries[at].0.value);
                            entries[at].1 = value;
                        }
                        None => drop(entries.remove(at)),
                    }
                    instead(Shape::Map(entries))
                };
                slips.push((format!("{name} misspelt"), with(Some(value.clone()), &format!("{name}_zz"))));
                slips.push((format!("{name} left out"), with(None, name)));
                let odd = instead(Shape::Scalar(Scalar::Plain("7".to_owned())));
                let list = instead(Shape::List(vec![instead(Shape::List(vec![odd.clone()]))]));
                let entry = entries[at].0.clone().map(|_| "zz".to_owned());
                let map = instead(Shape::Map(vec![(entry, odd)]));
                slips.push((format!("a list under {name}"), with(Some(list), name)));
                slips.push((format!("a mapping under {name}"), with(Some(map), name)));
                let word = instead(Shape::Scalar(Scalar::Quoted("zz: !".to_owned())));
                slips.push((format!("a text under {name}"), with(Some(word), name)));
                let within = self::slips(value).into_iter();
                slips.extend(within.map(|(what, value)| (format!("{name}.{what}"), with(Some(value), name))));
            }
        }
        Shape::List(items) => {
            for (at, item) in items.iter().enumerate() {
                let within = self::slips(item).into_iter().map(|(what, item)| {
                    let mut items = items.clone();
                    items[at] = item;
                    (what, instead(Shape::List(items)))
                });
                slips.extend(within);
            }
        }
        Shape::Scalar(_) => {}
    }
    slips
}

/// Whether the loader refuses a runbook for its form: for keys that are unknown or lacking, or something of another shape. And whether it
/// refuses it at all.
fn loader_refuses(book: &Node, folder: &Path) -> (bool, bool) {
    let path = folder.join("slip.yaml");
    let text = written(book);
    let loaded = load_with(&path, &|asked| {
        if asked == path { Ok(text.as_bytes().to_vec()) } else { runbook::base::fs::read(asked) }
    });
    let (found, _) = checked(loaded);
    let errors: Vec<_> = found.iter().filter(|one| one.severity == Severity::Error).collect();
    let of_form = |message: &str| {
        message.starts_with("unknown key")
            || message.contains(" lacks `")
            || message.contains(" takes ")
            || message.contains("found a list")
            || message.contains("found a mapping")
            || message.contains("found `zz: !`")
    };
    // What goes with what is the loader's alone, and so is what a text means to the DNS.
    let beyond = [
        "`line` lacks",
        "a name server",
        "the name of a zone",
        "a name of the zone",
        "a record",
        "a server",
        "an encoding",
    ];
    let of_form = |message: &str| of_form(message) && !beyond.iter().any(|start| message.starts_with(start));
    (errors.iter().any(|one| of_form(&one.message)), !errors.is_empty())
}

fn node(text: &str) -> Node {
    let mut found = Diagnostics::default();
    let node = yaml::parse(&"t.yaml".into(), text, &mut found);
    assert!(found.as_slice().is_empty(), "{found:?}\n{text}");
    node.unwrap()
}

/// What YAML 1.2 says that it is, as an editor reads it before it asks the schema.
fn as_an_editor_sees(node: &Node) -> Value {
    match &node.shape {
        Shape::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.value.clone(), as_an_editor_sees(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Shape::List(items) => items.iter().map(as_an_editor_sees).collect(),
        Shape::Scalar(Scalar::Plain(text)) => plain(text),
        Shape::Scalar(other) => json!(other.text()),
    }
}

/// A plain scalar by the core schema of YAML 1.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return json!(true),
        "false" | "False" | "FALSE" => return json!(false),
        _ => {}
    }
    if let Some(octal) = text.strip_prefix("0o").and_then(|digits| u64::from_str_radix(digits, 8).ok()) {
        return json!(octal);
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if let Ok(number) = text.parse::<i64>() {
        return json!(number);
    }
    match text.parse::<f64>() {
        Ok(number) if numeric => json!(number),
        _ => json!(text),
    }
}

/// The runbook as YAML: what is no text stays as it was written.
fn written(node: &Node) -> String {
    match &node.shape {
        Shape::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", json!(key.value), written(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Shape::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Shape::Scalar(Scalar::Plain(text)) if !plain(text).is_string() && !text.is_empty() => text.clone(),
        Shape::Scalar(Scalar::Plain(text)) if text.is_empty() => "null".to_owned(),
        Shape::Scalar(scalar) => json!(scalar.text().unwrap_or_default()).to_string(),
    }
}
