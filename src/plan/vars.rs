//! Variables, worked out in the order they were written: later ones may use earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::base::{Spanned, secret};
use crate::model::diagnostic::Diagnostic;
use crate::model::yaml::Places;
use crate::model::{Diagnostics, Node, Scalar, Shape};

use super::fault::Fault;
use super::missing;
use super::render::{self, Names};
use super::template::{Reference, Template, is_template};
use super::value;

/// A variable's name and definition.
pub(super) type Definition = (Spanned<String>, Node);

/// Variables, worked out.
#[derive(Clone, Debug, Default)]
pub(super) struct Vars {
    values: BTreeMap<String, Var>,
    /// Those that say something of the run: worked out again when it is known.
    late: Vec<Definition>,
}

/// A variable.
#[derive(Clone, Debug)]
pub(super) struct Var {
    /// What it stands for.
    pub(super) value: tera::Value,
    /// Whether a secret is named in it.
    pub(super) is_sealed: bool,
    /// What was wrong with it, and was reported.
    pub(super) wrong: Option<Box<Diagnostic>>,
}

/// What is in scope besides the variables themselves.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Variables further out.
    pub(super) outer: Option<&'a Vars>,
    /// `hosts`, once they are known.
    pub(super) hosts: Option<&'a tera::Value>,
    /// `run`.
    pub(super) run: Option<&'a tera::Value>,
    /// The names of the secrets.
    pub(super) secrets: &'a [String],
    /// Finds places within scalars.
    pub(super) places: &'a Places,
}

impl Vars {
    /// The variable of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Var> {
        self.values.get(name)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// All values, as everything but templates sees them.
    pub(super) fn as_json(&self) -> BTreeMap<String, Value> {
        self.values.iter().map(|(name, var)| (name.clone(), value::from_templates(&var.value))).collect()
    }

    /// Takes a variable whose value is known.
    pub(super) fn insert(&mut self, name: &str, value: &Value) {
        let var = Var { value: value::for_templates(value), is_sealed: value::is_sealed(value), wrong: None };
        self.values.insert(name.to_owned(), var);
    }

    /// Works `definitions` out, in order; `given` stands over what they say. What is wrong is reported, and remembered, so that what
    /// uses it is not reported too.
    pub(super) fn work_out<'d>(
        &mut self,
        definitions: impl IntoIterator<Item = &'d Definition>,
        given: &BTreeMap<String, Value>,
        around: &Around<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let definitions: Vec<&Definition> = definitions.into_iter().collect();
        for (at, definition) in definitions.iter().enumerate() {
            let (name, node) = definition;
            if let Some(given) = given.get(&name.value) {
                self.insert(&name.value, &as_written(given, node));
                continue;
            }
            let ahead = Ahead { vars: self, around, later: &definitions[at + 1..], own: &name.value };
            let worked_out = evaluate(node, &ahead, around.places);
            let is_late = uses_run(node, self, around.outer);
            let var = match worked_out {
                Ok(value) => {
                    let is_sealed = value::is_sealed(&value);
                    Var { value: value::for_templates(&value), is_sealed, wrong: None }
                }
                Err(wrong) => {
                    let first = wrong.as_slice().first().cloned().map(Box::new);
                    diagnostics.extend(wrong);
                    Var { value: tera::Value::none(), is_sealed: false, wrong: first }
                }
            };
            self.values.insert(name.value.clone(), var);
            if is_late {
                self.late.push((*definition).clone());
            }
        }
    }

    /// Whether the variable says something of the run.
    pub(super) fn is_late(&self, name: &str) -> bool {
        self.late.iter().any(|(late, _)| late.value == name)
    }

    /// Those that say something of the run, now that it is known.
    pub(super) fn late(&self, around: &Around<'_>) -> Self {
        let mut late = self.clone();
        let mut unheard = Diagnostics::default();
        late.late.clear();
        late.work_out(&self.late, &BTreeMap::new(), around, &mut unheard);
        late
    }
}

/// A value from outside, read as what stood in its place: text that was given for `port: 8080` is a number, for `port: "8080"` text.
pub(super) fn as_written(given: &Value, definition: &Node) -> Value {
    let is_quoted = match &definition.shape {
        Shape::Scalar(Scalar::Quoted(text)) => !is_template(text),
        _ => false,
    };
    if is_quoted { given.clone() } else { undeclared(given) }
}

/// A value from outside that takes no other's place: text is read as though it had been written plain.
pub(super) fn undeclared(given: &Value) -> Value {
    match given {
        Value::String(text) => value::plain(text),
        other => other.clone(),
    }
}

/// All that the scalars of `node` refer to.
pub(super) fn each_reference(node: &Node, tell: &mut impl FnMut(&Reference)) {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if is_template(text) => {
            Template::read(text).references().for_each(tell);
        }
        Shape::Scalar(_) => {}
        Shape::List(items) => items.iter().for_each(|item| each_reference(item, tell)),
        Shape::Map(entries) => entries.iter().for_each(|(_, node)| each_reference(node, tell)),
    }
}

fn uses_run(node: &Node, vars: &Vars, outer: Option<&Vars>) -> bool {
    let mut uses = false;
    each_reference(node, &mut |reference| {
        let root = reference.root();
        uses |= root == "run" || vars.is_late(root) || outer.is_some_and(|outer| outer.is_late(root));
    });
    uses
}

