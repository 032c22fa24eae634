//! Probes that run beside the whole run, in a task of their own: the run is not held up by them, and does not fail because of them.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::actions::{ActionError, DynAction, Env, Read, Verdict};
use crate::base::UnitId;
use crate::events::Record;
use crate::events::watch::Seen;
use crate::journal::Journal;
use crate::model::book::Watch;
use crate::plan::Scope;

use super::around::Around;
use super::controller::Controller;
use super::prepare::{Unready, ready};
use super::world::World;

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

impl Controller {
    /// Begins to watch what the book says.
    pub(super) fn watch(&self) -> Watching {
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
    let clock = &world.setup.clock;
    let name = &watch.name.value;
    let unit = UnitId { step: format!("watch:{name}").into(), item: None, host: None };
    let action = action(world, watch);
    loop {
        let (begun, started) = (clock.now(), tokio::time::Instant::now());
        let seen = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            seen = look(world, &unit, watch, &action) => seen,
        };
        // Down it was when the look began that shows it; up it is only once the look has ended.
        let (up, why, since) = match seen {
            None => (true, String::new(), clock.now()),
            Some(why) => (false, world.masker.mask(&why), begun),
        };
        let record = Record::Watched { probe: name.clone(), up, why, since };
        let state = if up { Seen::Up } else { Seen::Down };
        let news = |view: &crate::events::RunView| {
            view.status.is_under_way() && view.probes.get(name).is_none_or(|probe| probe.state != state)
        };
        // The run itself notices that the journal takes nothing.
        if journal.append_if(record, news).await.is_err() {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(started + watch.every) => {}
        }
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
