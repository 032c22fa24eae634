//! Probes that run beside the whole run, in a task of their own: the run is not held up by them, and does not fail because of them.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::actions::{ActionError, DynAction, Env, Read, Verdict};
use crate::base::UnitId;
use crate::events::Record;
use crate::events::watch::Seen;
use crate::journal::{Journal, JournalError};
use crate::model::book::Watch;
use crate::plan::Scope;

use super::around::Around;
use super::controller::Controller;
use super::prepare::{Unready, ready};
use super::world::{World, lock};

/// The watch of a run. It ends when it is told to, or dropped, in the middle of a look, and never in the middle of a record.
pub(super) struct Watching {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Watching {
    /// Ends it. Nothing is recorded after this.
    pub(super) async fn end(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Ends the watch of a course that is dropped in the middle.
struct Course<'a>(&'a Controller);

impl Drop for Course<'_> {
    fn drop(&mut self) {
        drop(self.0.take_watching());
    }
}

impl Controller {
    /// Watches what the book says for as long as this goes on.
    pub(super) async fn watched<T>(&self, course: impl Future<Output = T>) -> T {
        let whole = Course(self);
        *lock(&self.watching) = Some(self.watch());
        let end = course.await;
        if let Some(watching) = self.take_watching() {
            watching.end().await;
        }
        drop(whole);
        end
    }

    /// Looks a last time, before the sums are made: what was done last may have changed what was seen.
    pub(super) async fn watch_once_more(&self) {
        // One look after the other: an older one must not have the last word.
        if let Some(watching) = self.take_watching() {
            watching.end().await;
        }
        let looks = self.world.plan.book.watch.iter().map(|watch| async {
            // The run itself notices that the journal takes nothing.
            let _ = Probe::of(&self.world, watch).look(&self.journal).await;
        });
        drop(futures::future::join_all(looks).await);
    }

    fn take_watching(&self) -> Option<Watching> {
        lock(&self.watching).take()
    }

    /// Begins to watch what the book says.
    fn watch(&self) -> Watching {
        let stop = CancellationToken::new();
        let watches = &self.world.plan.book.watch;
        let probes = watches.iter().cloned().map(|watch| {
            let (world, journal, stop) = (self.world.clone(), self.journal.clone(), stop.clone());
            // Not before the run's own first await: what is looked at is the same for all of it.
            async move { watch_one(&world, &journal, &watch, &stop).await }
        });
        let probes: Vec<_> = probes.collect();
        let task =
            (!probes.is_empty()).then(|| tokio::spawn(async move { drop(futures::future::join_all(probes).await) }));
        Watching { stop, task }
    }
}

/// Looks again and again; what has changed goes into the journal.
async fn watch_one(world: &World, journal: &Journal, watch: &Watch, stop: &CancellationToken) {
    let probe = Probe::of(world, watch);
    loop {
        let started = tokio::time::Instant::now();
        let record = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            record = probe.seen() => record,
        };
        // The run itself notices that the journal takes nothing.
        if probe.tell(record, journal).await.is_err() {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(started + watch.every) => {}
        }
    }
}

/// What looks at one thing.
struct Probe<'a> {
    world: &'a World,
    watch: &'a Watch,
    unit: UnitId,
    action: Result<Box<dyn DynAction>, String>,
}

impl<'a> Probe<'a> {
    fn of(world: &'a World, watch: &'a Watch) -> Self {
        let unit = UnitId { step: format!("watch:{}", watch.name.value).into(), item: None, host: None };
        Self { world, watch, unit, action: action(world, watch) }
    }

    async fn look(&self, journal: &Journal) -> Result<(), JournalError> {
        self.tell(self.seen().await, journal).await
    }

    async fn seen(&self) -> Record {
        let clock = &self.world.setup.clock;
        let begun = clock.now();
        // Down it was when the look began that shows it; up it is only once the look has ended.
        let (up, why, since) = match look(self.world, &self.unit, self.watch, &self.action).await {
            None => (true, String::new(), clock.now()),
            Some(why) => (false, self.world.masker.mask(&why), begun),
        };
        Record::Watched { probe: self.watch.name.value.clone(), up, why, since }
    }

    /// Records what was seen, where that is news.
    async fn tell(&self, record: Record, journal: &Journal) -> Result<(), JournalError> {
        let name = &self.watch.name.value;
        let state = if matches!(record, Record::Watched { up: true, .. }) { Seen::Up } else { Seen::Down };
        let news = |view: &crate::events::RunView| {
            view.status.is_under_way() && view.probes.get(name).is_none_or(|probe| probe.state != state)
        };
        journal.append_if(record, news).await.map(drop)
    }
}

/// The probe, rendered; otherwise why it cannot be.
fn action(world: &World, watch: &Watch) -> Result<Box<dyn DynAction>, String> {
    let view = world.view();
    let scope = Scope::of_book(&world.plan, world.situation(&view));
    ready(&watch.probe, &scope).map(|(_, action)| action).map_err(|unready: Unready| unready.failure().why)
}

/// None: it is as expected. Otherwise why not.
async fn look(
    world: &World,
    unit: &UnitId,
    watch: &Watch,
    action: &Result<Box<dyn DynAction>, String>,
) -> Option<String> {
    let action = match action {
        Ok(action) => action,
        Err(why) => return Some(why.clone()),
    };
    // Made anew each time: it holds on to the run as it stands.
    let around = Around::new(world, None);
    let looked = async {
        let read = around.read_on(unit, None, None, 0).await?;
        let env = Env { timeout: Some(watch.timeout), ..read.env().clone() };
        action.probe(&Read::new(env).watching()).await
    };
    match tokio::time::timeout(watch.timeout, looked).await {
        Ok(Ok(Verdict::Holds | Verdict::Unknown)) => None,
        Ok(Ok(Verdict::Fails(why))) => Some(why),
        Ok(Err(ActionError::Failed(failure))) => Some(failure.why),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {}", crate::base::duration::show(watch.timeout))),
    }
}
