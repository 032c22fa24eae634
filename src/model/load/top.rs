//! The keys at the top of a book.

use std::path::Path;
use std::time::Duration;

use crate::base::{PhaseId, Span, Spanned};
use crate::model::book::{Book, Defaults, Notify, Phase, SecretSource, Watch};
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::Diagnostics;
use crate::model::form::{Form, Key, key, required};
use crate::model::kinds;
use crate::model::node::{Node, Shape};
use crate::model::step::{ActionCall, OnFailure, Text};

use super::files::Files;
use super::{hosts, ids, phase, step};

/// The keys at the top.
pub(super) const KEYS: [Key; 13] = [
    required("runbook", FORMAT, "the version of the format"),
    key("name", Form::Text, "what people call it").left_out("the file's name"),
    key("description", Form::Text, "Markdown, for people"),
    key("vars", Form::Map(&Form::Any), "variables by name; one may use those above it"),
    key(
        "secrets",
        Form::Map(&Form::OneKeyOf(&SECRET, &SOURCES)),
        "where secrets come from, by name; never what they are",
    ),
    key(
        "hosts",
        Form::Map(&hosts::FORM),
        "roles and where they are: anything that ssh accepts, or that with more to say",
    ),
    key("groups", Form::Map(&Form::OneOrMore(&Form::Text)), "sets of roles, by name"),
    key("defaults", Form::Keys(&DEFAULTS), "what steps take where they say nothing"),
    key(
        "watch",
        Form::List(&Form::OneKeyOf(&WATCH, &PROBES)),
        "probes that run beside the whole run: the downtime clock",
    ),
    key("notify", Form::Keys(&NOTIFY), "a script of yours that is told what becomes of the run"),
    key("deadline", Form::Keys(&DEADLINE), "when a rollback has to be over"),
    key(
        "phases",
        Form::List(&Form::Either(&[Form::Defined("phase"), Form::Defined("include")])),
        "what is done, in parts",
    ),
    key("steps", Form::List(&Form::Defined("step")), "what is done, where the runbook is small"),
];

/// The version of the format.
pub(super) const FORMAT: Form = Form::Either(&[Form::Integer(1, 1), Form::OneOf(&["1"])]);

const SOURCES: [&str; 4] = ["env", "file", "command", "prompt"];

const SECRET: [Key; 4] = [
    key("env", Form::Text, "an environment variable"),
    key("file", Form::Text, "a file of yours; its path is relative to the runbook"),
    key("command", Form::Text, "a command that prints it, on your machine"),
    key("prompt", Form::Text, "what is asked on the terminal"),
];

const DEFAULTS: [Key; 3] = [
    key(
        "timeout",
        Form::Duration,
        "how long a step may take, but for `wait`, `manual`, `sync`, `stream` and `postgres`",
    )
    .left_out("as long as it takes"),
    key("become", Form::Text, "the user to act as on hosts, never on `local`").left_out("who logs in"),
    key("on_failure", step::ON_FAILURE, "what a failure leads to").left_out("`ask`"),
];

const PROBES: [&str; 3] = ["http", "tcp", "lookup"];

const WATCH: [Key; 8] = [
    required("name", Form::Text, "what it is called on the screen; unique"),
    required("every", Form::Duration, "from one look to the next"),
    key("timeout", Form::Duration, "how long a look may take: after that it is down").left_out("`10s`"),
    key("expect", Form::Defined("expectation"), "what has to be seen; it may stand in the probe as well"),
    key("at", Form::OneOrMore(&Form::Word), "the name server that is asked; it may stand in the probe as well"),
    key("http", Form::Defined("http"), "a page that is asked for, as in a step"),
    key("tcp", Form::Defined("tcp"), "a port that is talked to, as in a step"),
    key("lookup", Form::Defined("lookup"), "a name that is asked for, as in a step"),
];

const NOTIFY: [Key; 2] = [
    required("on", Form::OneOrMore(&Form::OneOf(&EVENTS)), "what it is told of"),
    required("run", Form::Text, "the script, which runs on your machine and is told by environment variables"),
];

