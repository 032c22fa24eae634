//! What the journal keeps of a plan, and inputs back from there.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::base::RunId;
use crate::events::record::{Edited, OutlinePhase, OutlineStep, Started};
use crate::model::step::Text;
use crate::model::{Diagnostics, Host, load};

use super::ground::NO_RUN;
use super::planned::{Inputs, Plan, PlannedPhase, PlannedStep};
use super::scope::{Scope, Situation};
use super::value;

/// The version of the records.
const FORMAT: u32 = 1;

impl Plan {
    /// What the journal's first record says about a run of this plan. `secrets` are the HMACs of their values.
    #[must_use]
    pub fn started(
        &self,
        run: RunId,
        path: &Path,
        inputs: &Inputs,
        answers: Value,
        secrets: BTreeMap<String, String>,
    ) -> Started {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let Edited { fingerprints, files, outline, deadline } = self.edited();
        Started {
            run,
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            name: self.name.clone(),
            path: path.to_string_lossy().into_owned(),
            files,
            vars: inputs.vars.clone(),
            hosts: hosts_as_json(&inputs.hosts),
            answers,
            selection: inputs.selection.clone(),
            secrets,
            fingerprints,
            outline,
            deadline,
        }
    }

    /// What a resume tells the journal where the book was edited.
    #[must_use]
    pub fn edited(&self) -> Edited {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
        let files = self.files.iter().filter_map(|(path, bytes)| Some((path.to_string_lossy().into(), text(bytes)?)));
        Edited {
            fingerprints: self.fingerprints.clone(),
            files: files.collect(),
            outline: self.phases.iter().map(|phase| self.outline(phase)).collect(),
            deadline: self.deadline,
        }
    }

    fn outline(&self, phase: &PlannedPhase) -> OutlinePhase {
        let steps = phase.steps.iter().map(|step| self.outline_of(step)).collect();
        OutlinePhase { id: phase.id.clone(), name: phase.name.clone(), steps }
    }

    fn outline_of(&self, planned: &PlannedStep) -> OutlineStep {
        let step = &planned.step;
        let action = step.action.as_ref().map_or("restores", |action| action.kind.value.as_str());
        let run = RunId::from(NO_RUN);
        let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
        let scope = Scope::of_phase(self, planned.phase, situation);
        let said = |text: &Text| scope.text_if_known(text);
        OutlineStep {
            id: planned.id().clone(),
            name: planned.name.clone(),
            action: action.to_owned(),
            place: planned.place(),
            hosts: planned.hosts.clone(),
            restores: step.restores.as_ref().map(|id| id.value.clone()),
            temporary: step.temporary.as_ref().map(said),
            irreversible: step.irreversible.as_ref().map(said),
            max_failures: step.max_failures.unwrap_or(0),
            on_failure: step.on_failure.unwrap_or(self.book.defaults.on_failure),
        }
    }
}

impl Inputs {
    /// The inputs of a run that was begun: what was given then is used again.
    #[must_use]
    pub fn of(started: &Started) -> Self {
        // JSON is YAML, and was written by `hosts_as_json`: there is nothing to report.
        let hosts = serde_json::to_string(&started.hosts).unwrap_or_default();
        let hosts = load::hosts_file("the journal", &hosts, &mut Diagnostics::default());
        Self { vars: started.vars.clone(), hosts, selection: started.selection.clone() }
    }
}

/// Hosts as `hosts:` has them; where two say where the same role is, as one.
fn hosts_as_json(hosts: &[Host]) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for host in hosts {
        let mut object = Map::new();
        let mut put = |key: &str, value: Option<Value>| value.map(|value| object.insert(key.to_owned(), value));
        put("ssh", Some(host.ssh.value.clone().into()));
        put("port", host.port.map(Value::from));
        put("become", host.become_user.as_ref().map(|user| user.value.clone().into()));
        put("become_password", host.become_password.as_ref().map(|name| name.value.clone().into()));
        put("state_dir", host.state_dir.as_ref().map(|path| path.value.clone().into()));
        put("replaced_at", host.replaced_at.as_ref().map(|step| step.value.clone().into()));
        let vars: Map<String, Value> =
            host.vars.iter().map(|(name, node)| (name.value.clone(), value::of_node(node))).collect();
        put("vars", (!vars.is_empty()).then_some(Value::Object(vars)));
        merge(all.entry(host.role.value.to_string()).or_default(), object);
    }
    all
}

/// As `hosts::replace` has it: the later one says where, and its variables stand over the earlier one's.
fn merge(into: &mut Value, later: Map<String, Value>) {
    let Value::Object(own) = into else {
        *into = Value::Object(later);
        return;
    };
    own.remove("port");
    for (key, value) in later {
        match (key.as_str(), own.get_mut(&key), value) {
            ("vars", Some(Value::Object(vars)), Value::Object(later)) => vars.extend(later),
            (_, _, value) => {
                own.insert(key, value);
            }
        }
    }
}
