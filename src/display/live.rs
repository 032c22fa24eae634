//! What is going on right now: the part of a terminal's screen that changes in place.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::base::{Role, UnitId};
use crate::events::record::{Entry, Failure, Outcome, Record};
use crate::events::watch::ProbeView;
use crate::events::{Progress, RunView, state};

use super::amount::Amount;
use super::failure::Seen;
use super::line::{Line, Page};
use super::names::{INDENT, Names, time};
use super::style::{Mark, Style, Tone};
use super::watch;
use super::when::{between, due, short};

/// How many lines of output are shown beneath a running unit.
const TAIL: usize = 5;
/// How many are kept, for when it fails.
const KEPT: usize = 20;
/// How much of a line of output is kept: it is cut to the screen's width anyway.
const LINE: usize = 2000;
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const ASCII_SPINNER: [&str; 4] = ["|", "/", "-", "\\"];
const BAR: usize = 24;

/// What is going on right now.
#[derive(Debug)]
pub(super) struct Live {
    began: Timestamp,
    pub(super) names: Names,
    phase: Option<String>,
    steps: (usize, usize),
    open: usize,
    rolling_back: bool,
    /// What the watch says, where there is one.
    probes: BTreeMap<String, ProbeView>,
    units: Vec<Running>,
    lost: BTreeMap<Role, (u32, String)>,
    /// How units failed that have not been applied since.
    failures: BTreeMap<UnitId, Failure>,
    /// The last remark about each unit: what is looked at again and again says the same again and again.
    notes: BTreeMap<UnitId, String>,
}

/// A unit that something is happening to.
#[derive(Debug)]
struct Running {
    unit: UnitId,
    since: Timestamp,
    doing: Doing,
    tail: VecDeque<String>,
    amount: Option<Amount>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Checking,
    Applying,
    Undoing,
    Waiting(Option<Timestamp>),
}

impl Live {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            began: now,
            names: Names::default(),
            phase: None,
            steps: (0, 0),
            open: 0,
            rolling_back: false,
            probes: BTreeMap::new(),
            units: Vec::new(),
            lost: BTreeMap::new(),
            failures: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// What was seen of a unit beyond its records.
    pub(super) fn seen(&self, unit: &UnitId) -> (Vec<String>, Option<(u64, Option<u64>)>) {
        let running = self.units.iter().find(|running| running.unit == *unit);
        running.map_or_else(Default::default, |running| {
            let amount = running.amount.as_ref().map(|amount| (amount.done, amount.of));
            (running.tail.iter().cloned().collect(), amount)
        })
    }

    /// Takes in a record. Ask `seen` first: what has ended is forgotten here.
    pub(super) fn record(&mut self, entry: &Entry, view: &RunView) {
        if self.names.is_empty() || matches!(entry.record, Record::Listed { .. } | Record::Resumed { .. }) {
            self.names = Names::of(view);
        }
        self.steps = view.steps_over();
        self.open = view.ledger().len();
        self.probes.clone_from(&view.probes);
        let outline = view.started.iter().flat_map(|started| &started.outline);
        self.phase =
            outline.into_iter().find(|phase| Some(&phase.id) == view.phase.as_ref()).map(|phase| phase.name.clone());
        match &entry.record {
            Record::Started(_) => self.began = entry.at,
            Record::RollbackBegun { .. } => self.rolling_back = true,
            Record::Resumed { .. } => (self.began, self.rolling_back) = (entry.at, false),
            _ => {}
        }
        let Some(unit) = state::unit_of(&entry.record) else { return };
        if let Some(host) = &unit.host {
            self.lost.remove(host);
        }
        match &entry.record {
            Record::Intended { .. } => self.begin(unit, Doing::Applying, entry.at),
            Record::UndoIntended { .. } => self.begin(unit, Doing::Undoing, entry.at),
            Record::Waiting { until, .. } => self.begin(unit, Doing::Waiting(*until), entry.at),
            Record::Sent { .. } | Record::Reopened { .. } => {}
            _ => self.units.retain(|running| running.unit != *unit),
        }
    }