const EVENTS: [&str; 4] = ["parked", "failed", "done", "due"];

const DEADLINE: [Key; 1] =
    [required("rollback_by", Form::OrTemplate(&Form::Instant), "when a rollback has to be over")];

/// Reads the document of the book's own file.
pub(super) fn book(node: &Node, path: &Path, files: &mut Files<'_>) -> Option<Book> {
    let mut fields = Fields::of(node, "a runbook", &KEYS, &mut files.diagnostics)?;
    format(&mut fields);
    let name = fields.optional("name", decode::spanned).unwrap_or_else(|| stem(path, &node.span));
    let description = fields.optional("description", decode::spanned);
    let variables = fields.optional("vars", vars).unwrap_or_default();
    let secrets = fields.optional("secrets", secrets).unwrap_or_default();
    let hosts = fields.optional("hosts", |node, diagnostics| Some(hosts::hosts(node, diagnostics))).unwrap_or_default();
    let groups = fields.optional("groups", groups).unwrap_or_default();
    let defaults = fields.optional("defaults", defaults).unwrap_or_default();
    let watch = fields.optional("watch", decode::list(watch)).unwrap_or_default();
    let notify = fields.optional("notify", notify);
    let deadline = fields.optional("deadline", |node, diagnostics| {
        Fields::of(node, "`deadline`", &DEADLINE, diagnostics)?.required("rollback_by", instant)
    });
    let shape = fields.exactly_one(&["phases", "steps"]);
    let (phase_nodes, steps) = (fields.node("phases"), fields.node("steps"));
    let phases = match (shape, phase_nodes, steps) {
        (Some("phases"), Some(node), _) => phase::phases(node, &phase::Surroundings::book(), files),
        (Some("steps"), _, Some(node)) => vec![only_phase(&name, node, &mut files.diagnostics)],
        _ => Vec::new(),
    };
    let sources = Vec::new();
    Some(Book {
        name,
        description,
        vars: variables,
        secrets,
        hosts,
        groups,
        defaults,
        watch,
        notify,
        deadline,
        phases,
        sources,
    })
}

/// The format's version, which every file says.
pub(super) fn format(fields: &mut Fields<'_, '_>) {
    let found = fields.required("runbook", decode::text);
    if found.is_some_and(|version| version != "1") {
        fields.wrong("runbook", "this version of the tool reads runbooks of format 1", "write `runbook: 1`");
    }
}

fn stem(path: &Path, span: &Span) -> Text {
    Spanned::new(path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), span.clone())
}

/// `steps:` at the top level is one phase, called like the book.
fn only_phase(name: &Text, node: &Node, diagnostics: &mut Diagnostics) -> Phase {
    let id = match ids::slug(&name.value) {
        slug if slug.is_empty() => "steps".to_owned(),
        slug => slug,
    };
    Phase {
        id: Spanned::new(PhaseId::from(id), name.span.clone()),
        name: name.value.clone(),
        description: None,
        confirm: None,
        parallel: false,
        prefix: String::new(),
        vars: Vec::new(),
        steps: step::steps(node, "", diagnostics),
        span: node.span.clone(),
    }
}

