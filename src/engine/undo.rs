//! Takes a unit back by its reversal, whichever process captured that.

use crate::actions::durable::{self, Announced};
use crate::actions::{ActionError, Check, DynAction, Env, Hold, Kind, Read, Registry, Write};
use crate::base::{Role, UnitId};
use crate::events::record::{Reversal, Undo, UndoCall};
use crate::events::state::Attempt;
use crate::events::{Record, RunView, UnitState};
use crate::journal::Intent;
use crate::transport::{Become, Job, JobEnd, JobRef, JobState, TransportError};

use super::around::Around;
use super::controller::{Controller, EngineError};
use super::operator::TaskAnswer;
use super::prepare::{Prepared, Unready, decode};
use super::recover::LOSSES;

/// Why a unit was not taken back.
pub(super) enum NotUndone {
    /// It could not be.
    Failed(ActionError),
    /// There is no way back.
    NoWay(String),
    /// A person said 'not now'.
    NotNow(String),
}

impl From<ActionError> for NotUndone {
    fn from(error: ActionError) -> Self {
        Self::Failed(error)
    }
}

impl From<Unready> for NotUndone {
    fn from(unready: Unready) -> Self {
        Self::Failed(ActionError::Failed(Box::new(unready.failure())))
    }
}

/// A durable job of an undo, to be cleared up once the outcome is in the journal.
pub(super) struct Leftover {
    host: Role,
    become_user: Option<String>,
    at: JobRef,
}

impl Leftover {
    /// The job that the journal has of a unit which acts on `host` as `become_user`.
    fn of(
        job: &serde_json::Value,
        host: Option<&Role>,
        become_user: Option<&str>,
    ) -> Result<Option<Self>, ActionError> {
        let Announced { account, at } = durable::announced(job)?;
        let of_unit = || host.map(|host| (host.clone(), become_user.map(str::to_owned)));
        Ok(account.or_else(of_unit).map(|(host, become_user)| Self { host, become_user, at }))
    }
}

pub(super) fn kind_of(reversal: &Reversal) -> Result<&'static Kind, ActionError> {
    Registry
        .kind(&reversal.action)
        .ok_or_else(|| ActionError::failed(format!("this version of runbook cannot take back a `{}`", reversal.action)))
}

/// What came of taking a unit back.
#[derive(Default)]
pub(super) struct TakenBack {
    /// Something to tell.
    pub(super) note: String,
    pub(super) leftovers: Vec<Leftover>,
}

/// What applying a part came to.
enum Done {
    /// It held already.
    Already,
    /// It was applied, and left this durable job, if it left one.
    Now(Option<serde_json::Value>),
}

impl Done {
    /// What it left on its host, where it acted on `host` as `become_user`.
    fn leftovers(self, host: Option<&Role>, become_user: Option<&str>) -> Result<Vec<Leftover>, ActionError> {
        let job = match self {
            Self::Already => None,
            Self::Now(job) => job,
        };
        let of_job = |job| Leftover::of(&job, host, become_user).transpose();
        job.and_then(of_job).into_iter().collect()
    }
}

impl Controller {
    /// As [`Self::take_back`], and where the connection is lost, again: each part finds what was done of it.
    pub(super) async fn take_back_through_losses(
        &self,
        unit: &UnitId,
        reversal: &Reversal,
        intent: &Intent,
    ) -> Result<TakenBack, NotUndone> {
        let mut back = self.take_back(unit, reversal, intent).await;
        for _ in 0..LOSSES {
            if !matches!(back, Err(NotUndone::Failed(ActionError::Transport(TransportError::Lost { .. })))) {
                break;
            }
            back = self.take_back(unit, reversal, intent).await;
        }
        back
    }

