//! The screen where there is no terminal: the same lines, and the output of steps as it comes.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::base::{Clock, UnitId};
use crate::events::{Entry, Progress, RunView};

use super::line::{Line, Page};
use super::live::{Live, borrowed, trimmed};
use super::names::INDENT;
use super::style::{Mark, Style, Tone};
use super::told::{Teller, remark};
use super::when::{between, due};

/// How often a unit tells how far it has got.
const EVERY: Duration = Duration::from_secs(30);

/// The screen where there is no terminal.
pub struct Plain {
    state: Mutex<State>,
    style: Style,
    clock: Arc<dyn Clock>,
}

struct State {
    out: Box<dyn Write + Send>,
    live: Box<Live>,
    told: BTreeMap<UnitId, Timestamp>,
}

impl Plain {
    /// A screen that writes lines to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, style: Style, clock: Arc<dyn Clock>) -> Self {
        let state = State { out, live: Box::new(Live::new(clock.now())), told: BTreeMap::new() };
        Self { state: Mutex::new(state), style, clock }
    }

    /// A record, after it is durable, and the run as it stands with it.
    pub fn record(&self, entry: &Entry, view: &RunView) {
        let mut state = self.state();
        let (_, amount) = state.live.seen_by(entry);
        let again = state.live.is_again(entry);
        state.live.record(entry, view);
        // The output stands above already.
        let seen = (Vec::new(), amount);
        let page =
            Teller { names: &state.live.names, view, style: &self.style, seen: borrowed(&seen), again }.told(entry);
        state.print(&page, &self.style);
    }

    /// A sign of life.
    pub fn progress(&self, progress: &Progress) {
        let now = self.clock.now();
        let mut state = self.state();
        state.live.progress(progress, now);
        let line = match progress {
            Progress::Output { unit, stderr, line } => {
                let sign = if *stderr { " ! " } else { " | " };
                beneath(unit).put(Tone::Dim, sign).text(trimmed(line))
            }
            Progress::Amount { unit, .. } => match state.due(unit, now) {
                Some(words) => beneath(unit).put(Tone::Dim, ": ").text(words),
                None => return,
            },
            Progress::Waiting { unit, until } => {
                let line = state.live.names.begin(unit, Mark::Waits, &self.style);
                line.text("  until ").text(due(*until, now, &self.style))
            }
            Progress::Reconnecting { host, attempt, why } => Line::indented(INDENT + 2)
                .put(Tone::Name, host)
                .put(Tone::Doubt, format_args!(" cannot be reached, try {attempt}: {why}")),
            _ if state.live.is_said(progress) => return,
            _ => match remark(progress, &state.live.names) {
                Some(line) => line,
                None => return,
            },
        };
        state.print(&line.into(), &self.style);
    }

    /// Prints lines.
    pub fn say(&self, page: &Page) {
        self.state().print(page, &self.style);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What it writes to may be gone: the run goes on.
    fn print(&mut self, page: &Page, style: &Style) {
        let text = page.painted(style);
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// How far a unit has got, where it is time to say so.
    fn due(&mut self, unit: &UnitId, now: Timestamp) -> Option<String> {
        match self.told.get(unit) {
            // The first report is the beginning: nothing to tell yet.
            None => {
                self.told.insert(unit.clone(), now);
                None
            }
            Some(last) if between(*last, now) < EVERY => None,
            Some(_) => {
                self.told.insert(unit.clone(), now);
                self.live.amount(unit).map(|amount| amount.words(now))
            }
        }
    }
}

fn beneath(unit: &UnitId) -> Line {
    Line::indented(INDENT + 2).put(Tone::Dim, unit)
}
