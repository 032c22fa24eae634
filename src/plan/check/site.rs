//! Where a template stands, and what may be used there.

use std::ops::Range;

use crate::base::Span;
use crate::plan::fault::{self, Fault};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::{Scope, Situation};

/// Where a template stands, and what may be used there.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) plan: &'a Plan,
    pub(super) situation: Situation<'a>,
    /// The phase whose variables are in scope.
    pub(super) phase: Option<usize>,
    /// The step before which steps have left something.
    pub(super) step: Option<&'a PlannedStep>,
    /// Whether it is rendered for each host.
    pub(super) host: bool,
    /// Whether it is rendered for each item.
    pub(super) item: bool,
    /// Whether a secret may stand here.
    pub(super) secrets: Secrets,
    /// Whether it is a script for a POSIX shell.
    pub(super) script: bool,
}

/// Whether a secret may stand somewhere.
#[derive(Clone, Copy)]
pub(super) enum Secrets {
    /// As it is: its value is put in later.
    Sealed,
    /// With its value, which filters may change: in a template file.
    Open,
    /// Only below these keys of the action, and this is none of them.
    Below(&'static str, &'static [&'static str]),
    /// Not at all.
    No,
}

impl<'a> Site<'a> {
    /// In the book itself, where no host, item or step is known.
    pub(super) fn book(plan: &'a Plan, situation: Situation<'a>) -> Self {
        Self { plan, situation, phase: None, step: None, host: false, item: false, secrets: Secrets::No, script: false }
    }

    /// In a text of a phase.
    pub(super) fn phase(plan: &'a Plan, phase: usize, situation: Situation<'a>) -> Self {
        Self { phase: Some(phase), ..Self::book(plan, situation) }
    }

    /// In a text of a step that is the same for all its units.
    pub(super) fn step(plan: &'a Plan, step: &'a PlannedStep, situation: Situation<'a>) -> Self {
        Self { step: Some(step), ..Self::phase(plan, step.phase, situation) }
    }

    /// The same, rendered for each unit.
    pub(super) fn unit(self) -> Self {
        let Some(step) = self.step else { return self };
        Self { host: !step.hosts.is_empty(), item: step.step.foreach.is_some(), ..self }
    }

    /// The same in a script.
    pub(super) fn script(self) -> Self {
        Self { script: true, ..self }
    }

    /// The same where a secret may stand, or not.
    pub(super) fn secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// What is in scope, but for host and item.
    pub(super) fn scope(&self) -> Scope<'a> {
        match (self.step, self.phase) {
            (Some(step), _) => Scope::of(self.plan, step, self.situation, None, None),
            (None, Some(phase)) => Scope::of_phase(self.plan, phase, self.situation),
            (None, None) => Scope::of_book(self.plan, self.situation),
        }
    }
}

/// A template and where its text is.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// The scalar, or the whole of a file.
    pub(super) span: &'a Span,
    pub(super) is_file: bool,
}

impl Source<'_> {
    /// Where a part of it stands.
    pub(super) fn place(&self, plan: &Plan, range: Range<usize>) -> Span {
        if self.is_file {
            return fault::span_within(self.span, self.text, &range);
        }
        plan.ground.places.within(self.span, self.text, range)
    }

    /// Reports a fault in it.
    pub(super) fn report(&self, plan: &Plan, fault: Fault, diagnostics: &mut crate::model::Diagnostics) {
        match fault {
            Fault::Wrong { message, hint, range } => {
                let added = diagnostics.error(&self.place(plan, range), message);
                if let Some(hint) = hint {
                    added.hint(hint);
                }
            }
            Fault::Reported(diagnostic) => diagnostics.push(*diagnostic),
            Fault::Unknown(_) => {}
        }
    }
}
