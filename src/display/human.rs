//! The screen on a terminal: lines that stay above, what is going on below.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::Clock;
use crate::events::{Entry, Progress, Record, RunView};

use super::line::Page;
use super::live::{Live, borrowed};
use super::style::Style;
use super::terminal::{Size, Terminal};
use super::told::{Teller, remark};

/// How often the lower part is drawn anew when nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// The screen on a terminal.
pub struct Human {
    bar: ProgressBar,
    inner: Arc<Inner>,
}

struct Inner {
    live: Mutex<State>,
    terminal: Terminal,
    style: Style,
    clock: Arc<dyn Clock>,
}

struct State {
    live: Live,
    /// How many prompts are open, one inside another.
    held: usize,
    /// What was said meanwhile.
    kept: String,
    /// Whether there is something to show below.
    begun: bool,
}

impl Human {
    /// A screen on the terminal behind `out`, whose rows and columns `size` tells at any time.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, size: Size, style: Style, clock: Arc<dyn Clock>) -> Self {
        let human = Self::still(out, size, style, clock);
        human.bar.enable_steady_tick(TICK);
        human
    }

    /// One that draws only when something happens.
    pub(super) fn still(out: Box<dyn Write + Send>, size: Size, style: Style, clock: Arc<dyn Clock>) -> Self {
        let terminal = Terminal::new(out, size);
        let state = State { live: Live::new(clock.now()), held: 0, kept: String::new(), begun: false };
        let inner = Arc::new(Inner { live: Mutex::new(state), terminal: terminal.clone(), style, clock });
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(terminal)));
        let drawn = Arc::clone(&inner);
        let template = ProgressStyle::with_template("{live}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(template.with_key("live", move |_: &indicatif::ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&drawn.below());
        }));
        Self { bar, inner }
    }

    /// A record, after it is durable, and the run as it stands with it.
    pub fn record(&self, entry: &Entry, view: &RunView) {
        let style = self.inner.style_now();
        let mut state = self.inner.state();
        let seen = state.live.seen_by(entry);
        let again = state.live.is_again(entry);
        state.live.record(entry, view);
        state.begun = true;
        let teller = Teller { names: &state.live.names, view, style: &style, seen: borrowed(&seen), again };
        // A wait is seen below as long as it lasts.
        let page = if matches!(entry.record, Record::Waiting { .. }) { Page::new() } else { teller.told(entry) };
        drop(state);
        self.say(&page);
    }

    /// A sign of life.
    pub fn progress(&self, progress: &Progress) {
        let mut state = self.inner.state();
        state.live.progress(progress, self.inner.clock.now());
        state.begun = true;
        let note = if state.live.is_said(progress) { None } else { remark(progress, &state.live.names) };
        drop(state);
        match note {
            Some(note) => self.say(&note.into()),
            None => self.bar.tick(),
        }
    }

    /// Prints lines that stay. While a prompt is open they wait for its end.
    pub fn say(&self, page: &Page) {
        let text = page.painted(&self.inner.style);
        let mut state = self.inner.state();
        if state.held > 0 {
            state.kept += &text;
            return;
        }
        drop(state);
        self.bar.suspend(|| self.inner.terminal.print(&text));
    }

    /// Takes the lower part away and leaves the terminal alone until as many `go_on` as `pause` were called.
    pub fn pause(&self) {
        self.inner.state().held += 1;
        self.bar.suspend(|| ());
    }

    /// The prompt is over: shows what was held back, and the lower part again.
    pub fn go_on(&self) {
        let mut state = self.inner.state();
        state.held = state.held.saturating_sub(1);
        if state.held > 0 {
            return;
        }
        let text = std::mem::take(&mut state.kept);
        drop(state);
        self.bar.suspend(|| self.inner.terminal.print(&text));
    }

    /// Leaves the terminal alone while `prompt` has it.
    pub fn suspend<R>(&self, prompt: impl FnOnce() -> R) -> R {
        self.pause();
        let answer = prompt();
        self.go_on();
        answer
    }

    /// Takes the lower part away for good.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Human {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The style for the terminal as wide as it is now. The last column stays free: some terminals wrap when it is written to.
    fn style_now(&self) -> Style {
        let (_, columns) = self.terminal.dimensions();
        self.style.clone().columns(usize::from(columns).saturating_sub(1).max(1))
    }

    /// The lower part.
    fn below(&self) -> String {
        let state = self.state();
        if state.held > 0 || !state.begun {
            return String::new();
        }
        let style = self.style_now();
        let (rows, _) = self.terminal.dimensions();
        let lines = state.live.lines(self.clock.now(), usize::from(rows), &style);
        drop(state);
        let painted: Vec<String> = lines.iter().map(|line| line.painted(&style)).collect();
        painted.join("\n")
    }
}
