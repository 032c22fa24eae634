//! What has to fit together across a whole book, before any host is known.

use std::collections::{HashMap, HashSet};

use crate::base::{Span, Spanned, StepId};
use crate::model::book::Book;
use crate::model::diagnostic::{Diagnostics, nearest};
use crate::model::kinds;
use crate::model::node::{Scalar, Shape};
use crate::model::step::{ActionCall, Step, UndoSpec};

/// Within an included file an id means the step of that file, where it has one of that id, and one of the book's otherwise.
pub(super) fn resolve(book: &mut Book) {
    let ids: HashSet<StepId> =
        book.phases.iter().flat_map(|phase| &phase.steps).map(|step| step.id.value.clone()).collect();
    for phase in book.phases.iter_mut().filter(|phase| !phase.prefix.is_empty()) {
        let prefix = &phase.prefix;
        let inner = |id: &str| Some(StepId::from(format!("{prefix}{id}"))).filter(|id| ids.contains(id));
        for step in &mut phase.steps {
            if let Some(restores) = &mut step.restores
                && let Some(id) = inner(restores.value.as_str())
            {
                restores.value = id;
            }
            if let Some(wait) = step.action.as_mut().filter(|action| action.kind.value == "wait")
                && let Shape::Map(entries) = &mut wait.value.shape
                && let Some((_, node)) = entries.iter_mut().find(|(key, _)| key.value == "ttl_of")
                && let Shape::Scalar(Scalar::Plain(written) | Scalar::Quoted(written)) = &mut node.shape
                && let Some(id) = inner(written)
            {
                *written = id.to_string();
            }
        }
    }
}

/// Reports everything in `book` that does not fit together.
pub(super) fn check(book: &Book, diagnostics: &mut Diagnostics) {
    let steps: Vec<&Step> = book.phases.iter().flat_map(|phase| &phase.steps).collect();
    unique("step", steps.iter().map(|step| (step.id.value.as_str(), &step.id.span)), diagnostics);
    unique("phase", book.phases.iter().map(|phase| (phase.id.value.as_str(), &phase.id.span)), diagnostics);
    let checkpoints = steps.iter().filter_map(|step| step.checkpoint.as_ref());
    unique("checkpoint", checkpoints.map(|name| (name.value.as_str(), &name.span)), diagnostics);
    let watches = book.watch.iter().map(|watch| (watch.name.value.as_str(), &watch.name.span));
    unique("watch", watches, diagnostics);
    answerable(book, diagnostics);
    groups(book, diagnostics);
    for host in &book.hosts {
        if let Some(secret) = &host.become_password {
            let names = book.secrets.iter().map(|(name, _)| name.value.as_str());
            known(secret, "secret", names, diagnostics);
        }
        if let Some(step) = &host.replaced_at {
            known(step, "step", steps.iter().map(|step| step.id.value.as_str()), diagnostics);
        }
    }
    for (index, step) in steps.iter().enumerate() {
        restores(step, index, &steps, diagnostics);
        temporary(step, diagnostics);
    }
}

fn unique<'b>(what: &str, names: impl Iterator<Item = (&'b str, &'b Span)>, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<&str, &Span> = HashMap::new();
    for (name, span) in names.filter(|(name, _)| !name.is_empty()) {
        if let Some(first) = seen.get(name) {
            let hint = match what {
                "step" | "phase" if first.file == span.file && first.start == span.start => {
                    "the file is included twice: give each include an `as` of its own".to_owned()
                }
                "step" | "phase" => format!("the first is at {first}: give one of them an `id` of its own"),
                _ => format!("the first is at {first}"),
            };
            diagnostics.error(span, format!("duplicate {what} `{name}`")).hint(hint);
        } else {
            seen.insert(name, span);
        }
    }
}