    /// Whether the entry tells of a failure that is just like the unit's last one.
    pub(super) fn is_again(&mut self, entry: &Entry) -> bool {
        let Some(unit) = state::unit_of(&entry.record) else { return false };
        match &entry.record {
            Record::Settled { outcome: Outcome::Failed { failure }, .. }
            | Record::Blocked { failure, .. }
            | Record::Unsettled { failure, .. } => {
                let before = self.failures.insert(unit.clone(), (**failure).clone());
                before.as_ref() == Some(failure)
            }
            // Tried again by itself, not because somebody did something about it.
            Record::Intended { .. } | Record::Sent { .. } => false,
            _ => {
                self.failures.remove(unit);
                false
            }
        }
    }

    /// Whether this is the remark that was made about the unit last.
    pub(super) fn is_said(&mut self, progress: &Progress) -> bool {
        let Progress::Note { unit, text } = progress else { return false };
        self.notes.insert(unit.clone(), text.clone()).as_ref() == Some(text)
    }

    /// Takes in a sign of life.
    pub(super) fn progress(&mut self, progress: &Progress, now: Timestamp) {
        match progress {
            Progress::Checking { unit } => {
                if !self.units.iter().any(|running| running.unit == *unit) {
                    self.begin(unit, Doing::Checking, now);
                }
                self.reached(unit);
            }
            Progress::Working { unit } => {
                let doing = if self.rolling_back { Doing::Undoing } else { Doing::Applying };
                if self.unit(unit).is_none_or(|running| running.doing == Doing::Checking) {
                    self.begin(unit, doing, now);
                }
                self.reached(unit);
            }
            Progress::Waiting { unit, until } => self.begin(unit, Doing::Waiting(Some(*until)), now),
            Progress::Output { unit, line, .. } => {
                let line = trimmed(line).into_owned();
                if let Some(running) = self.unit(unit) {
                    running.tail.push_back(line);
                    if running.tail.len() > KEPT {
                        running.tail.pop_front();
                    }
                }
                self.reached(unit);
            }
            Progress::Amount { unit, done, of } => {
                if let Some(running) = self.unit(unit) {
                    running.amount.get_or_insert_default().set(*done, *of, now);
                }
                self.reached(unit);
            }
            Progress::Reconnecting { host, attempt, why } => {
                self.lost.insert(host.clone(), (*attempt, why.clone()));
            }
            Progress::Note { .. } | Progress::Warning { .. } | Progress::Phase { .. } => {}
        }
    }

    /// The amount of a unit, where one was told.
    pub(super) fn amount(&mut self, unit: &UnitId) -> Option<&Amount> {
        self.unit(unit).and_then(|running| running.amount.as_ref())
    }

    fn unit(&mut self, unit: &UnitId) -> Option<&mut Running> {
        self.units.iter_mut().find(|running| running.unit == *unit)
    }

    /// Something came from the unit's host: it is not lost.
    fn reached(&mut self, unit: &UnitId) {
        if let Some(host) = &unit.host {
            self.lost.remove(host);
        }
    }

    fn begin(&mut self, unit: &UnitId, doing: Doing, now: Timestamp) {
        let begun = Running { unit: unit.clone(), since: now, doing, tail: VecDeque::new(), amount: None };
        match self.unit(unit) {
            Some(running) if running.doing == Doing::Checking => running.doing = doing,
            Some(running) => *running = begun,
            None => self.units.push(begun),
        }
    }

    /// The lines to show, no more than `height` and none wider than the style's columns.
    pub(super) fn lines(&self, now: Timestamp, height: usize, style: &Style) -> Vec<Line> {
        let columns = style.width.unwrap_or(usize::MAX);
        let foot = self.status(now, style);
        // Room for the status line, and for one that says how many are left out.
        let room = height.saturating_sub(2).max(1);
        let shown = self.units.len().min(room);
        let mut spare = room.saturating_sub(shown + self.lost.len());
        let mut page = Page::new();
        for running in self.units.iter().take(shown) {
            page.push(running.line(&self.names, now, style));
            if let Some(amount) = running.amount.as_ref().filter(|_| spare > 0) {
                spare -= 1;
                page.push(amount_line(amount, now, style));
            }
            let tail = running.tail.len().min(TAIL).min(spare);
            spare -= tail;
            for line in running.tail.iter().skip(running.tail.len() - tail) {
                page.push(Line::indented(INDENT + 4).put(Tone::Dim, line));
            }
        }
        if self.units.len() > shown {
            let more = self.units.len() - shown;
            page.push(Line::indented(INDENT).put(Tone::Dim, format_args!("{} and {more} more", style.ellipsis())));
        }
        for (host, (attempt, why)) in self.lost.iter().take(room.saturating_sub(shown)) {
            let lost = format_args!(" cannot be reached, try {attempt}: {why}").to_string();
            page.push(Line::indented(INDENT).put(Tone::Name, host).put(Tone::Doubt, lost));
        }
        page.push(foot);
        page.into_lines().into_iter().map(|line| line.fit(columns, style)).collect()
    }

