//! Steps.

use crate::base::{Span, Spanned, StepId, duration};
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::{Diagnostics, nearest};
use crate::model::form::{Form, Key, Named, key, required};
use crate::model::kinds::{self, ACTIONS};
use crate::model::node::{Node, Scalar, Shape};
use crate::model::step::{ActionCall, Batch, OnFailure, Retry, Step, SubStep, Text};

use super::{ids, substep, top};

/// The keys of a step beside its action.
pub(super) const KEYS: [Key; 22] = [
    key("id", Form::Id, "by which the journal, the answers and the command line know it; unique")
        .left_out("a slug of the name"),
    key("name", Form::Text, "what people call it").left_out("the id"),
    key("description", Form::Text, "Markdown, shown at gates and in the document"),
    key("on", Form::OneOrMore(&Form::Word), "where it acts: a role, a group, `local`, or a list of these"),
    key("become", Form::Text, "the user to act as").left_out("that of the host, else of `defaults`"),
    key(
        "when",
        Form::Text,
        "a condition in the template language, without braces: where it is false, the step is skipped",
    ),
    key("confirm", substep::CONFIRM, "a gate before the step"),
    key("unless", Form::Text, "a script that only looks: where it exits with 0, the step is done already"),
    key("verify", substep::VERIFY, "what must hold afterwards: a script that exits with 0, or a list of checks"),
    key("undo", substep::UNDO, "how it is taken back: a script, a list of steps, `nothing`, or `{irreversible: why}`"),
    key("temporary", Form::Text, "opens an entry in the ledger of temporary changes: until when, or `true`"),
    key("restores", Form::Text, "the id of an earlier temporary step, whose change this ends"),
    key("timeout", Form::OrTemplate(&Form::Duration), "how long it may take").left_out("that of `defaults`"),
    key("retry", Form::Keys(&RETRY), "how often it is tried").left_out("once"),
    key("on_failure", ON_FAILURE, "what a failure leads to").left_out("that of `defaults`"),
    key(
        "foreach",
        Form::Either(&[Form::List(&Form::Any), Form::Template, Form::Keys(&FOREACH)]),
        "a list, a template that gives one, or `{csv: FILE}`: a unit for each item",
    ),
    key("parallel", Form::Integer(1, MOST_AT_ONCE as u64), "how many items of `foreach` at a time").left_out("1"),
    key(
        "batch",
        Form::Either(&[Form::Integer(1, u32::MAX as u64), Form::Like("^([1-9][0-9]?|100)%$|^[1-9][0-9]*$")]),
        "how many hosts at a time: a number, or a share such as `25%`",
    )
    .left_out("all of them"),
    key("max_failures", Form::Integer(0, u32::MAX as u64), "how many hosts may fail before no further batch starts")
        .left_out("0"),
    key("checkpoint", Form::Id, "names the point just before this step, which `rollback --to` goes back to"),
    key("irreversible", Form::Text, "why there is no way back past it: a point of no return"),
    key("tags", Form::OneOrMore(&Form::Text), "words for `--tags` and `--skip-tags`"),
];

const RETRY: [Key; 3] = [
    required("attempts", Form::Integer(1, 1000), "how many attempts in all"),
    key("delay", Form::Duration, "how long to wait before the second attempt").left_out("not at all"),
    key("backoff", Form::Number(1), "what the delay is multiplied with from try to try").left_out("1"),
];

const FOREACH: [Key; 1] =
    [required("csv", Form::Text, "a file with a table: each row is an item, by the names in the first line")];

/// What a failure leads to.
pub(super) const ON_FAILURE: Form = Form::OneOf(&["ask", "stop", "continue", "rollback"]);

/// How many items may be worked on at a time: each may take a connection.
const MOST_AT_ONCE: u32 = 1000;

/// A list of steps, their ids under `prefix`.
pub(super) fn steps(node: &Node, prefix: &str, diagnostics: &mut Diagnostics) -> Vec<Step> {
    let Shape::List(items) = &node.shape else {
        decode::due(node, "a list of steps", diagnostics);
        return Vec::new();
    };
    items.iter().filter_map(|item| step(item, prefix, diagnostics)).collect()
}

