//! One pass over everything in a book.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::base::{Role, RunId, Secret, StepId};
use crate::model::Diagnostics;
use crate::plan::fingerprint::{Definitions, Named};
use crate::plan::ground::NO_RUN;
use crate::plan::planned::{Inputs, Plan};
use crate::plan::scope::{Scope, Situation};

use super::calls::{self, Units};
use super::files::Files;
use super::templates::Findings;
use super::{advice, given, parts, places, rows, steps, watch};

/// Looks into every step: what it refers to, what it does on each host, which files it sends. Notes what was found with the plan.
pub(in crate::plan) fn check(
    plan: &mut Plan,
    inputs: &Inputs,
    kept: Option<&BTreeMap<String, String>>,
    diagnostics: &mut Diagnostics,
) {
    let run = RunId::from(NO_RUN);
    let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
    let stand_in = |name: &String| (name.clone(), Secret::new("secret".to_owned()));
    let secrets: BTreeMap<String, Secret> = plan.ground.secrets.iter().map(stand_in).collect();
    let mut files = Files::new(&secrets, kept);

    rows::read(plan, situation, &mut files, diagnostics);
    watch::check(&plan.book, diagnostics);
    places::groups(plan, diagnostics);
    let mut findings = Findings::new(diagnostics);
    findings.book(plan, situation);
    let mut named = findings.named;
    let scope = Scope::of_book(plan, situation);
    for watch in &plan.book.watch {
        calls::decode(&watch.probe, &scope, false, diagnostics);
        places::leads(plan, &watch.probe, diagnostics);
    }

    let mut of_steps: BTreeMap<StepId, (BTreeSet<StepId>, BTreeSet<Named>)> = BTreeMap::new();
    let mut local_before = false;
    for step in plan.steps() {
        let parts = parts::of(&step.step);
        places::step(plan, step, &parts, diagnostics);
        let mut findings = Findings::new(diagnostics);
        findings.step(plan, step, &parts, situation);
        let (mut uses, mut own) = (findings.uses, findings.named);
        uses.extend(steps::waited_for(plan, step, diagnostics));
        let units = Units::of(plan, step, situation, local_before, diagnostics);
        local_before |= step.hosts.iter().any(Role::is_local);
        units.texts(diagnostics);
        for part in &parts {
            units.part(part, &mut files, diagnostics);
        }
        let of_files = files.found(step.id());
        uses.extend(of_files.uses);
        own.extend(of_files.named);
        named.extend(own.iter().cloned());
        of_steps.insert(step.id().clone(), (uses, own));
    }
    given::check(plan, inputs, &named, diagnostics);
    advice::advise(plan, situation, diagnostics);

    let definitions = Definitions::of(plan);
    let fingerprints = plan.steps().map(|step| {
        let none = BTreeSet::new();
        let named = of_steps.get(step.id()).map_or(&none, |(_, named)| named);
        (step.id().clone(), definitions.of_step(step, named, &files.hashes(step.id())))
    });
    plan.fingerprints = fingerprints.collect();
    for step in plan.phases.iter_mut().flat_map(|phase| &mut phase.steps) {
        if let Some((uses, _)) = of_steps.remove(&step.step.id.value) {
            step.uses = uses;
        }
    }
    plan.files = files.into_kept();
    let sources = plan.book.sources.iter().map(|source| (source.path.clone(), source.text.clone().into_bytes()));
    plan.files.extend(sources.collect::<Vec<_>>());
}