    fn status(&self, now: Timestamp, style: &Style) -> Line {
        let mut parts = Vec::new();
        if self.rolling_back {
            parts.push("rolling back".to_owned());
        } else if let Some(phase) = &self.phase {
            parts.push(phase.clone());
        }
        let (over, all) = self.steps;
        if all > 0 {
            parts.push(format!("{over} of {all} steps"));
        }
        parts.push(short(between(self.began, now)));
        let mut line = Line::new().put(Tone::Dim, parts.join(style.dot()));
        for (name, probe) in &self.probes {
            line = watch::brief(line.put(Tone::Dim, style.dot()), name, probe, now);
        }
        match self.open {
            0 => line,
            1 => line.put(Tone::Dim, style.dot()).put(Tone::Dim, "1 temporary change open"),
            open => line.put(Tone::Dim, style.dot()).put(Tone::Dim, format_args!("{open} temporary changes open")),
        }
    }
}

impl Running {
    fn line(&self, names: &Names, now: Timestamp, style: &Style) -> Line {
        let taken = between(self.since, now);
        let tick = usize::try_from(taken.as_millis() / 100).unwrap_or(0);
        let spinner = match self.doing {
            Doing::Waiting(_) => style.mark(Mark::Waits),
            _ if style.unicode => SPINNER[tick % SPINNER.len()],
            _ => ASCII_SPINNER[tick % ASCII_SPINNER.len()],
        };
        let line = names.row(&self.unit, Line::indented(INDENT).put(Tone::Name, spinner), style);
        let line = time(line, &short(taken));
        match self.doing {
            Doing::Waiting(Some(until)) => line.text("  until ").text(due(until, now, style)),
            Doing::Waiting(None) => line.text("  until somebody has done it"),
            Doing::Checking => line.put(Tone::Dim, "  checking"),
            Doing::Undoing => line.put(Tone::Dim, "  undoing"),
            Doing::Applying => line,
        }
    }
}

/// How far a unit has got: the figures, and a bar where there is room for both.
fn amount_line(amount: &Amount, now: Timestamp, style: &Style) -> Line {
    let line = Line::indented(INDENT + 4);
    let words = amount.words(now);
    let bar = amount.bar(BAR, style);
    match bar.filter(|_| style.width.is_none_or(|columns| line.width() + BAR + 2 + words.len() <= columns)) {
        Some(bar) => line.put(Tone::Name, bar).text("  ").text(words),
        None => line.text(words),
    }
}

impl Live {
    /// What was seen of the unit that an entry is about, to be told with it.
    pub(super) fn seen_by(&self, entry: &Entry) -> (Vec<String>, Option<(u64, Option<u64>)>) {
        state::unit_of(&entry.record).map_or_else(Default::default, |unit| self.seen(unit))
    }
}

/// A line of output as far as it is shown, without the `\r` of a line that ended with two characters. What is not shown is told of.
pub(super) fn trimmed(line: &str) -> Cow<'_, str> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.char_indices().nth(LINE) {
        None => line.into(),
        Some((end, _)) => format!("{}… (and {} more characters)", &line[..end], line[end..].chars().count()).into(),
    }
}

/// What was seen of a unit, borrowed.
pub(super) fn borrowed((tail, amount): &(Vec<String>, Option<(u64, Option<u64>)>)) -> Seen<'_> {
    Seen { tail, amount: *amount }
}
