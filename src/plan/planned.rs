//! A book made ready to be carried out: variables rendered, hosts chosen, references held to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::base::{PhaseId, Role, Spanned, StepId};
use crate::events::record::Selection;
use crate::model::step::Confirm;
use crate::model::{Book, Host, Step};

use super::ground::Ground;

/// What the command line adds to a book.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--var` and `--vars-file`, over the book's own.
    pub vars: BTreeMap<String, Value>,
    /// `--hosts-file` and `--host`, over the book's own.
    pub hosts: Vec<Host>,
    /// `--from`, `--only`, `--tags`, `--skip-tags`.
    pub selection: Selection,
}

/// A book made ready to be carried out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The book as written, for its texts and sources.
    pub book: Book,
    /// Its name, rendered.
    pub name: String,
    /// When rollback has to be over.
    pub deadline: Option<Timestamp>,
    /// The roles, `local` not among them.
    pub hosts: Vec<PlannedHost>,
    /// The book's variables, rendered; secrets in them are sealed.
    pub vars: BTreeMap<String, Value>,
    /// The phases in order.
    pub phases: Vec<PlannedPhase>,
    /// The fingerprint of each step, as written: unrendered, with the files and variables that it names.
    pub fingerprints: BTreeMap<StepId, String>,
    /// The text of every file that the book was read from and that its steps send, by path.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// What templates may refer to.
    pub(super) ground: Arc<Ground>,
}

/// A role and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedHost {
    /// The role.
    pub role: Role,
    /// What ssh accepts.
    pub ssh: String,
    /// The port, where ssh's configuration is not to decide.
    pub port: Option<u16>,
    /// The user to act as where the step does not say.
    pub become_user: Option<String>,
    /// The name of the secret with sudo's password.
    pub become_password: Option<String>,
    /// Where jobs keep their folders, where the default does not do.
    pub state_dir: Option<String>,
    /// The step from which on the role may be another machine.
    pub replaced_at: Option<StepId>,
    /// Variables of the host.
    pub vars: BTreeMap<String, Value>,
}

/// A phase.
#[derive(Clone, Debug)]
pub struct PlannedPhase {
    /// Its id.
    pub id: PhaseId,
    /// Its name, rendered.
    pub name: String,
    /// What it is about, in Markdown, as written.
    pub description: Option<Spanned<String>>,
    /// The gate before it.
    pub confirm: Option<Confirm>,
    /// Whether its steps may run at the same time where they do not refer to each other.
    pub parallel: bool,
    /// Variables that its include gave, rendered, over the book's own.
    pub vars: BTreeMap<String, Value>,
    /// Its steps in order.
    pub steps: Vec<PlannedStep>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    /// The step as written.
    pub step: Step,
    /// Its name, rendered where that needs no output of a step.
    pub name: String,
    /// The index of its phase.
    pub phase: usize,
    /// The hosts that it acts on, `local` among them; empty: on none. Of a `restores` alone: those of the step that it restores.
    pub hosts: Vec<Role>,
    /// Why it is not to be run: `--tags`, `--from`. None: it is.
    pub left_out: Option<String>,
    /// The steps whose outputs it uses.
    pub uses: BTreeSet<StepId>,
    /// What the file of its `foreach` lists, where that is a file.
    pub rows: Arc<[Value]>,
}

impl Plan {
    /// All steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &PlannedStep> {
        self.phases.iter().flat_map(|phase| &phase.steps)
    }

    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&PlannedStep> {
        let (phase, step) = self.ground.places_of_steps.get(id)?;
        self.phases.get(*phase)?.steps.get(*step)
    }

    /// The step that a template in that phase calls so: within an included file that of the file, where it has one.
    pub(super) fn step_named(&self, phase: Option<usize>, written: &str) -> Option<&PlannedStep> {
        let prefix = phase.and_then(|phase| self.book.phases.get(phase)).map_or("", |phase| phase.prefix.as_str());
        let own = (!prefix.is_empty()).then(|| self.step(&StepId::from(format!("{prefix}{written}")))).flatten();
        own.or_else(|| self.step(&StepId::from(written)))
    }

    /// A host by its role; none for `local`.
    #[must_use]
    pub fn host(&self, role: &Role) -> Option<&PlannedHost> {
        self.hosts.iter().find(|host| host.role == *role)
    }

    /// The roles that these names of roles and groups stand for, each once, in order. Names that nothing is called were reported.
    #[must_use]
    pub fn roles(&self, names: &[Spanned<String>]) -> Vec<Role> {
        let mut roles: Vec<Role> = Vec::new();
        let mut add = |role: Role| {
            if !roles.contains(&role) {
                roles.push(role);
            }
        };
        for name in names {
            match self.book.groups.iter().find(|(group, _)| group.value == name.value) {
                Some((_, members)) => members.iter().for_each(|member| add(Role::from(member.value.as_str()))),
                None => add(Role::from(name.value.as_str())),
            }
        }
        roles
    }
}

impl PlannedStep {
    /// By which the journal knows it.
    #[must_use]
    pub fn id(&self) -> &StepId {
        &self.step.id.value
    }

    /// `file:line` where it stands.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.step.span.file, self.step.span.line)
    }
}
