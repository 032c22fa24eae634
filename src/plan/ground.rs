//! What every template of a plan may refer to, worked out once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::base::{Role, StepId};
use crate::model::yaml::Places;
use crate::model::{Book, Diagnostics};

use super::hosts;
use super::planned::{Inputs, PlannedHost};
use super::value;
use super::vars::{self, Around, Vars};

/// What every template of a plan may refer to.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// The book's variables.
    pub(super) vars: Vars,
    /// What the include of each phase gave.
    pub(super) phases: Vec<Vars>,
    /// `hosts`.
    pub(super) hosts: tera::Value,
    /// `host`, for each role.
    pub(super) roles: BTreeMap<Role, tera::Value>,
    /// Whether a secret is named in a variable of a host.
    pub(super) hosts_are_sealed: bool,
    /// The names of the secrets.
    pub(super) secrets: Vec<String>,
    /// Phase and position in it of each step.
    pub(super) places_of_steps: HashMap<StepId, (usize, usize)>,
    /// Finds places within scalars.
    pub(super) places: Places,
}

/// What stands for the run while there is none.
pub(super) const NO_RUN: &str = "RUN";

impl Ground {
    /// Works out variables and hosts, with what the command line puts in their place.
    pub(super) fn of(book: &Book, inputs: &Inputs, diagnostics: &mut Diagnostics) -> (Self, Vec<PlannedHost>) {
        let given: BTreeMap<String, Value> =
            inputs.vars.iter().map(|(name, given)| (name.clone(), value::unmarked(given.clone()))).collect();
        let secrets: Vec<String> = book.secrets.iter().map(|(name, _)| name.value.clone()).collect();
        let places = Places::of(&book.sources);
        let run = value::for_templates(&json!({"id": NO_RUN, "started": Timestamp::UNIX_EPOCH.to_string()}));
        let around = Around { outer: None, hosts: None, run: None, secrets: &secrets, places: &places };

        let mut vars = Vars::default();
        let declared: BTreeSet<&str> = book.vars.iter().map(|(name, _)| name.value.as_str()).collect();
        for (name, value) in given.iter().filter(|(name, _)| !declared.contains(name.as_str())) {
            vars.insert(name, &vars::undeclared(value));
        }
        let (before, after) = vars::before_hosts(&book.vars);
        let with_run = Around { run: Some(&run), ..around };
        vars.work_out(before, &given, &with_run, diagnostics);

        let hosts = hosts::plan(book, &vars, &around, diagnostics);
        let as_json: BTreeMap<&str, Value> =
            hosts.iter().map(|host| (host.role.as_str(), hosts::as_json(host))).collect();
        let of_hosts = value::for_templates(&json!(as_json));
        let with_hosts = Around { hosts: Some(&of_hosts), ..with_run };
        vars.work_out(after, &given, &with_hosts, diagnostics);

        let inner = Around { outer: Some(&vars), ..with_hosts };
        let phases = book.phases.iter().map(|phase| {
            let mut own = Vars::default();
            own.work_out(&phase.vars, &BTreeMap::new(), &inner, diagnostics);
            own
        });
        let phases = phases.collect();
        let roles = hosts.iter().map(|host| (host.role.clone(), value::for_templates(&hosts::as_json(host)))).collect();
        let hosts_are_sealed = as_json.values().any(value::is_sealed);
        let places_of_steps = places_of_steps(book);
        let ground = Self { vars, phases, hosts: of_hosts, roles, hosts_are_sealed, secrets, places_of_steps, places };
        (ground, hosts)
    }
}

/// Where two steps have the same id, which was reported, it is the first one's.
fn places_of_steps(book: &Book) -> HashMap<StepId, (usize, usize)> {
    let mut places = HashMap::new();
    for (phase_at, phase) in book.phases.iter().enumerate() {
        for (at, step) in phase.steps.iter().enumerate() {
            places.entry(step.id.value.clone()).or_insert((phase_at, at));
        }
    }
    places
}
