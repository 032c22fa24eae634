//! The dry run: what would happen, by looking and by nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::StreamExt as _;

use crate::actions::{ActionError, Check, Expected, Hold, Verdict};
use crate::base::{Role, StepId, UnitId, secret};
use crate::events::record::{Reversal, Undo, UndoCall};
use crate::events::view::Pin;
use crate::events::{Foreseen, Foresight, PhaseGate, Preview, RunView};
use crate::model::step::UndoSpec;
use crate::model::{Node, Shape};
use crate::plan::{Plan, PlannedStep, RenderError, Scope};

use super::ahead::{Ahead, Gathered};
use super::around::Around;
use super::controller::EngineError;
use super::prepare::{Prepared, Unready};
use super::setup::Setup;
use super::units::{Untold, Work};
use super::world::World;

/// How many units are looked at at the same time: looking changes nothing, so their order does not matter.
const LOOKING: usize = 16;

/// What a dry run saw.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// What would happen, unit by unit.
    pub units: Vec<Foreseen>,
    /// Which machines the roles are that were looked at.
    pub machines: BTreeMap<Role, Pin>,
    /// Which could not be reached.
    pub away: Vec<Role>,
}

/// What would happen: reads the hosts and changes nothing. With the view of a run, only what is left of it.
///
/// # Errors
/// Where a host is another machine than it was. A host that cannot be reached shows in its units' foresight.
pub async fn foresee(
    setup: &Setup,
    plan: &Arc<Plan>,
    view: Option<&RunView>,
    offline: bool,
) -> Result<Forecast, EngineError> {
    let view = Arc::new(view.cloned().unwrap_or_default());
    let world = World::of_view(setup.clone(), view.clone(), plan.clone());
    let steps: Vec<&PlannedStep> = world.plan.steps().collect();
    let foreseen = world.foresee(&steps, &view, offline).await;
    world.close().await;
    let mut units = foreseen?;
    phase_gates(&mut units, plan, &view);
    Ok(Forecast { units, machines: world.machines(), away: world.away() })
}

/// What rollback to just before `to` would take back, in its order, without asking any host.
#[must_use]
pub fn foresee_rollback(view: &RunView, to: Option<&StepId>) -> Vec<Foreseen> {
    let foreseen = |unit: UnitId| {
        let reversal = view.state(&unit).attempt()?.reversal.clone();
        let step = view.step(&unit.step);
        let name = step.map_or_else(|| unit.step.to_string(), |step| step.name.clone());
        Some(Foreseen {
            name,
            action: reversal.action.clone(),
            place: step.map(|step| step.place.clone()).unwrap_or_default(),
            irreversible: step.and_then(|step| step.irreversible.clone()),
            gated: false,
            phase_gate: None,
            foresight: way_back(&reversal),
            after: Vec::new(),
            unit,
        })
    };
    view.undo_order(to).into_iter().filter_map(foreseen).collect()
}

fn way_back(reversal: &Reversal) -> Foresight {
    let (undo, reversible) = match &reversal.data {
        Undo::Captured { .. } => ("what was there before is put back".to_owned(), true),
        Undo::Written { calls } => (scripts(calls), true),
        Undo::Again { unit } => (format!("`{}` is applied again", unit.step), true),
        Undo::Nothing => return Foresight::LeftOut { why: "it changed nothing".to_owned() },
        Undo::None { why } => (format!("no way back: {why}"), false),
    };
    let preview = Preview { summary: reversal.summary.clone(), detail: String::new(), undo };
    Foresight::WouldChange { preview, reversible }
}