    /// Takes `unit` back by `reversal`, under an intent: of that unit, or of the one that restores it. The parts of an undo that run as
    /// durable jobs are named by the intent's try, so that a second process finds what the first has launched.
    pub(super) async fn take_back(
        &self,
        unit: &UnitId,
        reversal: &Reversal,
        intent: &Intent,
    ) -> Result<TakenBack, NotUndone> {
        if let Some(captured) = &reversal.captured {
            // The action's own undo would have seen to it.
            self.sweep(unit, reversal, captured, intent).await?;
        }
        match &reversal.data {
            Undo::Nothing => Ok(TakenBack { note: "it had changed nothing".to_owned(), ..TakenBack::default() }),
            Undo::None { why } => Err(NotUndone::NoWay(why.clone())),
            Undo::Captured { data } => {
                let around = Around::new(&self.world, None);
                let kind = kind_of(reversal)?;
                let read = self.reading(&around, intent, unit.host.as_ref(), reversal.become_user.as_deref()).await?;
                let write = Write::new(read.part("undo".to_owned()), intent);
                let note = self.unless_detached(kind.undo(data, &write)).await?;
                Ok(TakenBack { note, ..TakenBack::default() })
            }
            Undo::Written { calls } => {
                let mut back = TakenBack::default();
                for (at, call) in calls.iter().enumerate() {
                    let part = self.call(unit, call, &format!("undo{at}"), intent).await?;
                    back.leftovers.extend(part.leftovers);
                    let notes = [std::mem::take(&mut back.note), part.note];
                    back.note = notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("; ");
                }
                Ok(back)
            }
            Undo::Again { unit: again } => self.again(again, intent).await,
        }
    }

    /// Removes what the action of a unit needed on its way, of which nothing runs any more.
    pub(super) async fn sweep(
        &self,
        unit: &UnitId,
        reversal: &Reversal,
        captured: &serde_json::Value,
        intent: &Intent,
    ) -> Result<(), ActionError> {
        let around = Around::new(&self.world, None);
        let read = self.reading(&around, intent, unit.host.as_ref(), reversal.become_user.as_deref()).await?;
        kind_of(reversal)?.sweep(captured, &Write::new(read, intent)).await
    }

    /// One call of a step's own `undo`.
    async fn call(&self, unit: &UnitId, call: &UndoCall, part: &str, intent: &Intent) -> Result<TakenBack, NotUndone> {
        let action = decode(&call.call)?;
        if let Some(Hold::Person(task)) = action.hold() {
            let _alone = self.asking.lock().await;
            let view = self.journal.view();
            let name = format!("take back {}", view.step(&unit.step).map_or(unit.step.as_str(), |step| &step.name));
            return match self.world.setup.operator.task(unit, &name, &task, &view).await {
                TaskAnswer::Done { note, by, .. } => {
                    Ok(TakenBack { note: note.unwrap_or_else(|| format!("done: {by}")), ..TakenBack::default() })
                }
                TaskAnswer::Skip { note } => {
                    let note = note.map(|note| format!(": {note}")).unwrap_or_default();
                    Ok(TakenBack { note: format!("left as it is by the operator{note}"), ..TakenBack::default() })
                }
                TaskAnswer::NotNow => Err(NotUndone::NotNow(name)),
            };
        }
        let around = Around::new(&self.world, None);
        let read = self.reading(&around, intent, call.host.as_ref(), call.become_user.as_deref()).await?;
        let done = self.apply_as(part, &*action, &around, read, intent).await?;
        let leftovers = done.leftovers(call.host.as_ref(), call.become_user.as_deref())?;
        Ok(TakenBack { leftovers, ..TakenBack::default() })
    }

    /// Applies a temporary change again: what took it back is taken back.
    async fn again(&self, unit: &UnitId, intent: &Intent) -> Result<TakenBack, NotUndone> {
        let view = self.journal.view();
        let (step, item) = self.step_of(unit, &view)?;
        let prepared: Prepared<'_> = self.world.prepare(step, unit, item, &view)?;
        let Some(action) = &prepared.action else { return Ok(TakenBack::default()) };
        let around = Around::new(&self.world, Some(&prepared));
        let read = around.read(&prepared, intent.attempt()).await?;
        let done = self.apply_as("again", &**action, &around, read, intent).await?;
        let note = if matches!(done, Done::Already) { "it stands again already" } else { "applied again" };
        let become_user = prepared.become_user.as_ref().map(|user| user.user.as_str());
        let leftovers = done.leftovers(unit.host.as_ref(), become_user)?;
        Ok(TakenBack { note: note.to_owned(), leftovers })
    }

    /// Applies an action as a part of what is under way, unless it holds already.
    async fn apply_as(
        &self,
        part: &str,
        action: &dyn DynAction,
        around: &Around<'_>,
        read: Read<'_>,
        intent: &Intent,
    ) -> Result<Done, ActionError> {
        let seen = match action.check(&read).await? {
            Check::Satisfied => return Ok(Done::Already),
            Check::Differs(seen) => seen,
            Check::Blocked(why) | Check::Unknowable(why) => return Err(ActionError::failed(why)),
        };
        // The job's name is of the unit that is under way: it is that which runs.
        let env = Env { unit: intent.unit(), ..read.env().clone() };
        let write = Write::new(Read::new(env).part(part.to_owned()), intent);
        let applied = self.unless_detached(action.apply(&seen, &write)).await;
        around.end_output(intent.unit());
        applied?;
        Ok(Done::Now(around.last_job()))
    }