/// A step as far as it can be read: what is wrong with it must not make others look wrong that refer to it.
fn step(node: &Node, prefix: &str, diagnostics: &mut Diagnostics) -> Option<Step> {
    let Shape::Map(entries) = &node.shape else {
        decode::due(node, "a step", diagnostics).hint("a step is a mapping: `- run: …`");
        return None;
    };
    unknown_keys(entries, "a step", &KEYS, diagnostics);
    let known: Vec<&str> = entries.iter().map(|(key, _)| key.value.as_str()).collect();
    let mut fields = Fields::of(node, "a step", &known, diagnostics)?;
    let name = fields.optional("name", decode::spanned);
    let id = fields.optional("id", decode::spanned);
    let restores = fields.optional("restores", decode::spanned);
    let step = Step {
        id: Spanned::new(StepId::from(""), node.span.clone()),
        name: String::new(),
        description: fields.optional("description", decode::spanned),
        on: fields.optional("on", decode::one_or_list(decode::spanned)).unwrap_or_default(),
        become_user: fields.optional("become", decode::spanned),
        when: fields.optional("when", decode::spanned),
        confirm: fields.optional("confirm", substep::confirm),
        unless: fields.optional("unless", decode::spanned),
        verify: fields.optional("verify", substep::verify),
        undo: fields.optional("undo", substep::undo),
        temporary: fields.optional("temporary", temporary).flatten(),
        restores: restores.map(|id| id.map(StepId::from)),
        timeout: fields.optional("timeout", timeout),
        retry: fields.optional("retry", retry),
        on_failure: fields.optional("on_failure", on_failure),
        foreach: fields.optional("foreach", foreach),
        parallel: fields.optional("parallel", decode::integer(1..=MOST_AT_ONCE)),
        batch: fields.optional("batch", batch),
        max_failures: fields.optional("max_failures", decode::integer(0..=u32::MAX)),
        checkpoint: fields.optional("checkpoint", |node, diagnostics| checkpoint(node, prefix, diagnostics)),
        irreversible: fields.optional("irreversible", decode::spanned),
        tags: fields.optional("tags", decode::one_or_list(decode::spanned)).unwrap_or_default(),
        wait_for: None,
        action: None,
        span: node.span.clone(),
    };
    let has_restores = fields.key("restores").is_some();
    if let (Some(key), None) = (fields.key("parallel").cloned(), &step.foreach) {
        diagnostics
            .error(&key.span, "`parallel` of a step is how many items of its `foreach` at a time")
            .hint("all hosts of a step are worked on at the same time anyway; `batch` says how many");
    }
    let mut action = action(entries, &node.span, has_restores, diagnostics);
    let wait_for = action.as_mut().and_then(|call| wait_for(call, diagnostics));
    let id = identify("step", id.as_ref(), name.as_ref(), &node.span, diagnostics);
    let name = name.map_or_else(|| id.value.clone(), |name| name.value);
    Some(Step { name, id: id.map(|id| StepId::from(format!("{prefix}{id}"))), wait_for, action, ..step })
}

/// The id that was given, or that the name gives.
pub(super) fn identify(
    what: &str,
    id: Option<&Text>,
    name: Option<&Text>,
    span: &Span,
    diagnostics: &mut Diagnostics,
) -> Spanned<String> {
    if let Some(id) = id {
        ids::check_id(id, diagnostics);
        return id.clone();
    }
    let Some(name) = name else {
        diagnostics.error(span, format!("a {what} needs an `id` or a `name`")).hint("the journal knows it by its id");
        return Spanned::new(String::new(), span.clone());
    };
    let slug = ids::slug(&name.value);
    if slug.is_empty() {
        diagnostics.error(&name.span, "no id can be made of this name").hint("give an `id`");
    }
    Spanned::new(slug, name.span.clone())
}

/// Reports keys that are neither of `known` nor an action.
pub(super) fn unknown_keys(
    entries: &[(Spanned<String>, Node)],
    what: &str,
    known: &[impl Named],
    diagnostics: &mut Diagnostics,
) {
    let known: Vec<&str> = known.iter().map(Named::name).collect();
    for (key, _) in entries {
        let word = key.value.as_str();
        if known.contains(&word) || top::is_action(word) {
            continue;
        }
        let elsewhere = kinds::ELSEWHERE.iter().find(|(other, _)| *other == word).map(|(_, here)| *here);
        let all = known.iter().copied().chain(ACTIONS.iter().map(|kind| kind.name));
        let diagnostic = diagnostics.error(&key.span, format!("unknown key `{word}` in {what}"));
        match (nearest(word, all), elsewhere) {
            (_, Some(here)) => diagnostic.hint(format!("that is `{here}` here")),
            (Some(near), None) => diagnostic.hint(format!("did you mean `{near}`?")),
            (None, None) => diagnostic.hint("it is neither an action nor a key of a step"),
        };
    }
}

/// The one action among the entries of a step.
pub(super) fn action(
    entries: &[(Spanned<String>, Node)],
    span: &Span,
    may_be_missing: bool,
    diagnostics: &mut Diagnostics,
) -> Option<ActionCall> {
    let mut actions = entries.iter().filter(|(key, _)| top::is_action(&key.value));
    let Some((kind, value)) = actions.next() else {
        // Where a key was not understood, that one may have been the action.
        let understood = entries.iter().all(|(key, _)| KEYS.iter().any(|known| known.name == key.value));
        if !may_be_missing && understood {
            diagnostics.error(span, "a step without an action").hint("such as `run`, `copy`, `manual`");
        }
        return None;
    };
    for (other, _) in actions {
        diagnostics
            .error(&other.span, format!("a second action, `{}`, beside `{}`", other.value, kind.value))
            .hint("a step has exactly one action: make it two steps");
    }
    Some(ActionCall { kind: kind.clone(), value: value.clone() })
}

