//! Regular expressions in templates: `is matching(pat=…)`, `| find(pat=…)`, `| find_all(pat=…)`.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::{Captures, Regex};
use serde_json::{Map, Value, json};
use tera::{Kwargs, State, Tera, TeraResult};

use crate::model::decode;

use super::fault::Fault;
use super::template::{Code, Template, Token, Word};
use super::value;

/// How many patterns are kept ready. A template has a few, and uses them for every row of a table.
const KEPT: usize = 100;

/// What every match has: its whole text.
const WHOLE: &str = "text";

/// Lets templates look for patterns.
pub(super) fn register(tera: &mut Tera) {
    tera.register_test("matching", |text: &str, named: Kwargs, _: &State<'_>| -> TeraResult<bool> {
        Ok(pattern(&named)?.is_match(text))
    });
    tera.register_filter("find", |text: &str, named: Kwargs, _: &State<'_>| -> TeraResult<tera::Value> {
        let pattern = pattern(&named)?;
        let found = pattern.captures(text).map_or(Value::Null, |captures| groups(&pattern, &captures));
        Ok(value::for_templates(&found))
    });
    tera.register_filter("find_all", |text: &str, named: Kwargs, _: &State<'_>| -> TeraResult<tera::Value> {
        let pattern = pattern(&named)?;
        let found = pattern.captures_iter(text).map(|captures| groups(&pattern, &captures));
        Ok(value::for_templates(&Value::Array(found.collect())))
    });
}

/// A match by the names of its groups, and all of it as `text`. A group that took no part is null.
fn groups(pattern: &Regex, captures: &Captures<'_>) -> Value {
    let mut found = Map::new();
    found.insert(WHOLE.to_owned(), json!(&captures[0]));
    for name in pattern.capture_names().flatten() {
        found.insert(name.to_owned(), json!(captures.name(name).map(|group| group.as_str())));
    }
    Value::Object(found)
}

fn pattern(named: &Kwargs) -> TeraResult<Regex> {
    static READY: OnceLock<Mutex<HashMap<String, Regex>>> = OnceLock::new();
    let text = named.must_get::<&str>("pat")?;
    let mut ready = READY.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = ready.get(text) {
        return Ok(pattern.clone());
    }
    let pattern = read(text).map_err(tera::Error::message)?;
    if ready.len() >= KEPT {
        ready.clear();
    }
    ready.insert(text.to_owned(), pattern.clone());
    Ok(pattern)
}

/// A pattern whose matches can be told by the names of its groups.
fn read(text: &str) -> Result<Regex, String> {
    let pattern = decode::pattern(text)?;
    match pattern.capture_names().flatten().find(|name| *name == WHOLE) {
        Some(_) => Err(format!("a group cannot be called `{WHOLE}`: that is the whole match")),
        None => Ok(pattern),
    }
}

/// What is wrong with the patterns that a template writes out: each is known before anything is rendered.
pub(super) fn misread(template: &Template<'_>) -> Vec<Fault> {
    let of_code = |code: &Code<'_>| {
        let written = code.tokens.windows(6).filter_map(|words| match words {
            // One that is put together is known when it is rendered.
            [name, open, pat, is, text, close]
                if takes_a_pattern(name)
                    && open.is_sign("(")
                    && pat.is_name("pat")
                    && is.is_sign("=")
                    && close.is_sign(")") =>
            {
                let Word::Text(written) = &text.word else { return None };
                read(written).err().map(|why| Fault::wrong(text.range.clone(), why))
            }
            _ => None,
        });
        written.collect::<Vec<_>>()
    };
    template.codes().flat_map(of_code).collect()
}

fn takes_a_pattern(token: &Token<'_>) -> bool {
    ["matching", "find", "find_all"].iter().any(|name| token.is_name(name))
}

#[cfg(test)]
mod tests {
    use tera::Context;

    use super::*;

    fn rendered(template: &str) -> Result<String, String> {
        let mut tera = Tera::default();
        register(&mut tera);
        let mut context = Context::new();
        context.insert("line", "max-age=63072000; preload");
        tera.render_str(template, &context, false).map_err(|error| error.to_string())
    }

    #[test]
    fn templates_look_for_patterns() {
        for (template, due) in [
            ("{{ line is matching(pat='^max-age=[0-9]+;') }}", "true"),
            ("{{ line is not matching(pat='preload=') }}", "true"),
            (
                "{% set age = line | find(pat='age=(?<n>[0-9]+)(?<unit>[a-z])?') %}{{ age.text }} {{ age.n }}",
                "age=63072000 63072000",
            ),
            ("{% set age = line | find(pat='age=(?<unit>[a-z])?') %}{{ age.unit is none }}", "true"),
            ("{{ line | find(pat='nothing') is none }}", "true"),
            ("{% for word in line | find_all(pat='[a-z-]+') %}<{{ word.text }}>{% endfor %}", "<max-age><preload>"),
            ("{{ [word.w for word in line | find_all(pat='(?<w>[a-z]+)')] | join(sep='+') }}", "max+age+preload"),
            ("{{ line | find_all(pat='nothing') | length }}", "0"),
            ("{{ \"a\\nb\" is matching(pat='^b$') }}", "true"),
        ] {
            assert_eq!(rendered(template).as_deref(), Ok(due), "{template}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (template, due) in [
            ("{{ line | find(pat='a(') }}", "the regular expression cannot be read: unclosed group"),
            ("{{ line is matching(pat='(?<text>a)') }}", "a group cannot be called `text`: that is the whole match"),
            ("{{ line is matching(pat='(a{1000}){1000}') }}", "the regular expression cannot be read: "),
            ("{{ line | find_all }}", "pat"),
        ] {
            let told = rendered(template).unwrap_err();
            assert!(told.contains(due), "{template}: {told}");
        }
    }

    #[test]
    fn what_is_written_out_is_looked_at_beforehand() {
        let told = |text: &str| {
            let faults = misread(&Template::read(text)).into_iter().map(|fault| match fault {
                Fault::Wrong { range, message, .. } => (text[range].to_owned(), message),
                other => panic!("{other:?}"),
            });
            faults.collect::<Vec<_>>()
        };
        let unclosed =
            |at: &str| vec![(at.to_owned(), "the regular expression cannot be read: unclosed group".to_owned())];
        assert_eq!(told("{{ x | find(pat='a(') }}"), unclosed("'a('"));
        assert_eq!(told("{% if x is matching(pat=\"(\\\\d\") %}{% endif %}"), unclosed("\"(\\\\d\""));
        assert_eq!(told("{{ x | find_all(pat='(' ~ some) }} find(pat='(' {{ y | split(pat='(') }}"), []);
    }

    #[test]
    fn no_more_patterns_are_kept_than_are_used() {
        for n in 0..3 * KEPT {
            assert_eq!(rendered(&format!("{{{{ line is matching(pat='{n}x') }}}}")).as_deref(), Ok("false"));
        }
    }
}
