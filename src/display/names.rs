//! What units are called on a screen, and the columns that their lines keep to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{StepId, UnitId};
use crate::events::{RunView, unit_name};

use super::line::Line;
use super::style::{Mark, Style, Tone};
use super::width::width;

/// Before the mark of a unit's line.
pub(super) const INDENT: usize = 2;
/// What a name, a host and a time may take of a line at most, and at least.
const NAME: (usize, usize) = (48, 12);
const HOST: usize = 16;
const TIME: usize = 7;

/// What is known of a run's steps by way of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    steps: BTreeMap<StepId, String>,
    lists: BTreeMap<StepId, Arc<Vec<serde_json::Value>>>,
    name: usize,
    host: usize,
}

impl Names {
    /// The names of a run.
    pub(super) fn of(view: &RunView) -> Self {
        let mut names = Self { lists: view.lists.clone(), ..Self::default() };
        for step in view.steps() {
            let count = if names.lists.contains_key(&step.id) { " (10/10)".len() } else { 0 };
            names.name = names.name.max(width(&step.name) + count);
            names.host = step.hosts.iter().map(|host| width(host.as_str())).fold(names.host, usize::max);
            names.steps.insert(step.id.clone(), step.name.clone());
        }
        names
    }

    /// Whether no name is known yet.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What a unit is called, but for its host: its step's name and which item it is.
    pub(super) fn unit(&self, unit: &UnitId) -> String {
        let name = self.steps.get(&unit.step).map_or(unit.step.as_str(), String::as_str);
        unit_name(name, unit.item, self.lists.get(&unit.step).map(|items| items.as_slice()))
    }

    /// The beginning of a unit's line: mark, name and host, in columns where the screen is wide enough for them.
    pub(super) fn begin(&self, unit: &UnitId, mark: Mark, style: &Style) -> Line {
        self.row(unit, Line::indented(INDENT).mark(style, mark), style)
    }

    /// Name and host of a unit after whatever `line` begins with.
    pub(super) fn row(&self, unit: &UnitId, line: Line, style: &Style) -> Line {
        let host = unit.host.as_ref().map_or("", |host| host.as_str());
        let hosts = self.host.max(width(host)).min(HOST);
        let taken = INDENT + 2 + 2 + hosts + 2 + TIME;
        let room = style.width.map_or(NAME.0, |columns| columns.saturating_sub(taken).clamp(NAME.1, NAME.0));
        let name = self.unit(unit);
        let column = line.width() + 1 + self.name.min(room);
        let line = line.text(" ");
        let line = match style.width {
            Some(_) => line.join(Line::new().text(name).fit(room, style)),
            None => line.text(name),
        };
        if hosts == 0 {
            return line.pad_to(column);
        }
        let line = line.pad_to(column).text("  ");
        let column = line.width() + hosts;
        line.put(Tone::Name, host).pad_to(column)
    }
}

/// A time in its column.
pub(super) fn time(line: Line, time: &str) -> Line {
    let missing = TIME.saturating_sub(width(time));
    line.text("  ").text(" ".repeat(missing)).put(Tone::Dim, time)
}
