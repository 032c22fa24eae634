//! Fingerprints of steps: over what was written, before anything is rendered. Lines that move do not matter, nor do words for people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::{Role, Spanned};
use crate::model::step::{ActionCall, Step, SubStep, Text};
use crate::model::{Host, Node, Shape, UndoSpec, VerifySpec};

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
        let mut hash = Hash::new(&name.value);
        hash.node(node);
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
                let mut hash = Hash::new("hosts");
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
            None => Hash::new(&host.ssh.value).end(),
        }
    }

    /// The fingerprint of a step that names these things and sends files of these hashes.
    pub(super) fn of_step(&self, step: &PlannedStep, named: &BTreeSet<Named>, files: &[(String, String)]) -> String {
        let none = BTreeMap::new();
        let inner = self.phases.get(step.phase).unwrap_or(&none);
        let mut hash = Hash::new("step");
        hash.step(&step.step);
        hash.count(step.hosts.len());
        step.hosts.iter().for_each(|role| hash.add(role.as_str()));
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

impl Hash {
    /// What decides what a step does.
    fn step(&mut self, step: &Step) {
        self.add(step.id.value.as_str());
        self.words("on", &step.on);
        self.text("become", step.become_user.as_ref());
        self.text("when", step.when.as_ref());
        self.text("confirm", step.confirm.as_ref().map(|confirm| &confirm.prompt));
        self.text("type", step.confirm.as_ref().and_then(|confirm| confirm.typed.as_ref()));
        self.text("unless", step.unless.as_ref());
        match &step.verify {
            Some(VerifySpec::Script(script)) => self.text("verify", Some(script)),
            Some(VerifySpec::Checks { checks, patience }) => {
                self.said("for", patience.as_ref());
                self.parts("verify", checks);
            }
            None => {}
        }
        match &step.undo {
            Some(UndoSpec::Script(script)) => self.text("undo", Some(script)),
            Some(UndoSpec::Steps(steps)) => self.parts("undo", steps),
            Some(UndoSpec::Irreversible(why)) => self.text("undo irreversible", Some(why)),
            Some(UndoSpec::Nothing) => self.add("undo nothing"),
            None => {}
        }
        self.text("temporary", step.temporary.as_ref());
        self.said("restores", step.restores.as_ref().map(|id| id.value.as_str()));
        self.text("timeout", step.timeout.as_ref());
        self.said("retry", step.retry.as_ref());
        self.said("on_failure", step.on_failure.as_ref());
        self.said("parallel", step.parallel.as_ref());
        self.said("batch", step.batch.as_ref());
        self.said("max_failures", step.max_failures.as_ref());
        self.text("checkpoint", step.checkpoint.as_ref());
        self.text("irreversible", step.irreversible.as_ref());
        if let Some(foreach) = &step.foreach {
            self.add("foreach");
            self.node(foreach);
        }
        if let Some(check) = &step.wait_for {
            self.parts("wait for", std::slice::from_ref(check));
        }
        if let Some(action) = &step.action {
            self.call(action);
        }
    }

    fn text(&mut self, key: &str, text: Option<&Text>) {
        if let Some(text) = text {
            self.add(key);
            self.add(&text.value);
        }
    }

    fn said(&mut self, key: &str, value: Option<impl std::fmt::Debug>) {
        if let Some(value) = value {
            self.add(key);
            self.add(&format!("{value:?}"));
        }
    }

    fn words(&mut self, key: &str, words: &[Spanned<String>]) {
        self.add(key);
        self.count(words.len());
        for word in words {
            self.add(&word.value);
        }
    }

    fn call(&mut self, call: &ActionCall) {
        self.add(&call.kind.value);
        self.node(&call.value);
    }

    fn parts(&mut self, key: &str, parts: &[SubStep]) {
        self.add(key);
        self.count(parts.len());
        for part in parts {
            self.words("on", &part.on);
            self.text("become", part.become_user.as_ref());
            self.call(&part.action);
        }
    }

    /// By value: `"0644"` and `0644` are the same text.
    fn node(&mut self, node: &Node) {
        match &node.shape {
            Shape::Scalar(scalar) => match value::of_scalar(scalar) {
                Value::String(text) => {
                    self.add("text");
                    self.add(&text);
                }
                other => {
                    self.add("value");
                    self.add(&other.to_string());
                }
            },
            Shape::List(items) => {
                self.add("list");
                self.count(items.len());
                for item in items {
                    self.node(item);
                }
            }
            Shape::Map(entries) => {
                self.add("map");
                self.count(entries.len());
                for (key, node) in entries {
                    self.add(&key.value);
                    self.node(node);
                }
            }
        }
    }
}

struct Hash(Sha256);

impl Hash {
    fn new(of: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.add(of);
        hash
    }

    /// With its length, so that two texts cannot be taken for another two.
    fn add(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
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
