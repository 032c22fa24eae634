//! Fingerprints of steps: over what was written, before anything is rendered. Lines that move do not matter, nor do words for people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::base::{Role, Spanned};
use crate::model::step::{ActionCall, Step, SubStep, Text};
use crate::model::{Host, UndoSpec, VerifySpec};

use super::planned::{Plan, PlannedStep};
use super::value;
use super::vars::{Definition, each_reference};

/// A thing that a template names and that is defined elsewhere in the book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// A variable.
    Var(String),
    /// A variable of a host, or where it is.
    OfHost(Role, String),
    /// Any of the hosts.
    Hosts,
}

/// Fingerprints of what steps may name.
pub(super) struct Definitions<'p> {
    plan: &'p Plan,
    book: BTreeMap<String, String>,
    phases: Vec<BTreeMap<String, String>>,
}

impl<'p> Definitions<'p> {
    /// Those of the book, each with what it names in turn.
    pub(super) fn of(plan: &'p Plan) -> Self {
        let mut definitions = Self { plan, book: BTreeMap::new(), phases: Vec::new() };
        for definition in &plan.book.vars {
            let hash = definitions.of_definition(definition, &BTreeMap::new());
            definitions.book.insert(definition.0.value.clone(), hash);
        }
        for phase in &plan.book.phases {
            let mut own = BTreeMap::new();
            for definition in &phase.vars {
                let hash = definitions.of_definition(definition, &own);
                own.insert(definition.0.value.clone(), hash);
            }
            definitions.phases.push(own);
        }
        definitions
    }

    fn of_definition(&self, (name, node): &Definition, inner: &BTreeMap<String, String>) -> String {
        let mut named = BTreeSet::new();
        each_reference(node, &mut |reference| named.extend(Named::by(reference, &[])));
        let mut hash = Hash::of(&json!([name.value, value::of_node(node)]));
        for name in named {
            hash.add(&self.of_named(&name, inner));
        }
        hash.end()
    }

    fn of_named(&self, named: &Named, inner: &BTreeMap<String, String>) -> String {
        match named {
            Named::Var(name) => inner.get(name).or_else(|| self.book.get(name)).cloned().unwrap_or_default(),
            Named::OfHost(role, name) => {
                let host = self.plan.book.hosts.iter().find(|host| host.role.value == *role);
                host.map_or_else(String::new, |host| self.of_host(host, name))
            }
            Named::Hosts => {
                let mut hash = Hash::of(&json!("hosts"));
                for host in &self.plan.book.hosts {
                    for name in host.vars.iter().map(|(name, _)| name.value.as_str()).chain(["ssh"]) {
                        hash.add(&self.of_host(host, name));
                    }
                }
                hash.end()
            }
        }
    }

    fn of_host(&self, host: &Host, name: &str) -> String {
        match host.vars.iter().find(|(other, _)| other.value == name) {
            Some(definition) => self.of_definition(definition, &BTreeMap::new()),
            None => Hash::of(&json!(host.ssh.value)).end(),
        }
    }

    /// The fingerprint of a step that names these things and sends files of these hashes.
    pub(super) fn of_step(&self, step: &PlannedStep, named: &BTreeSet<Named>, files: &[(String, String)]) -> String {
        let none = BTreeMap::new();
        let inner = self.phases.get(step.phase).unwrap_or(&none);
        let mut hash = Hash::of(&as_json(&step.step));
        hash.add(&json!(step.hosts).to_string());
        for name in named {
            hash.add(&self.of_named(name, inner));
        }
        for (path, content) in files {
            hash.add(path);
            hash.add(content);
        }
        hash.end()
    }
}

impl Named {
    /// What a reference names, in a step on these hosts.
    pub(super) fn by(reference: &super::template::Reference, hosts: &[Role]) -> Vec<Self> {
        let of_host = |role: &str, name: Option<&str>| {
            name.map_or(Self::Hosts, |name| Self::OfHost(Role::from(role), name.to_owned()))
        };
        match reference.root() {
            "hosts" => vec![reference.name(1).map_or(Self::Hosts, |role| of_host(role, reference.name(2)))],
            "host" => hosts.iter().map(|role| of_host(role.as_str(), reference.name(1))).collect(),
            "run" | "item" | "steps" | "secrets" => Vec::new(),
            name => vec![Self::Var(name.to_owned())],
        }
    }
}

/// What decides what a step does.
fn as_json(step: &Step) -> Value {
    json!({
        "id": step.id.value,
        "on": words(&step.on),
        "become": text(step.become_user.as_ref()),
        "when": text(step.when.as_ref()),
        "confirm": step.confirm.as_ref().map(|confirm| json!([confirm.prompt.value, text(confirm.typed.as_ref())])),
        "unless": text(step.unless.as_ref()),
        "verify": step.verify.as_ref().map(verify),
        "undo": step.undo.as_ref().map(undo),
        "temporary": text(step.temporary.as_ref()),
        "restores": step.restores.as_ref().map(|id| &id.value),
        "timeout": text(step.timeout.as_ref()),
        "retry": step.retry.map(|retry| json!([retry.attempts, retry.delay.as_millis(), retry.backoff])),
        "on_failure": step.on_failure,
        "foreach": step.foreach.as_ref().map(value::of_node),
        "batch": step.batch.map(|batch| format!("{batch:?}")),
        "max_failures": step.max_failures,
        "checkpoint": text(step.checkpoint.as_ref()),
        "irreversible": text(step.irreversible.as_ref()),
        "action": step.action.as_ref().map(call),
    })
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.value.as_str())
}

fn words(words: &[Spanned<String>]) -> Vec<&str> {
    words.iter().map(|word| word.value.as_str()).collect()
}

fn call(call: &ActionCall) -> Value {
    json!({ call.kind.value.as_str(): value::of_node(&call.value) })
}

fn verify(spec: &VerifySpec) -> Value {
    match spec {
        VerifySpec::Script(script) => json!(script.value),
        VerifySpec::Checks { checks, patience } => {
            json!([parts(checks), patience.map(|patience| patience.as_millis())])
        }
    }
}

fn undo(spec: &UndoSpec) -> Value {
    match spec {
        UndoSpec::Script(script) => json!(script.value),
        UndoSpec::Steps(steps) => parts(steps),
        UndoSpec::Irreversible(why) => json!({"irreversible": why.value}),
        UndoSpec::Nothing => Value::Null,
    }
}

fn parts(parts: &[SubStep]) -> Value {
    let part = |part: &SubStep| json!([words(&part.on), text(part.become_user.as_ref()), call(&part.action)]);
    parts.iter().map(part).collect()
}

struct Hash(Sha256);

impl Hash {
    fn of(value: &Value) -> Self {
        let mut hash = Self(Sha256::new());
        hash.add(&value.to_string());
        hash
    }

    /// With its length, so that two texts cannot be taken for another two.
    fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn end(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