/// The check that a `wait` waits for. It is a part of the step like one of its `verify`: in its place stands what kind it is.
fn wait_for(call: &mut ActionCall, diagnostics: &mut Diagnostics) -> Option<SubStep> {
    let Shape::Map(entries) = &mut call.value.shape else { return None };
    let (_, node) = entries.iter_mut().find(|(key, _)| call.kind.value == "wait" && key.value == "for")?;
    let check = match &node.shape {
        Shape::Map(_) => substep::check(node, diagnostics),
        Shape::Scalar(_) | Shape::List(_) => {
            decode::due(node, "one check", diagnostics)
                .hint("such as `{http: …}`; a time stands by itself: `wait: 10m`; several checks: `verify: {checks: […], for: 10m}`");
            None
        }
    };
    let kind = check.as_ref().map_or("check", |check| check.action.kind.value.as_str()).to_owned();
    node.shape = Shape::Scalar(Scalar::Plain(kind));
    check
}

pub(super) fn on_failure(node: &Node, diagnostics: &mut Diagnostics) -> Option<OnFailure> {
    decode::one_of(&[
        ("ask", OnFailure::Ask),
        ("stop", OnFailure::Stop),
        ("continue", OnFailure::Continue),
        ("rollback", OnFailure::Rollback),
    ])(node, diagnostics)
}

/// Until when, as text; `true` says only that it is. `false`: it is not.
#[expect(clippy::option_option, reason = "the outer says that it was read, the inner what it says")]
fn temporary(node: &Node, diagnostics: &mut Diagnostics) -> Option<Option<Text>> {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text)) if text == "true" => {
            Some(Some(Spanned::new(String::new(), node.span.clone())))
        }
        Shape::Scalar(Scalar::Plain(text)) if text == "false" => Some(None),
        Shape::Scalar(Scalar::Plain(text)) if matches!(text.as_str(), "yes" | "no" | "on" | "off") => {
            decode::boolean(node, diagnostics).map(|_| None)
        }
        _ => decode::spanned(node, diagnostics).map(Some),
    }
}

/// A duration as text: it may be a template of one.
fn timeout(node: &Node, diagnostics: &mut Diagnostics) -> Option<Text> {
    let text = decode::spanned(node, diagnostics)?;
    if !top::is_template(&text.value) && duration::parse(&text.value).is_err() {
        decode::duration(node, diagnostics)?;
    }
    Some(text)
}

fn retry(node: &Node, diagnostics: &mut Diagnostics) -> Option<Retry> {
    let mut fields = Fields::of(node, "`retry`", &RETRY, diagnostics)?;
    let attempts = fields.required("attempts", decode::integer(1..=1000));
    let delay = fields.optional("delay", decode::duration).unwrap_or_default();
    let backoff = fields.optional("backoff", decode::number).unwrap_or(1.0);
    if backoff < 1.0 {
        fields.wrong("backoff", "a backoff under 1 would try faster and faster", "1 keeps the delay, 2 doubles it");
    }
    fields.done()?;
    Some(Retry { attempts: attempts?, delay, backoff })
}

fn foreach(node: &Node, diagnostics: &mut Diagnostics) -> Option<Node> {
    match &node.shape {
        Shape::List(_) => Some(node.clone()),
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if top::is_template(text) => Some(node.clone()),
        Shape::Map(_) => {
            let mut fields = Fields::of(node, "`foreach`", &FOREACH, diagnostics)?;
            fields.required("csv", decode::spanned)?;
            fields.done()?;
            Some(node.clone())
        }
        Shape::Scalar(_) => {
            decode::due(node, "a list, or a template that yields one,", diagnostics)
                .hint("such as `\"{{ names }}\"`, or `{csv: names.csv}`");
            None
        }
    }
}

fn batch(node: &Node, diagnostics: &mut Diagnostics) -> Option<Batch> {
    let text = decode::text(node, diagnostics)?;
    let read = match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|percent| (1..=100).contains(percent)).map(Batch::Percent),
        None => text.parse().ok().filter(|count| *count > 0).map(Batch::Count),
    };
    if read.is_none() {
        decode::due(node, "a number of hosts, or a share of them,", diagnostics).hint("such as `1` or `25%`");
    }
    read
}

fn checkpoint(node: &Node, prefix: &str, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    let name = decode::spanned(node, diagnostics)?;
    ids::check_id(&name, diagnostics).then(|| name.map(|name| format!("{prefix}{name}")))
}
