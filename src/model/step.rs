//! A step as written.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Span, Spanned, StepId};

use super::node::Node;

/// Text that may hold a template, and where it stands.
pub type Text = Spanned<String>;

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// By which the journal knows it.
    pub id: Spanned<StepId>,
    /// For people; the id where none was given.
    pub name: String,
    /// Markdown, shown at gates and in the document.
    pub description: Option<Text>,
    /// Roles, groups or `local`, as written; empty for steps that act on no host.
    pub on: Vec<Spanned<String>>,
    /// The user to act as.
    pub become_user: Option<Text>,
    /// False: skipped.
    pub when: Option<Text>,
    /// The gate before it.
    pub confirm: Option<Confirm>,
    /// A read-only script; exit 0: already done.
    pub unless: Option<Text>,
    /// What must hold afterwards.
    pub verify: Option<VerifySpec>,
    /// How to take it back.
    pub undo: Option<UndoSpec>,
    /// Opens an entry in the ledger: until when, as text; empty for `true`.
    pub temporary: Option<Text>,
    /// The temporary step whose change this ends.
    pub restores: Option<Spanned<StepId>>,
    /// The time it may take: a duration, or a template of one.
    pub timeout: Option<Text>,
    /// How often it is tried.
    pub retry: Option<Retry>,
    /// What a failure leads to; none: the book's default.
    pub on_failure: Option<OnFailure>,
    /// A list, a template that yields one, or `{csv: path}`.
    pub foreach: Option<Node>,
    /// How many of its items at a time; none: one.
    pub parallel: Option<u32>,
    /// How many hosts at a time.
    pub batch: Option<Batch>,
    /// How many hosts may fail before no further batch starts.
    pub max_failures: Option<u32>,
    /// Names the point just before this step.
    pub checkpoint: Option<Spanned<String>>,
    /// Why there is no way back past it.
    pub irreversible: Option<Text>,
    /// For `--tags`.
    pub tags: Vec<Spanned<String>>,
    /// The check that its `wait` waits `for`; in the value of the action stands only what kind it is.
    pub wait_for: Option<SubStep>,
    /// What it does; none only where it `restores`.
    pub action: Option<ActionCall>,
    /// Where it stands.
    pub span: Span,
}

/// An action as written: decoded by the action itself, once its templates are rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionCall {
    /// The action's key.
    pub kind: Spanned<String>,
    /// Its value.
    pub value: Node,
}

/// A gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub prompt: Text,
    /// The word that has to be typed back.
    pub typed: Option<Text>,
}

/// What must hold after a step.
#[derive(Clone, Debug, PartialEq)]
pub enum VerifySpec {
    /// A script: exit 0.
    Script(Text),
    /// Check actions.
    Checks {
        /// Each of them has to hold.
        checks: Vec<SubStep>,
        /// For how long they are tried.
        patience: Option<Duration>,
    },
}

/// A step inside `verify` or `undo`: inherits `on` and `become` of the step it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct SubStep {
    /// Its own hosts.
    pub on: Vec<Spanned<String>>,
    /// Its own user.
    pub become_user: Option<Text>,
    /// What it does.
    pub action: ActionCall,
}

/// How to take a step back.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoSpec {
    /// A script, run where the step ran.
    Script(Text),
    /// Steps in order.
    Steps(Vec<SubStep>),
    /// Not at all.
    Irreversible(Text),
    /// It changed nothing.
    Nothing,
}

/// How often a step is tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// All tries together; at least 1.
    pub attempts: u32,
    /// Before the second try.
    pub delay: Duration,
    /// By what the delay grows from try to try.
    pub backoff: f64,
}

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The menu; without a terminal, stop.
    Ask,
    /// Stop, resumable.
    Stop,
    /// Go on.
    Continue,
    /// Roll back to the newest checkpoint, else to the start.
    Rollback,
}

/// How many hosts of a fan-out at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Batch {
    /// So many.
    Count(u32),
    /// So many of a hundred, at least one.
    Percent(u32),
}
