//! Which steps are run: `--from`, `--only`, `--tags`, `--skip-tags`.

use std::collections::BTreeSet;

use crate::base::StepId;
use crate::events::record::Selection;
use crate::model::Diagnostics;
use crate::model::diagnostic::nearest;

use super::planned::{Plan, PlannedStep};

/// Marks the steps that are not to be run, and reports ids and tags that there are not.
pub(super) fn apply(plan: &mut Plan, selection: &Selection, diagnostics: &mut Diagnostics) {
    let ids: Vec<&str> = plan.steps().map(|step| step.id().as_str()).collect();
    for (option, id) in
        selection.from.iter().map(|id| ("--from", id)).chain(selection.only.iter().map(|id| ("--only", id)))
    {
        known(option, "step", id.as_str(), &ids, diagnostics);
    }
    let tags: BTreeSet<&str> = plan.steps().flat_map(|step| &step.step.tags).map(|tag| tag.value.as_str()).collect();
    let tags: Vec<&str> = tags.into_iter().collect();
    for (option, tag) in selection
        .tags
        .iter()
        .map(|tag| ("--tags", tag))
        .chain(selection.skip_tags.iter().map(|tag| ("--skip-tags", tag)))
    {
        known(option, "tag", tag, &tags, diagnostics);
    }
    let first = selection.from.as_ref().and_then(|from| plan.steps().position(|step| step.id() == from));
    for (position, step) in plan.phases.iter_mut().flat_map(|phase| &mut phase.steps).enumerate() {
        step.left_out = why_left_out(step, selection, first.is_some_and(|first| position < first));
    }
}

fn known(option: &str, what: &str, name: &str, all: &[&str], diagnostics: &mut Diagnostics) {
    if all.contains(&name) {
        return;
    }
    let diagnostic = diagnostics.error_at_large(format!("{option} {name}: the runbook has no {what} `{name}`"));
    if let Some(near) = nearest(name, all.iter().copied()) {
        diagnostic.hint(format!("did you mean `{near}`?"));
    }
}

fn why_left_out(step: &PlannedStep, selection: &Selection, is_before: bool) -> Option<String> {
    let id: &StepId = step.id();
    let has = |tags: &[String]| step.step.tags.iter().any(|tag| tags.contains(&tag.value));
    if let (true, Some(from)) = (is_before, &selection.from) {
        return Some(format!("it comes before `{from}` (--from)"));
    }
    if !selection.only.is_empty() && !selection.only.contains(id) {
        return Some("it is not among those chosen (--only)".to_owned());
    }
    if !selection.tags.is_empty() && !has(&selection.tags) {
        return Some(format!("it has none of the tags {} (--tags)", selection.tags.join(", ")));
    }
    if has(&selection.skip_tags) {
        return Some(format!("it has one of the tags {} (--skip-tags)", selection.skip_tags.join(", ")));
    }
    None
}
