//! `show`: a text of the runbook's own, made of what earlier steps found. The screen and the report print it.

use std::sync::OnceLock;

use async_trait::async_trait;
use regex::Regex;

use crate::base::{Spanned, fs};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::said::MOST;

/// The largest template.
const LARGEST: u64 = 1 << 20;

/// A text to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show(What);

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// It stands in the runbook, and comes rendered.
    Text(String),
    /// It stands in a template file of the operator's.
    File(Spanned<String>),
}

const KEYS: [Key; 2] = [
    key("text", Form::Text, "the text, in Markdown"),
    key("src", Form::Word, "a template in a file of yours; its path is relative to the runbook"),
];

#[async_trait]
impl Action for Show {
    const KIND: &'static str = "show";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Either(&[Form::Text, Form::OneKeyOf(&KEYS, &["text", "src"])]);
    /// The text.
    type Seen = String;
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        if !matches!(value.shape, Shape::Map(_)) {
            return decode::text(value, diagnostics).map(What::Text).map(Self);
        }
        let mut fields = Fields::of(value, "`show`", &KEYS, diagnostics)?;
        let what = match fields.exactly_one(&["text", "src"]) {
            Some("src") => fields.required("src", |node, diagnostics| {
                decode::word(node, diagnostics).map(|path| What::File(Spanned::new(path, node.span.clone())))
            }),
            Some(_) => fields.required("text", decode::text).map(What::Text),
            None => None,
        };
        fields.done()?;
        what.map(Self)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<String>, ActionError> {
        self.rendered(cx).map(Check::Differs)
    }

    fn preview(&self, seen: &String) -> Preview {
        let first = seen.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing");
        Preview { summary: format!("show {first}"), detail: seen.clone(), undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &String, _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    async fn apply(&self, seen: &String, _cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Ok(Outputs { stdout: seen.clone(), ..Outputs::default() })
    }

    /// It is shown when it is settled: there is nothing to look at.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn local_files(&self) -> Vec<LocalFile> {
        match &self.0 {
            What::File(path) => vec![LocalFile { path: path.clone(), template: true }],
            What::Text(_) => Vec::new(),
        }
    }
}

impl Show {
    fn rendered(&self, cx: &Read<'_>) -> Result<String, ActionError> {
        let text = match &self.0 {
            What::Text(text) => text.clone(),
            What::File(src) => {
                let path = cx.around().local_path(&src.span, src);
                let template = fs::read_text(&path, LARGEST)?;
                if names_a_secret(&template) {
                    return Err(ActionError::failed_with_hint(
                        format!("{} uses a secret", path.display()),
                        "what is shown is kept in the journal and in reports: a secret cannot be a part of it",
                    ));
                }
                cx.around().render(&path.to_string_lossy(), &template)?
            }
        };
        let mut text = cx.around().masker().mask(text.trim_end());
        if text.len() > MOST {
            text.truncate(text.floor_char_boundary(MOST));
            text.push_str("\n… (the rest is left out: more than 1 MiB)");
        }
        Ok(text)
    }
}

/// Whether a template has `secrets` in one of its expressions.
fn names_a_secret(template: &str) -> bool {
    static SECRET: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = SECRET.get_or_init(|| Regex::new(r"(?s)\{[{%](?:[^}%]|%[^}])*?\bsecrets\b").ok());
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(template))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn a_text_or_a_file_is_read() {
        assert_eq!(decoded("'# Banks'"), Ok(Show(What::Text("# Banks".into()))));
        assert_eq!(decoded("{text: x}"), Ok(Show(What::Text("x".into()))));
        let Ok(Show(What::File(path))) = decoded("{src: templates/table.md.tera}") else { panic!() };
        assert_eq!((path.value.as_str(), path.span.column), ("templates/table.md.tera", 7));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("~", "a text is due here, found nothing"),
            ("[a]", "a text is due here, found a list"),
            ("{}", "`show` takes one of `text` or `src`"),
            ("{text: a, src: b}", "`show` takes one of `text` or `src`, found `text` and `src`"),
            ("{txt: a}", "`show` takes one of `text` or `src`\nunknown key `txt` in `show`; did you mean `text`?"),
        ] {
            assert_eq!(decoded::<Show>(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn a_summary_is_the_first_line_that_says_something() {
        let show = Show(What::Text(String::new()));
        let preview = show.preview(&"\n# Banks\n\n| a |".to_owned());
        assert_eq!((preview.summary.as_str(), preview.detail.as_str()), ("show # Banks", "\n# Banks\n\n| a |"));
        assert_eq!(show.preview(&String::new()).summary, "show nothing");
    }

    #[test]
    fn secrets_are_seen_in_expressions_only() {
        for with in
            ["{{ secrets.a }}", "{{secrets[\"a\"]}}", "{% set x = 5 % 2 %}{% if 1 %}{{ x ~\nsecrets.a }}{% endif %}"]
        {
            assert!(names_a_secret(with), "{with}");
        }
        for without in [
            "the secrets. of {{ x }}",
            "{{ x }} secrets.a {{ y }}",
            "{{ my_secrets.a }}",
            "{% if x %} secrets {% endif %}",
        ] {
            assert!(!names_a_secret(without), "{without}");
        }
    }
}
