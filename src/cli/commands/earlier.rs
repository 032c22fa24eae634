//! What the last run of a book tells of the next: how long it takes, and how long the site is down.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::base::RunId;
use crate::cli::context::Context;
use crate::display::{Line, Page, Style, Tone, between, count, instant, short};
use crate::events::watch::Downtime;
use crate::events::{Entry, Record, RunView};
use crate::journal::{Store, chain};

/// The last run of a book that came to its end, whatever became of it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Earlier {
    /// The run.
    pub(super) run: RunId,
    /// When it was done.
    pub(super) done: jiff::Timestamp,
    /// How long it took, without the time that no process carried it on.
    pub(super) took: Duration,
    /// What its probes saw, by name.
    pub(super) watched: Vec<(String, Downtime)>,
}

impl Earlier {
    /// The last one of the book at `file`. A journal that cannot be read tells nothing: a dry run does not need one.
    pub(super) async fn of(context: &Context, file: &Path) -> Option<Self> {
        let store = context.state().ok()?.open_to_look().await.ok()??;
        let file = std::path::absolute(file).ok()?.to_string_lossy().into_owned();
        for run in store.runs().await.ok()? {
            if let Some(earlier) = Self::read(&*store, run, &file).await {
                return Some(earlier);
            }
        }
        None
    }

    async fn read(store: &dyn Store, run: RunId, file: &str) -> Option<Self> {
        let entries = chain::read(&run, &store.entries(&run).await.ok()?).ok()?;
        let of_book = |entry: &Entry| matches!(&entry.record, Record::Started(started) if started.path == file);
        entries.first().filter(|entry| of_book(entry))?;
        let last = entries.iter().position(|entry| matches!(entry.record, Record::Finished { .. }))?;
        let (mut view, mut rested) = (RunView::default(), Duration::ZERO);
        let mut before = None;
        for entry in &entries[..=last] {
            if matches!(entry.record, Record::Resumed { .. }) {
                rested += before.map_or(Duration::ZERO, |before| between(before, entry.at));
            }
            before = Some(entry.at);
            view.apply(entry).ok()?;
        }
        let done = entries[last].at;
        let took = between(view.began?, done).saturating_sub(rested);
        let watched = view.probes.iter().map(|(name, probe)| (name.clone(), probe.sums(done))).collect();
        Some(Self { run, done, took, watched })
    }

    /// For people.
    pub(super) fn page(&self, style: &Style) -> Page {
        let mut page = Page::new();
        let line = Line::indented(2).text("the last run took ").put(Tone::Strong, short(self.took));
        page.push(line.put(Tone::Dim, format_args!(" ({}, done {})", self.run, instant(self.done, style))));
        for (name, sums) in &self.watched {
            let line = Line::indented(4).put(Tone::Name, name).text(": ");
            page.push(match sums.outages {
                0 => line.put(Tone::Good, "never down"),
                outages => line
                    .put(Tone::Bad, format_args!("down {}", short(sums.down)))
                    .text(" in ")
                    .text(count(outages as usize, "outage")),
            });
        }
        page
    }
}