impl World {
    /// What would happen to these steps.
    pub(super) async fn foresee(
        &self,
        steps: &[&PlannedStep],
        view: &RunView,
        offline: bool,
    ) -> Result<Vec<Foreseen>, EngineError> {
        let mut looks = Vec::new();
        for step in steps {
            match self.units(step, view) {
                Ok(items) => looks.extend(items.into_iter().flatten().map(|work| (*step, work, None))),
                Err(untold) => {
                    let unit = UnitId { step: step.id().clone(), item: None, host: None };
                    let foresight = match untold {
                        Untold::Unknown(other) => {
                            let known = step.step.action.as_ref().map(|call| shown(&call.value)).unwrap_or_default();
                            Foresight::UnknownUntil { step: other, known }
                        }
                        Untold::Wrong(failure) => Foresight::Blocked { why: failure.why, may_clear: false },
                    };
                    looks.push((*step, Work { unit, item: None }, Some(foresight)));
                }
            }
        }
        let nothing = Expected::default();
        let mut told: Vec<Told<'_>> = futures::stream::iter(looks)
            .map(|(step, work, known)| async {
                let ahead = Ahead::new(&nothing);
                let foresight = match known {
                    Some(known) => known,
                    None => self.foresight(step, &work, view, offline, &ahead).await,
                };
                Told { step, work, foresight, gathered: ahead.gathered() }
            })
            .buffered(LOOKING)
            .collect()
            .await;
        self.build_on_each_other(&mut told, view, offline).await;
        if let Some(fatal) = self.fatal() {
            return Err(fatal);
        }
        let order: HashMap<&StepId, usize> = self.plan.steps().enumerate().map(|(at, step)| (step.id(), at)).collect();
        let mut foreseen: Vec<Foreseen> = told.into_iter().map(|one| one.foreseen(&order)).collect();
        hope(&mut foreseen, &self.plan);
        Ok(foreseen)
    }

    /// Looks again, in order, where an earlier unit would leave something otherwise than it is now.
    async fn build_on_each_other(&self, told: &mut [Told<'_>], view: &RunView, offline: bool) {
        let mut expected = Expected::default();
        for one in told {
            if one.gathered.is_concerned(&expected) {
                let ahead = Ahead::new(&expected);
                one.foresight = self.foresight(one.step, &one.work, view, offline, &ahead).await;
                one.gathered = ahead.gathered();
            }
            let host = one.work.unit.host.as_ref();
            if matches!(one.foresight, Foresight::WouldChange { .. }) {
                if let Some(restored) = &one.step.step.restores {
                    expected.forget(&restored.value, host);
                }
                expected.leave(one.step.id(), host, std::mem::take(&mut one.gathered.leaves));
            }
        }
    }

    async fn foresight(
        &self,
        step: &PlannedStep,
        work: &Work,
        view: &RunView,
        offline: bool,
        ahead: &Ahead<'_>,
    ) -> Foresight {
        if let Some(why) = &step.left_out {
            return Foresight::LeftOut { why: why.clone() };
        }
        if view.state(&work.unit).is_over() {
            return Foresight::AsAsked;
        }
        match self.look(step, work, view, offline, ahead).await {
            Ok(foresight) => self.masked(foresight),
            Err(Looked::Unready(Unready::Unknown(until)) | Looked::Failed(ActionError::Unknown(until))) => {
                self.masked(Foresight::UnknownUntil { step: until, known: self.known(step, work, view) })
            }
            Err(Looked::Unready(unready)) => Foresight::Blocked { why: unready.failure().why, may_clear: false },
            Err(Looked::Failed(error)) => {
                Foresight::Blocked { why: self.masker.mask(&error.to_string()), may_clear: false }
            }
        }
    }

    /// What is known even so: what would be done, rendered as far as it can be.
    fn known(&self, step: &PlannedStep, work: &Work, view: &RunView) -> String {
        let prepared = self.prepare(step, &work.unit, work.item.clone(), view).ok();
        let rendered = prepared.and_then(|prepared| prepared.call).map(|call| shown(&call.value));
        let written = || step.step.action.as_ref().map(|call| shown(&call.value));
        rendered.or_else(written).unwrap_or_default()
    }

    async fn look(
        &self,
        step: &PlannedStep,
        work: &Work,
        view: &RunView,
        offline: bool,
        ahead: &Ahead<'_>,
    ) -> Result<Foresight, Looked> {
        if let Some(when) = &step.step.when {
            let situation = self.situation(view);
            let scope = Scope::of(&self.plan, step, situation, work.unit.host.as_ref(), work.item.as_ref());
            if !scope.condition(when)? {
                return Ok(Foresight::LeftOut { why: format!("not when {}", when.value) });
            }
        }
        if let (Some(restored), None) = (&step.step.restores, &step.step.action) {
            let undo = format!("`{}` is applied again", restored.value);
            let preview = Preview { summary: format!("take back `{}`", restored.value), detail: String::new(), undo };
            return Ok(Foresight::WouldChange { preview, reversible: true });
        }
        let prepared = self.prepare(step, &work.unit, work.item.clone(), view)?;
        let Some(action) = &prepared.action else { return Ok(Foresight::AsAsked) };
        if let Some(hold) = action.hold() {
            return Ok(Foresight::Waits { what: waits_for(&hold) });
        }
        if offline {
            let detail = prepared.call.as_ref().map(|call| shown(&call.value)).unwrap_or_default();
            let summary = format!("{}, not looked at", action.kind());
            return Ok(would_change(&prepared, Preview { summary, detail, undo: String::new() }));
        }
        let around = Around::new(self, Some(&prepared)).ahead(ahead);
        let read = around.read(&prepared, 0).await?;
        if let Some(unless) = &prepared.unless
            && unless.probe(&read).await? == Verdict::Holds
        {
            return Ok(Foresight::AsAsked);
        }
        Ok(match action.check(&read).await? {
            Check::Satisfied => Foresight::AsAsked,
            Check::Differs(seen) => {
                ahead.leave(action.leaves(&seen, &read).await?);
                would_change(&prepared, action.preview(&seen)?)
            }
            Check::Blocked(why) | Check::Unknowable(why) => Foresight::Blocked { why, may_clear: false },
        })
    }

    fn masked(&self, foresight: Foresight) -> Foresight {
        match foresight {
            Foresight::WouldChange { preview, reversible } => {
                Foresight::WouldChange { preview: self.shown(&preview), reversible }
            }
            Foresight::Blocked { why, may_clear } => Foresight::Blocked { why: self.mask(&why), may_clear },
            Foresight::UnknownUntil { step, known } => Foresight::UnknownUntil { step, known: self.mask(&known) },
            other => other,
        }
    }

    /// A preview for people: secrets by name, and what turned up of their values masked.
    pub(super) fn shown(&self, preview: &Preview) -> Preview {
        let Preview { summary, detail, undo } = preview;
        Preview { summary: self.mask(summary), detail: self.mask(detail), undo: self.mask(undo) }
    }

    fn mask(&self, text: &str) -> String {
        self.masker.mask(&secret::shown(text))
    }
}

/// What is told of a unit, and how that came about.
struct Told<'a> {
    step: &'a PlannedStep,
    work: Work,
    foresight: Foresight,
    gathered: Gathered,
}

