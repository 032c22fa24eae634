//! Making a plan of a book.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::base::secret::is_sealed;
use crate::base::{Role, RunId, Span, Spanned, instant};
use crate::model::book::SecretSource;
use crate::model::step::{Confirm, Step, Text};
use crate::model::{Book, Diagnostics, Phase};

use super::ground::{Ground, NO_RUN};
use super::planned::{Inputs, Plan, PlannedPhase, PlannedStep};
use super::scope::{RenderError, Scope, Situation};
use super::template::is_template;
use super::vars::Vars;
use super::{check, hosts, selection};

/// Makes a book ready to be carried out, and reports everything that is wrong with it: every action is decoded for every host, with what is
/// known beforehand. No plan where anything is an error.
#[must_use]
pub fn resolve(book: Book, inputs: &Inputs) -> (Option<Plan>, Diagnostics) {
    let (plan, diagnostics) = planned(book, inputs, None);
    let plan = (!diagnostics.has_errors()).then_some(plan);
    (plan, diagnostics)
}

/// The plan of a run whose book the journal kept, files that its steps send among the `kept`. It was looked at when the run began, and has
/// to serve whatever became of those files since, and whatever a newer version of this program has to say about it: what was done is
/// taken back by it.
#[must_use]
pub fn resolve_kept(book: Book, inputs: &Inputs, kept: &BTreeMap<String, String>) -> Plan {
    planned(book, inputs, Some(kept)).0
}

fn planned(mut book: Book, inputs: &Inputs, kept: Option<&BTreeMap<String, String>>) -> (Plan, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    hosts::replace(&mut book, &inputs.hosts, &mut diagnostics);
    let (ground, hosts) = Ground::of(&book, inputs, &mut diagnostics);
    let mut plan = Plan {
        name: book.name.value.clone(),
        deadline: None,
        hosts,
        vars: ground.vars.as_json(),
        phases: Vec::new(),
        fingerprints: BTreeMap::new(),
        files: BTreeMap::new(),
        ground: Arc::new(ground),
        book,
    };
    lay_out(&mut plan, &mut diagnostics);
    selection::apply(&mut plan, &inputs.selection, &mut diagnostics);
    check::check(&mut plan, inputs, kept, &mut diagnostics);
    (plan, diagnostics)
}

/// Phases and steps, then their names and gates as far as those are the same for all hosts.
fn lay_out(plan: &mut Plan, diagnostics: &mut Diagnostics) {
    plan.phases = plan.book.phases.iter().enumerate().map(|(at, phase)| planned_phase(plan, at, phase)).collect();
    of_restored(plan);
    let run = RunId::from(NO_RUN);
    let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
    let scope = Scope::of_book(plan, situation);
    let name = shown(&scope, &plan.book.name, diagnostics);
    let deadline = plan.book.deadline.as_ref().and_then(|text| deadline(&scope, text, diagnostics));
    let mut default_user = plan.book.defaults.become_user.clone();
    let mut secrets = plan.book.secrets.clone();
    let of_book = secrets.iter_mut().map(|(_, source)| text_of(source)).chain(&mut default_user);
    for text in of_book {
        text.value = shown(&scope, text, diagnostics);
        if is_sealed(&text.value) {
            diagnostics.error(&text.span, "a secret cannot stand here");
        }
    }
    let said = plan.book.phases.iter().enumerate().map(|(at, phase)| {
        let scope = Scope::of_phase(plan, at, situation);
        Said::of(&scope, phase, diagnostics)
    });
    let said: Vec<Said> = said.collect();
    for (phase, said) in plan.phases.iter_mut().zip(said) {
        (phase.name, phase.description, phase.confirm) = (said.name, said.description, said.confirm);
        for (step, name) in phase.steps.iter_mut().zip(said.steps) {
            step.name = name;
        }
    }
    (plan.name, plan.deadline) = (name, deadline);
    (plan.book.defaults.become_user, plan.book.secrets) = (default_user, secrets);
}

/// What a phase says to people, rendered.
struct Said {
    name: String,
    description: Option<Text>,
    confirm: Option<Confirm>,
    steps: Vec<String>,
}

impl Said {
    fn of(scope: &Scope<'_>, phase: &Phase, diagnostics: &mut Diagnostics) -> Self {
        let mut say = |text: &Text| Spanned::new(shown(scope, text, diagnostics), text.span.clone());
        let description = phase.description.as_ref().map(&mut say);
        let confirm = phase
            .confirm
            .as_ref()
            .map(|confirm| Confirm { prompt: say(&confirm.prompt), typed: confirm.typed.as_ref().map(&mut say) });
        let mut name = |name: &str, span: &Span| {
            if !is_template(name) {
                return name.to_owned();
            }
            shown(scope, &Spanned::new(name.to_owned(), span.clone()), diagnostics)
        };
        let own = name(&phase.name, &phase.span);
        let steps = phase.steps.iter().map(|step| name(&step.name, &step.span)).collect();
        Self { name: own, description, confirm, steps }
    }
}

/// What says where a secret comes from.
pub(super) fn text_of(source: &mut SecretSource) -> &mut Text {
    match source {
        SecretSource::Env(text)
        | SecretSource::File(text)
        | SecretSource::Command(text)
        | SecretSource::Prompt(text) => text,
    }
}

fn planned_phase(plan: &Plan, at: usize, phase: &Phase) -> PlannedPhase {
    let step = |step: &Step| PlannedStep {
        name: step.name.clone(),
        step: step.clone(),
        phase: at,
        hosts: plan.roles(&step.on),
        left_out: None,
        uses: BTreeSet::new(),
        rows: Arc::default(),
    };
    PlannedPhase {
        id: phase.id.value.clone(),
        name: phase.name.clone(),
        description: phase.description.clone(),
        confirm: phase.confirm.clone(),
        parallel: phase.parallel,
        vars: plan.ground.phases.get(at).map(Vars::as_json).unwrap_or_default(),
        steps: phase.steps.iter().map(step).collect(),
    }
}

/// A text for people; as written where a step has to run first.
fn shown(scope: &Scope<'_>, text: &Text, diagnostics: &mut Diagnostics) -> String {
    if scope.uses_run(text) {
        diagnostics
            .error(&text.span, "`run` is not known here")
            .hint("this is worked out before a run begins: `run` is known in what a step does");
        return text.value.clone();
    }
    match scope.text(text) {
        Ok(rendered) => rendered,
        Err(RenderError::Unknown(_)) => text.value.clone(),
        Err(RenderError::Wrong(wrong)) => {
            diagnostics.push(*wrong);
            text.value.clone()
        }
    }
}

fn deadline(scope: &Scope<'_>, text: &Text, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
    let rendered = shown(scope, text, diagnostics);
    instant::parse(&rendered)
        .map_err(|error| {
            diagnostics
                .error(&text.span, format!("`rollback_by` is `{rendered}`: {error}"))
                .hint("instants look like `2018-08-20T09:00Z`, `2018-08-20T09:00+12:00`");
        })
        .ok()
}

/// A `restores` alone acts where the step that it restores did.
fn of_restored(plan: &mut Plan) {
    let hosts: Vec<(usize, usize, Vec<Role>)> = plan
        .steps()
        .filter(|step| step.step.action.is_none())
        .filter_map(|step| {
            let (phase, at) = *plan.ground.places_of_steps.get(step.id())?;
            let restored = plan.step(&step.step.restores.as_ref()?.value)?;
            Some((phase, at, restored.hosts.clone()))
        })
        .collect();
    for (phase, at, roles) in hosts {
        plan.phases[phase].steps[at].hosts = roles;
    }
}
