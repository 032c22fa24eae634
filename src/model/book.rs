//! The runbook as written, typed. Nothing here is rendered: text may hold templates.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::{PhaseId, Role, Span, Spanned};

use super::node::Node;
use super::step::{ActionCall, Confirm, OnFailure, Step, Text};

/// A runbook with all that it includes.
#[derive(Clone, Debug)]
pub struct Book {
    /// Its name.
    pub name: Text,
    /// What it is about, in Markdown.
    pub description: Option<Text>,
    /// Variables in the order they were written: later ones may use earlier ones.
    pub vars: Vec<(Spanned<String>, Node)>,
    /// Secrets by name.
    pub secrets: Vec<(Spanned<String>, SecretSource)>,
    /// Where each role is.
    pub hosts: Vec<Host>,
    /// Named sets of roles.
    pub groups: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
    /// What steps take where they say nothing.
    pub defaults: Defaults,
    /// Probes that run beside the whole run.
    pub watch: Vec<Watch>,
    /// The local script that is told what happened.
    pub notify: Option<Notify>,
    /// When rollback has to be over.
    pub deadline: Option<Text>,
    /// The phases in order. `steps:` at the top level is one phase, named like the book.
    pub phases: Vec<Phase>,
    /// Every file that was read for it, the book itself first.
    pub sources: Vec<Source>,
}

/// A file of the runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As spans name it.
    pub name: std::sync::Arc<str>,
    /// Where it is.
    pub path: PathBuf,
    /// What it held when it was read.
    pub text: String,
}

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// An environment variable.
    Env(Spanned<String>),
    /// A file, relative to the one that names it.
    File(Spanned<String>),
    /// The output of a local command.
    Command(Spanned<String>),
    /// Asked on the terminal.
    Prompt(Spanned<String>),
}

/// A role and where it is.
#[derive(Clone, Debug)]
pub struct Host {
    /// The role.
    pub role: Spanned<Role>,
    /// Any destination that ssh(1) accepts.
    pub ssh: Text,
    /// The port, where ssh's own configuration is not to decide.
    pub port: Option<u16>,
    /// The user to act as where the step does not say.
    pub become_user: Option<Text>,
    /// The name of the secret with sudo's password.
    pub become_password: Option<Spanned<String>>,
    /// Where jobs keep their folders, where the default does not do.
    pub state_dir: Option<Text>,
    /// The step from which on the role may be another machine.
    pub replaced_at: Option<Spanned<String>>,
    /// Variables of the host.
    pub vars: Vec<(Spanned<String>, Node)>,
}

impl Host {
    /// Takes what `other` says of the same role: where it is, and whatever else it says; the rest stays.
    pub fn put_over(&mut self, other: &Self) {
        self.ssh = other.ssh.clone();
        self.port = other.port;
        self.become_user = other.become_user.clone().or(self.become_user.take());
        self.become_password = other.become_password.clone().or(self.become_password.take());
        self.state_dir = other.state_dir.clone().or(self.state_dir.take());
        self.replaced_at = other.replaced_at.clone().or(self.replaced_at.take());
        self.vars.retain(|(name, _)| !other.vars.iter().any(|(given, _)| given.value == name.value));
        self.vars.extend(other.vars.iter().cloned());
    }
}

/// What steps take where they say nothing.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The time a step may take; none: no limit.
    pub timeout: Option<Duration>,
    /// The user to act as.
    pub become_user: Option<Text>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
}

/// A probe that runs beside the whole run.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Its name.
    pub name: Spanned<String>,
    /// What is probed. `expect` beside the action stands inside its value here.
    pub probe: ActionCall,
    /// From one probe to the next.
    pub every: Duration,
    /// How long one may take: after that it is down.
    pub timeout: Duration,
}

/// The local script that is told what happened.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Of what it is told: `parked`, `failed`, `done`, `due`.
    pub on: Vec<Spanned<String>>,
    /// The script.
    pub run: Text,
}

/// A phase.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its id, prefixed where an include says so.
    pub id: Spanned<PhaseId>,
    /// Its name.
    pub name: String,
    /// What it is about, in Markdown.
    pub description: Option<Text>,
    /// The gate before it.
    pub confirm: Option<Confirm>,
    /// Whether its steps may run at the same time where they do not refer to each other.
    pub parallel: bool,
    /// What its include put before its ids, with the hyphen: `eu-`; empty where it stands in the book itself.
    pub prefix: String,
    /// Variables that its include gave, over the book's own.
    pub vars: Vec<(Spanned<String>, Node)>,
    /// Its steps in order.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub span: Span,
}