impl Told<'_> {
    fn foreseen(self, order: &HashMap<&StepId, usize>) -> Foreseen {
        let Self { step, work, foresight, gathered } = self;
        let kind = step.step.action.as_ref().map_or("restores", |call| call.kind.value.as_str());
        let builds =
            matches!(foresight, Foresight::WouldChange { .. } | Foresight::AsAsked | Foresight::Blocked { .. });
        let after = gathered.after.into_iter().filter(|after| builds && after != step.id());
        let mut after: Vec<StepId> = after.collect();
        after.sort_by_key(|step| order.get(step).copied());
        Foreseen {
            unit: work.unit,
            name: step.name.clone(),
            action: kind.to_owned(),
            place: step.place(),
            foresight,
            after,
            irreversible: step.step.irreversible.as_ref().map(|why| why.value.clone()),
            gated: step.step.confirm.is_some() || step.step.irreversible.is_some(),
            phase_gate: None,
        }
    }
}

/// Tells of each phase's gate with the first unit of it that is not left out.
fn phase_gates(foreseen: &mut [Foreseen], plan: &Plan, view: &RunView) {
    for phase in plan.phases.iter().filter(|phase| !view.is_open(phase.id.as_str())) {
        let Some(confirm) = &phase.confirm else { continue };
        let is_of_it = |one: &Foreseen| phase.steps.iter().any(|step| *step.id() == one.unit.step);
        let is_left_out = |one: &Foreseen| matches!(one.foresight, Foresight::LeftOut { .. });
        if let Some(first) = foreseen.iter_mut().find(|one| is_of_it(one) && !is_left_out(one)) {
            let place = format!("{}:{}", confirm.prompt.span.file, confirm.prompt.span.line);
            first.phase_gate = Some(PhaseGate { phase: phase.id.clone(), name: phase.name.clone(), place });
        }
    }
}