/// The definitions that can be worked out before the hosts are known, and the others.
pub(super) fn before_hosts(definitions: &[Definition]) -> (Vec<&Definition>, Vec<&Definition>) {
    let mut after: BTreeSet<&str> = BTreeSet::new();
    for (name, node) in definitions {
        let mut waits = false;
        each_reference(node, &mut |reference| waits |= reference.root() == "hosts" || after.contains(reference.root()));
        if waits {
            after.insert(&name.value);
        }
    }
    definitions.iter().partition(|(name, _)| !after.contains(name.value.as_str()))
}

/// The value of a tree, every template in it rendered.
pub(super) fn evaluate(node: &Node, names: &dyn Names, places: &Places) -> Result<Value, Diagnostics> {
    let mut wrong = Diagnostics::default();
    let value = evaluate_into(node, names, places, &mut wrong);
    if wrong.has_errors() { Err(wrong) } else { Ok(value) }
}

fn evaluate_into(node: &Node, names: &dyn Names, places: &Places, wrong: &mut Diagnostics) -> Value {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if is_template(text) => render::value(text, names)
            .unwrap_or_else(|fault| {
                fault.report(&node.span, text, places, wrong);
                Value::Null
            }),
        Shape::Scalar(scalar) => value::of_scalar(scalar),
        Shape::List(items) => {
            Value::Array(items.iter().map(|item| evaluate_into(item, names, places, wrong)).collect())
        }
        Shape::Map(entries) => {
            let entry =
                |(key, node): &(Spanned<String>, Node)| (key.value.clone(), evaluate_into(node, names, places, wrong));
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

/// What is in scope for a variable's own definition.
struct Ahead<'a> {
    vars: &'a Vars,
    around: &'a Around<'a>,
    later: &'a [&'a Definition],
    own: &'a str,
}

impl Ahead<'_> {
    fn var(&self, name: &str) -> Option<&Var> {
        self.vars.get(name).or_else(|| self.around.outer.and_then(|outer| outer.get(name)))
    }
}

impl Names for Ahead<'_> {
    fn value(&self, root: &str, references: &[&Reference]) -> Result<Option<tera::Value>, Fault> {
        match root {
            "secrets" => Ok(Some(sealed_secrets(self.around.secrets))),
            "run" => Ok(self.around.run.cloned()),
            "hosts" => Ok(self.around.hosts.cloned()),
            "host" | "item" | "steps" => match references {
                [reference, ..] => Err(self.explain(reference)),
                [] => Ok(None),
            },
            name => value_of(self.var(name)),
        }
    }

    fn explain(&self, reference: &Reference) -> Fault {
        let root = reference.root();
        let here = |message: &str, hint: &str| Fault::wrong(reference.range.clone(), message).hint(hint);
        match root {
            "host" => here("`host` is not known here", "a variable is the same for all hosts: give the hosts `vars`"),
            "item" => here("`item` is not known here", "it is there only in a step with `foreach`"),
            "steps" => here(
                "what a step leaves is not known here",
                "variables are worked out before anything runs: say `steps.…` where it is needed",
            ),
            "hosts" if self.around.hosts.is_none() => {
                here("`hosts` is not known here", "a host cannot be described by a variable that needs the hosts")
            }
            "run" if self.around.run.is_none() => {
                here("`run` is not known here", "hosts are known before a run begins")
            }
            "secrets" => missing::missing(reference, Some(&sealed_secrets(self.around.secrets)), []),
            "hosts" => missing::missing(reference, self.around.hosts, []),
            "run" => missing::missing(reference, self.around.run, []),
            name if name == self.own => here(&format!("`{name}` is defined by itself"), "it can use earlier variables"),
            name if self.later.iter().any(|(later, _)| later.value == name) => {
                here(&format!("`{name}` is defined only after this"), "a variable may use earlier ones: move it up")
            }
            name => {
                let outer = self.around.outer.into_iter().flat_map(Vars::names);
                missing::missing(reference, self.var(name).map(|var| &var.value), self.vars.names().chain(outer))
            }
        }
    }
}

/// What a variable stands for; the report of what is wrong with it where something is.
pub(super) fn value_of(var: Option<&Var>) -> Result<Option<tera::Value>, Fault> {
    match var {
        Some(Var { wrong: Some(wrong), .. }) => Err(Fault::Reported(wrong.clone())),
        Some(var) => Ok(Some(var.value.clone())),
        None => Ok(None),
    }
}

/// `secrets`, by their names.
pub(super) fn sealed_secrets(names: &[String]) -> tera::Value {
    let sealed: BTreeMap<&str, String> = names.iter().map(|name| (name.as_str(), secret::sealed(name))).collect();
    tera::Value::from_serializable(&sealed)
}

/// What is in scope where only these variables are: for the texts of hosts, and of the book itself.
pub(super) struct Outside<'a> {
    pub(super) vars: &'a Vars,
    pub(super) around: &'a Around<'a>,
}

impl Names for Outside<'_> {
    fn value(&self, root: &str, references: &[&Reference]) -> Result<Option<tera::Value>, Fault> {
        Ahead { vars: self.vars, around: self.around, later: &[], own: "" }.value(root, references)
    }

    fn explain(&self, reference: &Reference) -> Fault {
        Ahead { vars: self.vars, around: self.around, later: &[], own: "" }.explain(reference)
    }
}
