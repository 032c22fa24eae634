//! `--answers`: what is said at gates and about manual steps where no person is there, by id.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::base::{Span, Spanned, fs};
use crate::model::book::Source;
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::nearest;
use crate::model::{Diagnostics, Node, Scalar, Shape, yaml};
use crate::plan::{Plan, PlannedStep};

/// Answers by the id of the phase or step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers(BTreeMap<String, Said>);

/// What is said beforehand about a phase or step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// At its gate.
    pub(crate) confirm: Option<Word>,
    /// About what a person has to do.
    pub(crate) manual: Option<Manual>,
    /// What the person is asked, by name.
    pub(crate) answers: BTreeMap<String, String>,
    /// A note that is kept.
    pub(crate) note: Option<String>,
}

/// What is answered: taking a step back asks for nothing that doing it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Steps that are done.
    Doing,
    /// Steps that are taken back.
    Undoing,
}

/// What is said at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The word that a gate wants to be typed back.
    Typed(String),
}

/// What became of a person's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manual {
    /// It is done.
    Done,
    /// It is left out.
    Skip,
}

impl Answers {
    /// What is said about that phase or step.
    pub(crate) fn of(&self, id: &str) -> Option<&Said> {
        self.0.get(id)
    }

    /// Reads a file of answers, and holds it against the plan.
    pub(crate) fn read(path: &Path, plan: &Plan, of: Of, diagnostics: &mut Diagnostics) -> (Self, Vec<Source>) {
        let name: Arc<str> = path.to_string_lossy().into();
        let text = match fs::read_text(path, yaml::MAX_BYTES) {
            Ok(text) => text,
            Err(error) => {
                diagnostics.error_at_large(error.to_string());
                return Default::default();
            }
        };
        let answers = match yaml::parse(&name, &text, diagnostics) {
            Some(node) => Self::decode(&node, diagnostics),
            None => Vec::new(),
        };
        for (id, said) in &answers {
            check(id, said, plan, of, diagnostics);
        }
        let answers = answers.into_iter().map(|(id, said)| (id.value, said)).collect();
        (Self(answers), vec![Source { name, path: path.to_owned(), text }])
    }

    fn decode(node: &Node, diagnostics: &mut Diagnostics) -> Vec<(Spanned<String>, Said)> {
        let entries = decode::pairs(node, diagnostics).unwrap_or_default();
        let said = |(id, node): (Spanned<String>, Node)| Some((id, said(&node, diagnostics)?));
        entries.into_iter().filter_map(said).collect()
    }

    /// As the journal keeps them.
    pub(crate) fn to_json(&self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        Value::Object(self.0.iter().map(|(id, said)| (id.clone(), said.to_json())).collect::<Map<_, _>>())
    }

    /// As the journal kept them.
    pub(crate) fn of_json(value: &Value) -> Self {
        let span = Span { file: "the journal".into(), line: 1, column: 1, start: 0, end: 0 };
        // They were checked when they were given.
        let mut diagnostics = Diagnostics::default();
        let node = tree(value, &span);
        let answers = if value.is_null() { Vec::new() } else { Self::decode(&node, &mut diagnostics) };
        Self(answers.into_iter().map(|(id, said)| (id.value, said)).collect())
    }
}

impl Said {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        match &self.confirm {
            Some(Word::Yes) => map.insert("confirm".into(), json!(true)),
            Some(Word::No) => map.insert("confirm".into(), json!(false)),
            Some(Word::Typed(word)) => map.insert("confirm".into(), json!(word)),
            None => None,
        };
        if let Some(manual) = self.manual {
            map.insert("manual".into(), json!(if manual == Manual::Done { "done" } else { "skip" }));
        }
        if !self.answers.is_empty() {
            map.insert("answers".into(), json!(self.answers));
        }
        if let Some(note) = &self.note {
            map.insert("note".into(), json!(note));
        }
        Value::Object(map)
    }
}

fn said(node: &Node, diagnostics: &mut Diagnostics) -> Option<Said> {
    let mut fields = Fields::of(node, "an answer", &["confirm", "manual", "answers", "note"], diagnostics)?;
    let confirm = fields.optional("confirm", word);
    let manual = fields.optional("manual", decode::one_of(&[("done", Manual::Done), ("skip", Manual::Skip)]));
    let answers = fields.optional("answers", decode::map_of_text).unwrap_or_default().into_iter().collect();
    let remark = fields.optional("note", decode::text);
    fields.done()?;
    Some(Said { confirm, manual, answers, note: remark })
}