/// What the step itself says about its way back is what counts.
fn would_change(prepared: &Prepared<'_>, preview: Preview) -> Foresight {
    let (preview, reversible) = as_written(prepared, preview);
    Foresight::WouldChange { preview, reversible }
}

/// The preview with the way back that the step itself says, and whether there is one.
pub(super) fn as_written(prepared: &Prepared<'_>, preview: Preview) -> (Preview, bool) {
    let step = &prepared.step.step;
    let undoes_itself = prepared.action.as_ref().is_some_and(|action| action.takes_itself_back());
    let (undo, reversible) = match (&step.undo, &prepared.undo) {
        (Some(UndoSpec::Irreversible(why)), _) => (format!("no way back: {}", why.value), false),
        (Some(UndoSpec::Nothing), _) => ("nothing to take back".to_owned(), true),
        (Some(_), Some(Undo::Written { calls })) => (scripts(calls), true),
        _ => (preview.undo.clone(), undoes_itself || step.restores.is_some()),
    };
    (Preview { undo, ..preview }, reversible)
}

/// Why looking gave nothing.
enum Looked {
    Unready(Unready),
    Failed(ActionError),
}

impl From<Unready> for Looked {
    fn from(unready: Unready) -> Self {
        Self::Unready(unready)
    }
}

impl From<RenderError> for Looked {
    fn from(error: RenderError) -> Self {
        Self::Unready(error.into())
    }
}

impl From<ActionError> for Looked {
    fn from(error: ActionError) -> Self {
        Self::Failed(error)
    }
}

/// What cannot be done as things stand may be possible once an earlier step has changed something on that host, or on one of those that it is
/// between.
fn hope(foreseen: &mut [Foreseen], plan: &Plan) {
    let mut changing = std::collections::BTreeSet::new();
    for one in foreseen {
        let between = || plan.step(&one.unit.step).map(|step| plan.reached(step)).unwrap_or_default();
        let mut at: Vec<Option<Role>> = match &one.unit.host {
            Some(host) => vec![Some(host.clone())],
            None => between().into_iter().map(Some).collect(),
        };
        if at.is_empty() {
            at.push(None);
        }
        match &mut one.foresight {
            Foresight::WouldChange { .. } | Foresight::UnknownUntil { .. } => changing.extend(at),
            Foresight::Blocked { may_clear, .. } => *may_clear = at.iter().any(|at| changing.contains(at)),
            _ => {}
        }
    }
}

fn waits_for(hold: &Hold) -> String {
    match hold {
        Hold::For(pause) => crate::base::duration::show(*pause),
        Hold::Until(until) => format!("until {until}"),
        Hold::Person(task) => task.text.clone(),
        Hold::Check { kind, timeout, .. } => {
            format!("until the `{kind}` holds, {} at most", crate::base::duration::show(*timeout))
        }
        Hold::Ttl(step) => format!("until the records of before `{step}` have lived their time"),
    }
}

/// What a step's own `undo` does, for people.
fn scripts(calls: &[UndoCall]) -> String {
    calls.iter().map(|call| shown(&call.call.value)).collect::<Vec<_>>().join("\n")
}

/// A rendered value for people: a script as it is, anything else by its parts.
fn shown(value: &Node) -> String {
    match &value.shape {
        Shape::Scalar(scalar) => scalar.text().unwrap_or_default(),
        Shape::List(items) => items.iter().map(shown).collect::<Vec<_>>().join("\n"),
        Shape::Map(entries) => entries
            .iter()
            .map(|(key, node)| match &node.shape {
                Shape::Scalar(_) => format!("{}: {}", key.value, shown(node)),
                _ => format!("{}:\n  {}", key.value, shown(node).replace('\n', "\n  ")),
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