/// Variables, in order.
pub(super) fn vars(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(Spanned<String>, Node)>> {
    let mut entries = decode::pairs(node, diagnostics)?;
    entries.retain(|(name, _)| ids::check_variable(name, "a variable", diagnostics));
    Some(entries)
}

fn secrets(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(Spanned<String>, SecretSource)>> {
    let mut entries = decode::pairs(node, diagnostics)?;
    entries.retain(|(name, _)| ids::check_variable(name, "a secret", diagnostics));
    Some(entries.into_iter().filter_map(|(name, node)| Some((name, secret(&node, diagnostics)?))).collect())
}

fn secret(node: &Node, diagnostics: &mut Diagnostics) -> Option<SecretSource> {
    if matches!(node.shape, Shape::Scalar(_)) {
        diagnostics
            .error(&node.span, "a secret says where it comes from, never what it is")
            .hint("{env: NAME}, {file: path}, {command: \"pass show db\"} or {prompt: \"DB password\"}");
        return None;
    }
    let mut fields = Fields::of(node, "a secret", &SECRET, diagnostics)?;
    let key = fields.exactly_one(&SOURCES)?;
    let from = fields.required(key, decode::spanned)?;
    fields.done()?;
    Some(match key {
        "env" => SecretSource::Env(from),
        "file" => SecretSource::File(from),
        "command" => SecretSource::Command(from),
        _ => SecretSource::Prompt(from),
    })
}

type Groups = Vec<(Spanned<String>, Vec<Spanned<String>>)>;

fn groups(node: &Node, diagnostics: &mut Diagnostics) -> Option<Groups> {
    let mut entries = decode::map_of(decode::one_or_list(decode::spanned))(node, diagnostics)?;
    entries.retain(|(name, _)| ids::check_role(name, "group", diagnostics));
    Some(entries)
}

impl Default for Defaults {
    fn default() -> Self {
        Self { timeout: None, become_user: None, on_failure: OnFailure::Ask }
    }
}

fn defaults(node: &Node, diagnostics: &mut Diagnostics) -> Option<Defaults> {
    let mut fields = Fields::of(node, "`defaults`", &DEFAULTS, diagnostics)?;
    Some(Defaults {
        timeout: fields.optional("timeout", decode::duration),
        become_user: fields.optional("become", decode::spanned),
        on_failure: fields.optional("on_failure", step::on_failure).unwrap_or(OnFailure::Ask),
    })
}

/// How long a probe may take where its watch does not say.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

fn watch(node: &Node, diagnostics: &mut Diagnostics) -> Option<Watch> {
    let mut fields = Fields::of(node, "a watch", &WATCH, diagnostics)?;
    let name = fields.required("name", decode::spanned);
    let every = fields.required("every", decode::duration);
    if every.is_some_and(|every| every.is_zero()) {
        fields.wrong("every", "a probe that never pauses", "such as `1s`");
    }
    let timeout = fields.optional("timeout", decode::duration).unwrap_or(PROBE_TIMEOUT);
    if timeout.is_zero() {
        fields.wrong("timeout", "a probe that has no time at all", "such as `5s`");
    }
    let kind = fields.exactly_one(&PROBES)?;
    let beside: Vec<(Spanned<String>, Node)> =
        ["expect", "at"].iter().filter_map(|key| Some((fields.key(key)?.clone(), fields.node(key)?.clone()))).collect();
    let key = fields.key(kind)?.clone();
    let mut value = fields.node(kind)?.clone();
    fields.done()?;
    match &mut value.shape {
        Shape::Map(entries) => entries.extend(beside),
        Shape::Scalar(_) | Shape::List(_) => {
            decode::due(&value, "a mapping", diagnostics);
            return None;
        }
    }
    Some(Watch { name: name?, probe: ActionCall { kind: key, value }, every: every?, timeout })
}

fn notify(node: &Node, diagnostics: &mut Diagnostics) -> Option<Notify> {
    let known = EVENTS.map(|event| (event, event));
    let event = |node: &Node, diagnostics: &mut Diagnostics| {
        decode::one_of(&known)(node, diagnostics).map(|event| Spanned::new(event.to_owned(), node.span.clone()))
    };
    let mut fields = Fields::of(node, "`notify`", &NOTIFY, diagnostics)?;
    let on = fields.required("on", decode::one_or_list(event));
    let run = fields.required("run", decode::spanned);
    Some(Notify { on: on?, run: run? })
}

/// An instant as text: it may be a template of one.
fn instant(node: &Node, diagnostics: &mut Diagnostics) -> Option<Text> {
    let text = decode::spanned(node, diagnostics)?;
    if !is_template(&text.value) {
        decode::instant(node, diagnostics)?;
    }
    Some(text)
}

/// Whether the text has to be rendered before it can be read.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Whether `word` is the key of an action.
pub(super) fn is_action(word: &str) -> bool {
    kinds::action(word).is_some()
}
