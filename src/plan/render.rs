//! Rendering of one text, given what its names stand for.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use serde_json::Value;
use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult};

use crate::base::{secret, shell};

use super::fault::Fault;
use super::patterns;
use super::template::{Code, Piece, Reference, Segment, Template, is_template};
use super::value;

/// What the names in a template stand for.
pub(super) trait Names {
    /// What `root` stands for, where it is anything; `references` are those of the template that begin with it.
    fn value(&self, root: &str, references: &[&Reference]) -> Result<Option<tera::Value>, Fault>;

    /// Says why `reference` stands for nothing.
    fn explain(&self, reference: &Reference) -> Fault;
}

/// `text`, rendered.
pub(super) fn text<'t>(text: &'t str, names: &dyn Names) -> Result<Cow<'t, str>, Fault> {
    if !is_template(text) {
        return Ok(Cow::Borrowed(text));
    }
    rendered(&Template::read(text), text, names).map(Cow::Owned)
}

fn rendered(template: &Template<'_>, text: &str, names: &dyn Names) -> Result<String, Fault> {
    if !template.is_simple() {
        if let Some(fault) = misread(template, text, names) {
            return Err(fault);
        }
        let context = context(template, names)?;
        return tera().render_str(text, &context, false).map_err(|error| fault(&error, text, template, names));
    }
    let mut whole = String::with_capacity(text.len() + 32);
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Output(code) => whole.push_str(&text_of(&simple_value(code, names)?)),
            Piece::Tag(_) | Piece::Comment | Piece::Raw => {}
        }
    }
    Ok(whole)
}

