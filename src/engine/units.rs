//! Which units a step has.

use serde_json::Value;

use crate::base::{StepId, UnitId};
use crate::events::RunView;
use crate::events::record::Failure;
use crate::plan::{PlannedStep, RenderError, Scope};

use super::prepare::Unready;
use super::world::World;

/// The units of a step, item by item, each on its hosts in order.
pub(super) type Items = Vec<Vec<Work>>;

/// A unit and the item that it is for.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) unit: UnitId,
    pub(super) item: Option<Value>,
}

/// Why the units of a step cannot be told.
pub(super) enum Untold {
    /// Its `foreach` is what that step leaves.
    Unknown(StepId),
    /// Its `foreach` is wrong.
    Wrong(Box<Failure>),
}

impl World {
    /// The units of a step. A `foreach` that was worked out before is as it was then.
    pub(super) fn units(&self, step: &PlannedStep, view: &RunView) -> Result<Items, Untold> {
        if let (Some(restored), None) = (&step.step.restores, &step.step.action) {
            return self.units_restored(step, &restored.value, view);
        }
        Ok(match self.list(step, view)? {
            None => vec![on_each_host(step, None)],
            Some(items) => {
                let item = |(index, item)| on_each_host(step, Some((index, item)));
                (0..).zip(items).map(item).collect()
            }
        })
    }

    /// The items of the step's `foreach`, where it has one.
    pub(super) fn list(&self, step: &PlannedStep, view: &RunView) -> Result<Option<Vec<Value>>, Untold> {
        let Some(foreach) = &step.step.foreach else { return Ok(None) };
        if let Some(items) = view.lists.get(step.id()) {
            return Ok(Some(items.to_vec()));
        }
        let scope = Scope::of(&self.plan, step, self.situation(view), None, None);
        scope.items(foreach).map(Some).map_err(|error| match error {
            RenderError::Unknown(step) => Untold::Unknown(step),
            RenderError::Wrong(_) => Untold::Wrong(Box::new(Unready::from(error).failure())),
        })
    }

    /// One for each unit of the step that is restored.
    fn units_restored(&self, step: &PlannedStep, restored: &StepId, view: &RunView) -> Result<Items, Untold> {
        let of_it = |work: Work| Work { unit: UnitId { step: step.id().clone(), ..work.unit }, item: None };
        let Some(other) = self.plan.step(restored) else { return Ok(Vec::new()) };
        let items = self.units(other, view)?;
        Ok(items.into_iter().map(|works| works.into_iter().map(of_it).collect()).collect())
    }
}

fn on_each_host(step: &PlannedStep, item: Option<(u32, Value)>) -> Vec<Work> {
    let (index, item) = item.unzip();
    let work = |host| Work { unit: UnitId { step: step.id().clone(), item: index, host }, item: item.clone() };
    if step.hosts.is_empty() {
        return vec![work(None)];
    }
    step.hosts.iter().cloned().map(Some).map(work).collect()
}
