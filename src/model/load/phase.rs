//! Phases, those of included files among them.

use crate::base::{PhaseId, Spanned};
use crate::model::book::Phase;
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::Diagnostics;
use crate::model::form::{Form, Key, key, required};
use crate::model::node::{Node, Scalar, Shape};

use super::files::{self, Files};
use super::{ids, step, substep, top};

/// The keys of a phase.
pub(super) const KEYS: [Key; 6] = [
    key("id", Form::Id, "by which the journal and the answers know it; unique").left_out("a slug of the name"),
    key("name", Form::Text, "what people call it").left_out("the id"),
    key("description", Form::Text, "Markdown, shown at the gate"),
    key("confirm", substep::CONFIRM, "a gate before the phase"),
    key("parallel", Form::Boolean, "`true`: steps that do not use one another's results run at the same time")
        .left_out("`false`"),
    required("steps", Form::List(&Form::Defined("step")), "what is done, in order"),
];

/// In the place of a phase.
pub(super) const INCLUDE: [Key; 1] = [required(
    "include",
    Form::Either(&[Form::Word, Form::Keys(&INCLUDED)]),
    "a file whose phases stand here: its path alone, or with what it is given",
)];

const INCLUDED: [Key; 3] = [
    required("file", Form::Word, "its path, relative to the file that names it"),
    key("vars", Form::Map(&Form::Any), "variables for it, in place of its own").left_out("its own"),
    key("as", Form::Id, "a word before each id of that file, so that it can be included twice"),
];

/// What an include gives to the phases of its file.
pub(super) struct Surroundings {
    prefix: String,
    vars: Vec<(Spanned<String>, Node)>,
}

impl Surroundings {
    /// Those of the book itself: nothing.
    pub(super) fn book() -> Self {
        Self { prefix: String::new(), vars: Vec::new() }
    }
}

/// A list of phases and includes.
pub(super) fn phases(node: &Node, around: &Surroundings, files: &mut Files<'_>) -> Vec<Phase> {
    let Shape::List(items) = &node.shape else {
        decode::due(node, "a list of phases", &mut files.diagnostics);
        return Vec::new();
    };
    let mut phases = Vec::new();
    for item in items {
        match item.get("include") {
            Some(include) => phases.extend(included(item, include, around, files)),
            None => phases.extend(phase(item, around, &mut files.diagnostics)),
        }
    }
    phases
}

fn phase(node: &Node, around: &Surroundings, diagnostics: &mut Diagnostics) -> Option<Phase> {
    let keys: Vec<Key> = KEYS.into_iter().chain(INCLUDE).collect();
    let mut fields = Fields::of(node, "a phase", &keys, diagnostics)?;
    let name = fields.optional("name", decode::spanned);
    let id = fields.optional("id", decode::spanned);
    let description = fields.optional("description", decode::spanned);
    let confirm = fields.optional("confirm", substep::confirm);
    let parallel = fields.optional("parallel", decode::boolean).unwrap_or(false);
    let steps = fields.required("steps", |node, diagnostics| Some(step::steps(node, &around.prefix, diagnostics)));
    let id = step::identify("phase", id.as_ref(), name.as_ref(), &node.span, diagnostics);
    Some(Phase {
        name: name.map_or_else(|| id.value.clone(), |name| name.value),
        id: id.map(|id| PhaseId::from(format!("{}{id}", around.prefix))),
        description,
        confirm,
        parallel,
        prefix: around.prefix.clone(),
        vars: around.vars.clone(),
        steps: steps.unwrap_or_default(),
        span: node.span.clone(),
    })
}

/// The phases of an included file.
fn included(item: &Node, include: &Node, around: &Surroundings, files: &mut Files<'_>) -> Vec<Phase> {
    let diagnostics = &mut files.diagnostics;
    let Some((file, inner)) = include_of(item, include, around, diagnostics) else { return Vec::new() };
    let Some(node) = files.open(&files::beside(&file), Some(&file.span)) else { return Vec::new() };
    let phases = file_phases(&node, inner, files);
    files.close();
    phases
}

/// The file that an include names, and what it gives to it.
fn include_of(
    item: &Node,
    include: &Node,
    around: &Surroundings,
    diagnostics: &mut Diagnostics,
) -> Option<(Spanned<String>, Surroundings)> {
    Fields::of(item, "an include", &INCLUDE, diagnostics)?;
    let mut inner = Surroundings { prefix: around.prefix.clone(), vars: around.vars.clone() };
    if let Shape::Scalar(_) = include.shape {
        return Some((path(include, diagnostics)?, inner));
    }
    let mut fields = Fields::of(include, "`include`", &INCLUDED, diagnostics)?;
    let file = fields.required("file", path);
    inner.vars.extend(fields.optional("vars", top::vars).unwrap_or_default());
    if let Some(name) = fields.optional("as", decode::spanned)
        && ids::check_id(&name, fields.diagnostics())
    {
        inner.prefix = format!("{}{}-", around.prefix, name.value);
    }
    Some((file?, inner))
}

fn path(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    if matches!(&node.shape, Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if top::is_template(text)) {
        decode::due(node, "the path of a file", diagnostics)
            .hint("what is included has to be known before anything is rendered");
        return None;
    }
    decode::word(node, diagnostics).map(|path| Spanned::new(path, node.span.clone()))
}

/// What an included file carries: its format, its phases, and defaults for the variables that its include may give.
fn file_phases(node: &Node, around: Surroundings, files: &mut Files<'_>) -> Vec<Phase> {
    let own = ["secrets", "hosts", "groups", "defaults", "watch", "notify", "deadline", "steps"];
    let mut belongs_elsewhere = false;
    if let Shape::Map(entries) = &node.shape {
        for (key, _) in entries.iter().filter(|(key, _)| own.contains(&key.value.as_str())) {
            belongs_elsewhere = true;
            files.diagnostics.error(&key.span, format!("`{}` has no place in an included file", key.value)).hint(
                if key.value == "steps" { "it carries `phases:`" } else { "it belongs into the book that includes it" },
            );
        }
    }
    let keys: Vec<&str> = ["runbook", "name", "description", "vars", "phases"].into_iter().chain(own).collect();
    let Some(mut fields) = Fields::of(node, "an included file", &keys, &mut files.diagnostics) else {
        return Vec::new();
    };
    top::format(&mut fields);
    fields.optional("name", decode::text);
    fields.optional("description", decode::text);
    // What the include gives comes last and so stands over the file's own.
    let mut vars = fields.optional("vars", top::vars).unwrap_or_default();
    vars.retain(|(name, _)| !around.vars.iter().any(|(given, _)| given.value == name.value));
    vars.extend(around.vars);
    let around = Surroundings { prefix: around.prefix, vars };
    if let Some(node) = fields.node("phases") {
        return phases(node, &around, files);
    }
    if !belongs_elsewhere {
        files.diagnostics.error(&node.span, "an included file lacks `phases`");
    }
    Vec::new()
}
