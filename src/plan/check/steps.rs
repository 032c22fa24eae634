//! References to what steps leave.

use std::collections::BTreeSet;

use crate::base::StepId;
use crate::model::diagnostic::nearest;
use crate::model::{Diagnostics, Shape};
use crate::plan::fault::Fault;
use crate::plan::missing;
use crate::plan::outputs;
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::render::Names;
use crate::plan::scope::Scope;
use crate::plan::template::Reference;

use super::site::Site;

const OF_ONE: [&str; 6] = ["stdout", "stderr", "exit_code", "error", "answers", "note"];

/// What is wrong with a reference that begins with `steps`, if anything is; the step goes to `uses`.
pub(super) fn check(
    reference: &Reference,
    site: &Site<'_>,
    scope: &Scope<'_>,
    uses: &mut BTreeSet<StepId>,
) -> Option<Fault> {
    let Some(step) = site.step else {
        let fault = Fault::wrong(reference.range.clone(), "what a step leaves is not known here");
        return Some(fault.hint("it is known only in the steps after it"));
    };
    let Some(written) = reference.name(1) else {
        uses.extend(before(site, step).map(|earlier| earlier.id().clone()));
        return None;
    };
    if reference.hyphened.is_some() {
        return Some(scope.explain(reference));
    }
    let Some(other) = site.plan.step_named(site.phase, written) else { return Some(scope.explain(reference)) };
    let place = |step: &PlannedStep| site.plan.ground.places_of_steps.get(step.id()).copied();
    if place(other) >= place(step) {
        let why = if other.id() == step.id() {
            format!("`{}` uses what it leaves itself", other.id())
        } else {
            format!("`{}` comes later, at {}", other.id(), other.place())
        };
        return Some(Fault::wrong(reference.range.clone(), why).hint("a step can use what earlier ones leave"));
    }
    uses.insert(other.id().clone());
    shape(reference, other)
}

fn before<'a>(site: &Site<'a>, step: &PlannedStep) -> impl Iterator<Item = &'a PlannedStep> {
    let id = step.id().clone();
    site.plan.steps().take_while(move |other| *other.id() != id)
}

/// Whether such a step leaves such a thing.
fn shape(reference: &Reference, used: &PlannedStep) -> Option<Fault> {
    let name = reference.name(2)?;
    used.step.action.as_ref()?;
    let has_list = used.step.foreach.is_some();
    let is_spread = used.hosts.len() > 1;
    let path = path_of(used.id());
    let own = outputs::declared(used);
    let is_of_one = OF_ONE.contains(&name) || own.contains(&name);
    let here = |message: String| Fault::wrong(reference.range_of(2), message);
    if is_of_one && has_list {
        return Some(
            here(format!("`{}` has a `foreach`: each item leaves its own `{name}`", used.id()))
                .hint(format!("a list: `{path}.results`")),
        );
    }
    if is_of_one && is_spread {
        let first = used.hosts.first().map_or(String::new(), |role| part(role.as_str()));
        let fault = here(format!("`{}` acts on {} hosts: each leaves its own `{name}`", used.id(), used.hosts.len()));
        return Some(fault.hint(format!("`{path}.hosts{first}.{name}`")));
    }
    let mut known = vec!["changed"];
    if has_list {
        known.push("results");
    } else {
        known.extend(OF_ONE.iter().chain(own).filter(|_| !is_spread));
        known.extend((!used.hosts.is_empty()).then_some("hosts"));
    }
    if !known.contains(&name) {
        return Some(missing::with_near(here(format!("a step leaves no `{name}`")), name, &known));
    }
    match (name, reference.name(3)) {
        ("hosts", Some(role)) => {
            let roles: Vec<&str> = used.hosts.iter().map(crate::base::Role::as_str).collect();
            let fault = || Fault::wrong(reference.range_of(3), format!("`{}` does not act on `{role}`", used.id()));
            (!roles.contains(&role)).then(|| missing::with_near(fault(), role, &roles))
        }
        ("answers", Some(answer)) => asked(used, answer, reference),
        _ => None,
    }
}

/// Whether a person is asked for that.
fn asked(used: &PlannedStep, answer: &str, reference: &Reference) -> Option<Fault> {
    let action = used.step.action.as_ref().filter(|action| action.kind.value == "manual")?;
    let asked: Vec<&str> = match action.value.get("ask").map(|ask| &ask.shape) {
        Some(Shape::Map(entries)) => entries.iter().map(|(name, _)| name.value.as_str()).collect(),
        Some(_) => return None,
        None => Vec::new(),
    };
    let fault = || Fault::wrong(reference.range_of(3), format!("`{}` does not ask for `{answer}`", used.id()));
    (!asked.contains(&answer)).then(|| missing::with_near(fault(), answer, &asked))
}

/// The step whose records' time to live a `wait` counts.
pub(super) fn waited_for(plan: &Plan, step: &PlannedStep, diagnostics: &mut Diagnostics) -> Option<StepId> {
    let action = step.step.action.as_ref().filter(|action| action.kind.value == "wait")?;
    let named = action.value.get("ttl_of")?;
    let written = named.text()?;
    let Some(other) = plan.step(&StepId::from(written.as_str())) else {
        let ids: Vec<&str> = plan.steps().map(|step| step.id().as_str()).collect();
        let near = nearest(&written, ids);
        let diagnostic = diagnostics.error(&named.span, format!("unknown step `{written}`"));
        if let Some(near) = near {
            diagnostic.hint(format!("did you mean `{near}`?"));
        }
        return None;
    };
    let place = |step: &PlannedStep| plan.ground.places_of_steps.get(step.id()).copied();
    let kind = other.step.action.as_ref().map_or("restores", |action| action.kind.value.as_str());
    if place(other) >= place(step) {
        diagnostics.error(&named.span, format!("`ttl_of` names `{written}`, which comes no earlier"));
    } else if !matches!(kind, "lookup" | "dns") {
        diagnostics
            .error(&named.span, format!("`ttl_of` names `{written}`, which is a `{kind}`"))
            .hint("a `lookup` or a `dns` step has seen a time to live");
    }
    Some(other.id().clone())
}

/// How a template says the step.
pub(in crate::plan) fn path_of(id: &StepId) -> String {
    format!("steps{}", part(id.as_str()))
}

fn part(name: &str) -> String {
    let is_plain =
        !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { format!(".{name}") } else { format!("[\"{name}\"]") }
}