/// `true`, `false`, or a word that has to be typed back.
fn word(node: &Node, diagnostics: &mut Diagnostics) -> Option<Word> {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text)) if text == "true" => Some(Word::Yes),
        Shape::Scalar(Scalar::Plain(text)) if text == "false" => Some(Word::No),
        Shape::Scalar(Scalar::Typed(Value::Bool(yes))) => Some(if *yes { Word::Yes } else { Word::No }),
        Shape::Scalar(Scalar::Plain(text)) if ["yes", "no", "on", "off"].contains(&text.as_str()) => {
            // In YAML 1.2 this is a word, and might be the one that is wanted: quotes say so.
            decode::boolean(node, diagnostics)?;
            None
        }
        _ => decode::text(node, diagnostics).map(Word::Typed),
    }
}

/// Whether there is such a phase or step, and it asks what is answered.
fn check(id: &Spanned<String>, said: &Said, plan: &Plan, of: Of, diagnostics: &mut Diagnostics) {
    let step = plan.steps().find(|step| step.id().as_str() == id.value);
    let is_phase = plan.phases.iter().any(|phase| phase.id.as_str() == id.value);
    if step.is_none() && !is_phase {
        let phases = plan.phases.iter().map(|phase| phase.id.as_str());
        let known = phases.chain(plan.steps().map(|step| step.id().as_str()));
        let wrong = diagnostics.error(&id.span, format!("the runbook has no phase or step `{}`", id.value));
        if let Some(near) = nearest(&id.value, known) {
            wrong.hint(format!("did you mean `{near}`?"));
        }
        return;
    }
    let asked = step.and_then(asks);
    if said.manual.is_some() && asked.is_none() {
        diagnostics.error(&id.span, format!("`{}` is no `manual` step: nobody is asked whether it is done", id.value));
    }
    let Some(asked) = asked else { return };
    for name in said.answers.keys().filter(|name| !asked.contains(name)) {
        let wrong = diagnostics.error(&id.span, format!("`{}` does not ask for `{name}`", id.value));
        if let Some(near) = nearest(name, asked.iter().map(String::as_str)) {
            wrong.hint(format!("did you mean `{near}`?"));
        }
    }
    let missing = asked.iter().find(|name| !said.answers.contains_key(*name));
    if let (Of::Doing, Some(Manual::Done), Some(missing)) = (of, said.manual, missing) {
        diagnostics
            .error(&id.span, format!("`{}` asks for `{missing}`, and that is not answered", id.value))
            .hint(format!("answers: {{{missing}: …}}"));
    }
}

/// What a manual step asks, by name; none where the step is no manual one.
fn asks(step: &PlannedStep) -> Option<Vec<String>> {
    let call = step.step.action.as_ref().filter(|call| call.kind.value == "manual")?;
    let asked = call.value.get("ask").map(|node| &node.shape);
    Some(match asked {
        Some(Shape::Map(entries)) => entries.iter().map(|(name, _)| name.value.clone()).collect(),
        _ => Vec::new(),
    })
}

fn tree(value: &Value, span: &Span) -> Node {
    let shape = match value {
        Value::Array(items) => Shape::List(items.iter().map(|item| tree(item, span)).collect()),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| (Spanned::new(key.clone(), span.clone()), tree(value, span));
            Shape::Map(map.iter().map(entry).collect())
        }
        scalar => Shape::Scalar(Scalar::Typed(scalar.clone())),
    };
    Node { shape, span: span.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> (Answers, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let node = yaml::parse(&Arc::from("answers.yaml"), text, &mut diagnostics).unwrap();
        let answers = Answers::decode(&node, &mut diagnostics);
        let messages = diagnostics.as_slice().iter().map(|one| one.message.clone()).collect();
        (Answers(answers.into_iter().map(|(id, said)| (id.value, said)).collect()), messages)
    }

    #[test]
    fn answers_survive_the_journal() {
        let (answers, wrong) = decoded(
            "prepare: {confirm: true}\nstop: {confirm: false}\nstatic-on: {confirm: libravatar}\n\
             announce: {manual: done, answers: {url: 'https://x', n: 3}, note: posted by cron}\nlater: {manual: skip}\nword: {confirm: 'true'}\n",
        );
        assert_eq!(wrong, Vec::<String>::new());
        let confirm = |id: &str| answers.of(id).unwrap().confirm.clone();
        assert_eq!(confirm("prepare"), Some(Word::Yes));
        assert_eq!(confirm("static-on"), Some(Word::Typed("libravatar".into())));
        assert_eq!(confirm("word"), Some(Word::Typed("true".into())));
        assert_eq!(answers.of("announce").unwrap().answers["n"], "3");
        assert_eq!(Answers::of_json(&answers.to_json()), answers);
        assert_eq!(Answers::of_json(&Value::Null), Answers::default());
    }

    #[test]
    fn what_is_no_answer_is_reported() {
        let (_, wrong) = decoded("a: {confrim: true}\nb: {manual: later}\nc: yes\nd: {confirm: yes}\n");
        assert_eq!(wrong.len(), 4, "{wrong:?}");
    }
}