/// Gates and people's steps are answered by id: a phase and a step of the same id must not both ask.
fn answerable(book: &Book, diagnostics: &mut Diagnostics) {
    let asking: HashMap<&str, &Span> = book
        .phases
        .iter()
        .filter(|phase| phase.confirm.is_some())
        .map(|phase| (phase.id.value.as_str(), &phase.id.span))
        .collect();
    for step in book.phases.iter().flat_map(|phase| &phase.steps) {
        let manual = step.action.as_ref().is_some_and(|action| action.kind.value == "manual");
        let asks = step.confirm.is_some() || step.irreversible.is_some() || manual;
        if let (true, Some(phase)) = (asks, asking.get(step.id.value.as_str())) {
            diagnostics
                .error(&step.id.span, format!("the step `{}` and the phase of that id both ask", step.id.value))
                .hint(format!("answers are given by id: give one of them another `id` (the phase is at {phase})"));
        }
    }
}

fn groups(book: &Book, diagnostics: &mut Diagnostics) {
    for (name, _) in &book.groups {
        if let Some(host) = book.hosts.iter().find(|host| host.role.value.as_str() == name.value) {
            diagnostics
                .error(&name.span, format!("`{}` is a role and a group", name.value))
                .hint(format!("the role is at {}", host.role.span));
        }
    }
}

fn known<'b>(
    name: &Spanned<String>,
    what: &str,
    all: impl Iterator<Item = &'b str> + Clone,
    diagnostics: &mut Diagnostics,
) {
    if all.clone().any(|other| other == name.value) {
        return;
    }
    let near = nearest(&name.value, all);
    let diagnostic = diagnostics.error(&name.span, format!("unknown {what} `{}`", name.value));
    if let Some(near) = near {
        diagnostic.hint(format!("did you mean `{near}`?"));
    }
}

fn restores(step: &Step, index: usize, steps: &[&Step], diagnostics: &mut Diagnostics) {
    let Some(restored) = &step.restores else { return };
    let id = &restored.value;
    match steps.iter().position(|other| other.id.value == *id) {
        None => {
            let all: Vec<&str> = steps.iter().map(|step| step.id.value.as_str()).collect();
            known(&restored.clone().map(|id: StepId| id.to_string()), "step", all.iter().copied(), diagnostics);
        }
        Some(at) if at >= index => {
            diagnostics.error(&restored.span, format!("`restores` names `{id}`, which comes no earlier"));
        }
        Some(at) if steps[at].temporary.is_none() => {
            diagnostics
                .error(&restored.span, format!("`restores` names `{id}`, which is not temporary"))
                .hint(format!("give it `temporary` at {}", steps[at].span));
        }
        Some(_) => {}
    }
    if step.action.is_some() {
        return;
    }
    let alone = [
        ("on", step.on.first().map(|on| &on.span)),
        ("become", step.become_user.as_ref().map(|user| &user.span)),
        ("foreach", step.foreach.as_ref().map(|node| &node.span)),
        ("unless", step.unless.as_ref().map(|script| &script.span)),
        ("undo", step.undo.as_ref().map(|_| &step.span)),
        ("temporary", step.temporary.as_ref().map(|text| &text.span)),
    ];
    for (key, span) in alone.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        diagnostics
            .error(span, format!("`{key}` has no meaning beside a `restores` without an action"))
            .hint("it runs the undo of that step wherever that was applied; rolled back, it applies it again");
    }
}

/// A `stream` can take back what it does to a file, and not what it does to a script.
fn is_of_a_file(action: &ActionCall) -> bool {
    action.kind.value == "stream" && action.value.get("to").is_some_and(|to| to.get("file").is_some())
}

/// What cannot be taken back cannot be temporary.
fn temporary(step: &Step, diagnostics: &mut Diagnostics) {
    let (Some(temporary), Some(action)) = (&step.temporary, &step.action) else { return };
    let undoes_itself = kinds::action(&action.kind.value).is_none_or(|kind| kind.undoes_itself) || is_of_a_file(action);
    let way_back = match &step.undo {
        None => undoes_itself,
        Some(UndoSpec::Script(_) | UndoSpec::Steps(_)) => true,
        Some(UndoSpec::Irreversible(_) | UndoSpec::Nothing) => false,
    };
    if !way_back {
        diagnostics
            .error(&temporary.span, format!("a `{}` without an undo cannot be temporary", action.kind.value))
            .hint("say with `undo` how it is taken back");
    }
}