    pub(super) fn step_of(
        &self,
        unit: &UnitId,
        view: &RunView,
    ) -> Result<(&crate::plan::PlannedStep, Option<serde_json::Value>), ActionError> {
        let step = self.world.plan.step(&unit.step);
        let step = step.ok_or_else(|| ActionError::failed(format!("`{}` is no longer in the runbook", unit.step)))?;
        let item = unit.item.and_then(|index| view.lists.get(&unit.step)?.get(index as usize).cloned());
        Ok((step, item))
    }

    async fn reading<'a>(
        &'a self,
        around: &'a Around<'a>,
        intent: &'a Intent,
        host: Option<&Role>,
        user: Option<&str>,
    ) -> Result<Read<'a>, ActionError> {
        around.read_on(intent.unit(), host, self.as_user(host, user), intent.attempt()).await
    }

    /// The user that was acted as when the unit was applied.
    pub(super) fn as_user(&self, host: Option<&Role>, user: Option<&str>) -> Option<Become> {
        user.and_then(|user| self.world.become_on(host?, Some(user)))
    }

    /// Removes what jobs left on hosts. What cannot be removed stays, and hurts nobody.
    pub(super) async fn clear_up(&self, leftovers: Vec<Leftover>) {
        for leftover in leftovers {
            let _ = self.with_job(&leftover, async |job| job.remove().await).await;
        }
    }

    /// Removes what the job of a try left on its host, once the journal has how that ended, or the next. One that still runs keeps it.
    pub(super) async fn clear_up_try(&self, unit: &UnitId, attempt: &Attempt) {
        let Some(job) = &attempt.job else { return };
        let become_user = attempt.reversal.become_user.as_deref();
        let Ok(Some(leftover)) = Leftover::of(job, unit.host.as_ref(), become_user) else { return };
        let removed = self.with_job(&leftover, async |job| match job.probe().await? {
            JobState::Running | JobState::Over(JobEnd::Missing) => Ok(()),
            JobState::Over(_) => job.remove().await,
        });
        // What cannot be removed stays, and hurts nobody.
        let _ = removed.await;
    }

    /// Ends the job that a unit left running, if it left one, and hands it over to be removed.
    pub(super) async fn end_job(&self, unit: &UnitId) -> Result<Option<Leftover>, ActionError> {
        let view = self.journal.view();
        let state = view.state(unit);
        let Some(attempt) = state.attempt() else { return Ok(None) };
        let Some(job) = attempt.job.clone() else { return Ok(None) };
        let become_user = attempt.reversal.become_user.as_deref();
        let Some(leftover) = Leftover::of(&job, unit.host.as_ref(), become_user)? else { return Ok(None) };
        // Also where an earlier rollback was to end it and did not, or somebody went past the unit while it ran.
        let may_run = state.is_not_known()
            || matches!(state, UnitState::Undoing(..) | UnitState::Stuck(..))
            || view.units.get(unit).is_some_and(|seen| seen.skipped);
        if may_run {
            self.with_job(&leftover, async |job| job.end().await.map(drop)).await?;
        }
        Ok(Some(leftover))
    }

    async fn with_job(
        &self,
        leftover: &Leftover,
        act: impl AsyncFnOnce(&Job<'_>) -> Result<(), crate::transport::TransportError>,
    ) -> Result<(), ActionError> {
        let transport = self.world.transport(&leftover.host).await?;
        let become_user = self.as_user(Some(&leftover.host), leftover.become_user.as_deref());
        Ok(act(&Job::new(&*transport, &leftover.at, become_user.as_ref())).await?)
    }

    /// Writes that a unit was taken back, and clears up after it.
    pub(super) async fn undone(&self, unit: &UnitId, back: TakenBack) -> Result<(), EngineError> {
        let note = self.world.masker.mask(&back.note);
        self.journal.append(Record::Undone { unit: unit.clone(), note }).await?;
        self.clear_up(back.leftovers).await;
        Ok(())
    }
}