fn text_of(value: &tera::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value that `text` gives: where it is exactly one expression, that keeps its type.
pub(super) fn value(text: &str, names: &dyn Names) -> Result<Value, Fault> {
    let template = Template::read(text);
    match template.only_expression() {
        Some(code) => evaluated(&template, code, text, names),
        None => rendered(&template, text, names).map(Value::String),
    }
}

/// What an expression without braces gives.
pub(super) fn expression(text: &str, names: &dyn Names) -> Result<Value, Fault> {
    let template = Template::expression(text);
    if let Some(fault) = misread(&template, text, names) {
        return Err(fault);
    }
    match template.only_expression() {
        Some(code) => evaluated(&template, code, text, names),
        None => Err(syntax(text, true).unwrap_or_else(|| Fault::wrong(0..text.len(), "not an expression"))),
    }
}

fn evaluated(template: &Template<'_>, code: &Code<'_>, text: &str, names: &dyn Names) -> Result<Value, Fault> {
    if code.simple().is_some() {
        return simple_value(code, names).map(|value| value::from_templates(&value));
    }
    if let Some(fault) = misread(template, text, names) {
        return Err(fault);
    }
    let context = context(template, names)?;
    let inner = &text[code.range.clone()];
    let kept = tera().render_str(&kept(inner), &context, false).map_err(|error| {
        fault(&error, inner, template, names).shifted(KEPT_BEFORE.len(), inner.len()).moved(code.range.start)
    })?;
    serde_json::from_str(&kept).map_err(|error| Fault::wrong(code.range.clone(), error.to_string()))
}

const KEPT_BEFORE: &str = "{{(";

/// A template that gives an expression's value as JSON.
fn kept(expression: &str) -> String {
    format!("{KEPT_BEFORE}{expression})|__runbook_json}}}}")
}

/// Why Tera cannot read `text`, a template or an expression without braces; none where it can. Nothing is looked up or done.
pub(super) fn syntax(text: &str, is_expression: bool) -> Option<Fault> {
    let (before, whole) = if is_expression {
        ("{% if false %}{{(", format!("{{% if false %}}{{{{({text})}}}}{{% endif %}}"))
    } else {
        ("{% if false %}", format!("{{% if false %}}{text}{{% endif %}}"))
    };
    let error = tera().render_str(&whole, &Context::new(), false).err()?;
    let fault = plain_fault(&error, &whole);
    Some(fault.shifted(before.len(), text.len()))
}

/// What Tera would read as something else than was meant.
pub(super) fn misread(template: &Template<'_>, text: &str, names: &dyn Names) -> Option<Fault> {
    if template.is_expression && is_template(text) {
        let fault = Fault::wrong(0..text.len(), "a condition is an expression without braces");
        return Some(fault.hint(format!("`{}`", text.replace("{{", "").replace("}}", "").trim())));
    }
    let subtraction = template.all_references().find(|reference| reference.hyphened.is_some());
    let comment = || comments_of_shells(template, text).pop().filter(|_| template.broken);
    subtraction.map(|reference| names.explain(reference)).or_else(comment)
}

/// Each `${#list}`, which a shell would take for a length and Tera for the beginning of a comment.
pub(super) fn comments_of_shells(template: &Template<'_>, text: &str) -> Vec<Fault> {
    let fault = |at: &usize| {
        let fault = Fault::wrong(at - 1..at + 2, "`${#` opens a comment of the template");
        fault.hint("between `{% raw %}` and `{% endraw %}` text stays as it is: `{% raw %}${#list}{% endraw %}`")
    };
    template.comments.iter().filter(|at| text[..**at].ends_with('$')).map(fault).collect()
}

/// The path's value, or why there is none.
fn simple_value(code: &Code<'_>, names: &dyn Names) -> Result<tera::Value, Fault> {
    let Some(simple) = code.simple() else { return Err(Fault::wrong(code.range.clone(), "not a path")) };
    let reference = simple.reference;
    let root = names.value(reference.root(), &[reference])?;
    let found = root.and_then(|root| at_path(root, &reference.path[1..]));
    let value = found.filter(|value| !value.is_undefined()).ok_or_else(|| names.explain(reference))?;
    if !simple.quote {
        return Ok(value);
    }
    if value.as_str().is_some_and(secret::is_sealed) {
        return Err(secret_as_it_is(reference));
    }
    quoted(&value).map(tera::Value::from).map_err(|why| Fault::wrong(reference.range.clone(), why))
}

/// A secret is there by its name only: what changes it would change that.
pub(super) fn secret_as_it_is(reference: &Reference) -> Fault {
    let fault = Fault::wrong(reference.range.clone(), "a secret is put in as it is");
    fault.hint("no filter and no condition can see its value: `{{ secrets.NAME }}`")
}

fn at_path(value: tera::Value, path: &[(Segment, Range<usize>)]) -> Option<tera::Value> {
    path.iter().try_fold(value, |value, (segment, _)| part(&value, segment))
}

/// What stands under a part of a path, as Tera has it: an index into a text gives a character.
pub(super) fn part(value: &tera::Value, segment: &Segment) -> Option<tera::Value> {
    match segment {
        Segment::Name(name) => value.as_map()?.get(&tera::value::Key::Str(name.as_str())).cloned(),
        Segment::Index(index) => match (value.as_array(), value.as_str()) {
            (Some(items), _) => items.get(*index).cloned(),
            (None, Some(text)) => text.chars().nth(*index).map(|c| tera::Value::from(c.to_string())),
            (None, None) => None,
        },
        Segment::Dynamic => None,
    }
}

/// Whether the reference leads somewhere in what its first name stands for. What is looked up by an expression may.
pub(super) fn has_path(root: &tera::Value, reference: &Reference) -> bool {
    let is_fixed = |(segment, _): &&(Segment, Range<usize>)| *segment != Segment::Dynamic;
    let fixed: Vec<_> = reference.path[1..].iter().take_while(is_fixed).cloned().collect();
    at_path(root.clone(), &fixed).is_some()
}

/// Whether a secret is named in what the reference leads to.
pub(super) fn is_sealed_at(names: &dyn Names, reference: &Reference) -> bool {
    let Ok(Some(root)) = names.value(reference.root(), &[reference]) else { return false };
    let found = at_path(root.clone(), &reference.path[1..]).unwrap_or(root);
    value::is_sealed(&value::from_templates(&found))
}

/// What Tera needs to know: no more than what the template refers to.
fn context(template: &Template<'_>, names: &dyn Names) -> Result<Context, Fault> {
    let mut context = Context::new();
    let all: Vec<&Reference> = template.all_references().collect();
    for reference in &all {
        let root = reference.root();
        if context.contains_key(root) {
            continue;
        }
        let same: Vec<&Reference> = all.iter().copied().filter(|other| other.root() == root).collect();
        if let Some(value) = names.value(root, &same)? {
            context.insert_value(root.to_owned(), value);
        }
    }
    Ok(context)
}

/// What Tera says, in our words; about something undefined `names` knows more.
fn fault(error: &tera::Error, text: &str, template: &Template<'_>, names: &dyn Names) -> Fault {
    let fault = plain_fault(error, text);
    let Fault::Wrong { message, range, .. } = &fault else { return fault };
    if !message.contains("undefined") && !message.contains("not defined") {
        return fault;
    }
    let about = |reference: &&Reference| reference.range.start <= range.end && range.start <= reference.range.end;
    template.references().find(about).map_or_else(|| fault.clone(), |reference| names.explain(reference))
}

fn plain_fault(error: &tera::Error, text: &str) -> Fault {
    match error.kind() {
        ErrorKind::SyntaxError(report) => {
            Fault::wrong(report.span().range.clone(), fragment(report.message())).hint(KEEP_RAW)
        }
        ErrorKind::RenderingError(report) => Fault::wrong(report.span().range.clone(), fragment(report.message())),
        other => {
            let told = other.to_string();
            let line = told.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let name = line.split('`').nth(1).unwrap_or_default();
            let range = match text.find(name).filter(|_| !name.is_empty()) {
                Some(at) => at..at + name.len(),
                None => 0..text.len(),
            };
            Fault::wrong(range, fragment(&line))
        }
    }
}

const KEEP_RAW: &str =
    "`{{`, `{%` and `{#` begin a template: between `{% raw %}` and `{% endraw %}` text stays as it is";

/// A message as a lower-case fragment of one line.
fn fragment(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim_end_matches('.');
    let mut characters = line.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn tera() -> &'static Tera {
    static TERA: OnceLock<Tera> = OnceLock::new();
    TERA.get_or_init(|| {
        let mut tera = Tera::default();
        patterns::register(&mut tera);
        tera.register_filter("quote", |value: &tera::Value, _: Kwargs, _: &State<'_>| -> TeraResult<String> {
            quoted(value).map_err(tera::Error::message)
        });
        tera.register_filter("__runbook_json", |value: &tera::Value, _: Kwargs, _: &State<'_>| {
            if value.is_undefined() {
                return Err(tera::Error::message("it is undefined"));
            }
            serde_json::to_string(value).map_err(tera::Error::message)
        });
        tera
    })
}

