//! `runbook log --follow`: what whoever carries the run out sees, in another terminal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{RunId, UnitId};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Viewer, watched};
use crate::events::state::unit_of;
use crate::events::view::Status;
use crate::events::{Entry, Progress, RunView, UnitState};
use crate::journal::{JournalError, OutputKey, Store, chain, output};

/// How often a run that is followed is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(300);

/// Shows a run from its beginning on, until it ends or stops, or the reader does.
pub(super) async fn follow(context: &Context, store: &dyn Store, run: &RunId) -> Result<Exit, CommandError> {
    let viewer = context.viewer();
    let mut following = Following {
        store,
        run,
        viewer: viewer.clone(),
        view: RunView::default(),
        seen: 0,
        running: BTreeMap::new(),
        told: BTreeMap::new(),
    };
    let ended = tokio::select! {
        ended = following.until_it_ends() => ended.map(|()| Exit::Done),
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    };
    viewer.finish();
    let exit = ended?;
    context.page(&watched(&following.view, context.now(), &context.style));
    let next = match exit {
        Exit::Interrupted => {
            format!("it goes on without you; to go on watching: {}", context.command(&format!("log {run} --follow")))
        }
        _ => format!("to see where it stands: {}", context.command(&format!("status {run}"))),
    };
    Ok(context.end(exit, Some(run), &next))
}

struct Following<'a> {
    store: &'a dyn Store,
    run: &'a RunId,
    viewer: Arc<Viewer>,
    /// The run after the records that were shown.
    view: RunView,
    /// How many those are.
    seen: usize,
    /// What each unit that is under way has said so far, on stdout and on stderr.
    running: BTreeMap<UnitId, [Stream; 2]>,
    /// Up to which chunk that was shown of others: what a unit says when it is taken back is kept behind what its try of that number said.
    told: BTreeMap<OutputKey, i64>,
}

/// What was shown of a stream.
struct Stream {
    key: OutputKey,
    /// The chunk after the last that was read.
    upto: i64,
    /// What has no line end yet.
    line: Vec<u8>,
}

impl Following<'_> {
    async fn until_it_ends(&mut self) -> Result<(), CommandError> {
        loop {
            self.look().await?;
            if !matches!(self.view.status, Status::Fresh | Status::Running | Status::RollingBack { .. }) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Shows what was added since: of a unit that has ended meanwhile what it said before, of the others what they have said by now.
    async fn look(&mut self) -> Result<(), CommandError> {
        let entries = chain::read(self.run, &self.store.entries(self.run).await?)?;
        for entry in &entries[self.seen..] {
            self.show(entry).await?;
        }
        if self.seen == 0 {
            self.pass_over().await?;
        }
        self.seen = entries.len();
        for streams in self.running.values_mut() {
            for stream in streams {
                stream.show_more(self.store, self.run, &self.viewer).await?;
            }
        }
        Ok(())
    }

    /// Of what had ended before anybody watched, the end is enough.
    async fn pass_over(&mut self) -> Result<(), CommandError> {
        for (unit, seen) in self.view.units.iter().filter(|(unit, _)| !self.running.contains_key(unit)) {
            for attempt in 1..=seen.tries {
                for stderr in [false, true] {
                    let key = OutputKey { unit: unit.clone(), attempt, stderr };
                    let upto = output(self.store, self.run, &key, 0, |_| ()).await?;
                    self.told.insert(key, upto);
                }
            }
        }
        Ok(())
    }

    async fn show(&mut self, entry: &Entry) -> Result<(), CommandError> {
        let unit = unit_of(&entry.record);
        let known = self.seen > 0;
        if let Some(streams) = unit.filter(|_| known).and_then(|unit| self.running.get_mut(unit)) {
            for stream in streams {
                stream.show_more(self.store, self.run, &self.viewer).await?;
                stream.show_rest(&self.viewer);
            }
        }
        self.view.apply(entry).map_err(JournalError::from)?;
        self.viewer.record(entry, &self.view);
        let Some(unit) = unit else { return Ok(()) };
        let attempt = match self.view.state(unit) {
            UnitState::InFlight(attempt) => Some(attempt.number),
            UnitState::Undoing(_, attempt) => Some(attempt),
            _ => None,
        };
        let is_shown = |streams: &[Stream; 2]| Some(streams[0].key.attempt) == attempt;
        if self.running.get(unit).is_some_and(is_shown) {
            return Ok(());
        }
        let ended = self.running.remove(unit);
        self.told.extend(ended.into_iter().flatten().map(|stream| (stream.key, stream.upto)));
        if let Some(attempt) = attempt {
            let stream = |stderr| {
                let key = OutputKey { unit: unit.clone(), attempt, stderr };
                Stream { upto: self.told.get(&key).copied().unwrap_or(0), key, line: Vec::new() }
            };
            self.running.insert(unit.clone(), [stream(false), stream(true)]);
        }
        Ok(())
    }
}

impl Stream {
    async fn show_more(&mut self, store: &dyn Store, run: &RunId, viewer: &Viewer) -> Result<(), CommandError> {
        let Self { key, upto, line } = self;
        *upto = output(store, run, key, *upto, |bytes| {
            for byte in bytes {
                if *byte == b'\n' {
                    tell(key, &std::mem::take(line), viewer);
                } else {
                    line.push(*byte);
                }
            }
        })
        .await?;
        Ok(())
    }

    /// Shows what has no line end, as no more will come.
    fn show_rest(&mut self, viewer: &Viewer) {
        if !self.line.is_empty() {
            tell(&self.key, &std::mem::take(&mut self.line), viewer);
        }
    }
}

fn tell(key: &OutputKey, line: &[u8], viewer: &Viewer) {
    let line = String::from_utf8_lossy(line).into_owned();
    viewer.progress(&Progress::Output { unit: key.unit.clone(), stderr: key.stderr, line });
}
