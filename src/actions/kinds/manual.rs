//! `manual`: what only a person can do. The engine asks; the answer is kept.

use std::fmt::Write as _;

use async_trait::async_trait;

use crate::base::Spanned;
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Hold, Reversible, Task, Verdict};

/// A person's step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual(Task);

const KEYS: [Key; 3] = [
    required("text", Form::Text, "what to do, in Markdown"),
    key("ask", Form::Map(&Form::Word), "what is asked afterwards, by name: later steps read `steps.ID.answers.NAME`"),
    key("checklist", Form::List(&Form::Word), "what has to be ticked off"),
];

#[async_trait]
impl Action for Manual {
    const KIND: &'static str = "manual";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Either(&[Form::Text, Form::Keys(&KEYS)]);
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        if !matches!(value.shape, Shape::Map(_)) {
            return markdown(value, diagnostics).map(|text| Self(Task { text, ..Task::default() }));
        }
        let mut fields = Fields::of(value, "`manual`", &KEYS, diagnostics)?;
        let text = fields.required("text", markdown);
        let ask = fields.optional("ask", questions).unwrap_or_default();
        let checklist = fields.optional("checklist", decode::list(decode::word)).unwrap_or_default();
        fields.done()?;
        Some(Self(Task { text: text?, ask, checklist }))
    }

    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        let Task { text, ask, checklist } = &self.0;
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let mut detail = text.trim_end().to_owned();
        for item in checklist {
            let _ = write!(detail, "\n- [ ] {item}");
        }
        for (_, question) in ask {
            let _ = write!(detail, "\n? {question}");
        }
        Preview { summary: format!("a person: {first}"), detail, undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    /// The person has done it when this is called.
    async fn apply(&self, _seen: &(), _cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Ok(Outputs { changed: true, ..Outputs::default() })
    }

    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    /// Whoever was not heard is asked again.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn hold(&self) -> Option<Hold> {
        Some(Hold::Person(self.0.clone()))
    }
}

fn markdown(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let text = decode::text(node, diagnostics)?;
    if text.trim().is_empty() {
        diagnostics.error(&node.span, "the text says nothing to do");
        return None;
    }
    Some(text)
}

/// What is asked, by the name under which later steps find the answer.
fn questions(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(String, String)>> {
    let questions = decode::map_of(decode::word)(node, diagnostics)?;
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut whole = true;
    for (Spanned { value: name, span }, _) in &questions {
        if !plain(name) || name.starts_with(|c: char| c.is_ascii_digit()) {
            diagnostics
                .error(span, format!("`{name}` is no name for an answer"))
                .hint("letters, digits and `_`: later steps read it as `steps.ID.answers.NAME`");
            whole = false;
        }
    }
    whole.then(|| questions.into_iter().map(|(name, question)| (name.value, question)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn a_task_is_text_questions_and_a_checklist() {
        let tweet: Manual = decoded("Tweet about it").unwrap();
        let Some(Hold::Person(task)) = tweet.hold() else { panic!() };
        assert_eq!(task, Task { text: "Tweet about it".into(), ..Task::default() });
        let text = "{text: \"\\n# Announce\\n\\nPost it.\\n\", ask: {url: Link to it}, checklist: [one, two]}";
        let Manual(task) = decoded(text).unwrap();
        assert_eq!(task.ask, [("url".to_owned(), "Link to it".to_owned())]);
        let preview = Manual(task).preview(&());
        assert_eq!(preview.summary, "a person: # Announce");
        assert_eq!(preview.detail, "\n# Announce\n\nPost it.\n- [ ] one\n- [ ] two\n? Link to it");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("' '", "the text says nothing to do"),
            ("~", "a text is due here, found nothing"),
            ("{ask: {url: x}}", "`manual` lacks `text`"),
            ("{text: x, asks: {url: x}}", "unknown key `asks` in `manual`; did you mean `ask`?"),
            (
                "{text: x, ask: {the-url: x}}",
                "`the-url` is no name for an answer; letters, digits and `_`: later steps read it as `steps.ID.answers.NAME`",
            ),
            ("{text: x, checklist: done}", "a list is due here, found `done`"),
        ] {
            assert_eq!(decoded::<Manual>(text).unwrap_err(), due, "{text}");
        }
    }
}