/// A shell word; of a list, a word of each item.
fn quoted(value: &tera::Value) -> Result<String, String> {
    if value.is_undefined() {
        return Err("`quote` of something undefined".to_owned());
    }
    if value.is_map() {
        return Err("`quote` makes a word of a text, not of a mapping".to_owned());
    }
    if let Some(items) = value.as_array() {
        let words: Result<Vec<String>, String> = items.iter().map(quoted).collect();
        return words.map(|words| words.join(" "));
    }
    let text = text_of(value);
    if secret::is_sealed(&text) {
        return Err("a secret cannot be quoted: its value is put in later".to_owned());
    }
    Ok(shell::quote(&text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    struct Fixed(BTreeMap<&'static str, tera::Value>);

    impl Fixed {
        fn new() -> Self {
            let values = [
                ("text", json!("a 'b'\n$(c)")),
                ("number", json!(8080)),
                ("broken", json!(0.5)),
                ("truth", json!(true)),
                ("none", json!(null)),
                ("list", json!(["x", {"name": "y z"}])),
                ("map", json!({"key": "v", "a-b": [1, 2]})),
            ];
            Self(values.into_iter().map(|(name, value)| (name, value::for_templates(&value))).collect())
        }
    }

    impl Names for Fixed {
        fn value(&self, root: &str, _: &[&Reference]) -> Result<Option<tera::Value>, Fault> {
            Ok(self.0.get(root).cloned())
        }

        fn explain(&self, reference: &Reference) -> Fault {
            Fault::wrong(reference.range.clone(), "undefined")
        }
    }

    /// Pieces of templates, right and wrong, in any order.
    fn template() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{{ ",
            " }}",
            "{{",
            "}}",
            "{{- ",
            " -}}",
            "{% if ",
            " %}",
            "{% endif %}",
            "{% for x in ",
            "{% endfor %}",
            "{# ",
            " #}",
            "{% raw %}",
            "{% endraw %}",
            "{% set x = ",
            "text",
            "number",
            "broken",
            "truth",
            "list",
            "map",
            "nope",
            "x",
            ".key",
            "[\"a-b\"]",
            "['key']",
            "[0]",
            "[1].name",
            "[9]",
            " | quote",
            " | upper",
            " | default(value='d')",
            " ~ ",
            " + ",
            " and ",
            "not ",
            " is defined",
            "'é'",
            "\"\\\"\"",
            "3",
            " ",
            "\n",
            "$",
            "{",
            "}",
            "#",
            "%",
            "é",
            "-",
            ".",
            "(",
            ")",
            "[",
            "]",
            "plain ",
        ]);
        let name = prop::sample::select(vec!["text", "number", "broken", "truth", "none", "list", "map", "nope", "x"]);
        let part = prop::sample::select(vec![
            "",
            "",
            ".key",
            "[\"a-b\"]",
            "['key']",
            "[0]",
            "[1].name",
            "[9]",
            "[number]",
            " .key",
            "?.key",
        ]);
        let after = prop::sample::select(vec![
            "",
            "",
            " | quote",
            "|quote",
            " | upper",
            " | default(value='d')",
            " | quote | upper",
            " ~ 'x' | quote",
            " + 1",
            " is defined",
        ]);
        let output = (name, part, after).prop_map(|(name, part, after)| format!("{{{{ {name}{part}{after} }}}}"));
        let pieces = prop_oneof![piece.prop_map(str::to_owned), output.clone(), output];
        prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        /// What is looked up without Tera is what Tera makes of it, and no text is too strange to be read.
        #[test]
        fn simple_templates_give_what_tera_gives(text in template()) {
            let names = Fixed::new();
            let context = Context::from_value(&names);
            let by_tera = tera().render_str(&text, &context, false);
            let ours = super::text(&text, &names);
            let template = Template::read(&text);
            let is_misread = misread(&template, &text, &names).is_some();
            if !is_misread {
                match (&ours, &by_tera) {
                    (Ok(ours), Ok(tera)) => prop_assert_eq!(ours, tera),
                    (Err(_), Err(_)) => {}
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert_eq!(template.broken && by_tera.is_ok(), false);
            let _ = (value(&text, &names), expression(&text, &names), syntax(&text, false), syntax(&text, true));
        }
    }

    trait FromNames {
        fn from_value(names: &Fixed) -> Self;
    }

    impl FromNames for Context {
        fn from_value(names: &Fixed) -> Self {
            let mut context = Self::new();
            for (name, value) in &names.0 {
                context.insert_value(*name, value.clone());
            }
            context
        }
    }
}
