//! All runs in a table.

use jiff::Timestamp;

use crate::base::RunId;
use crate::events::RunView;
use crate::events::view::Status;

use super::count::count;
use super::line::{Line, Page};
use super::style::{Style, Tone};
use super::when::{due, instant};

/// All runs, newest first, in a table.
#[must_use]
pub fn runs(runs: &[(RunId, RunView)], now: Timestamp, style: &Style) -> String {
    if runs.is_empty() {
        return Page::from(Line::new().text("no runs")).painted(style);
    }
    let mut newest_first: Vec<&(RunId, RunView)> = runs.iter().collect();
    newest_first.sort_by(|(a, _), (b, _)| b.cmp(a));
    let mut rows = vec![["run", "begun", "steps", "state", "runbook"].map(|title| Line::new().put(Tone::Dim, title))];
    rows.extend(newest_first.iter().map(|(run, view)| row(run, view, now, style)));
    let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let columns: [usize; 5] = std::array::from_fn(widest);
    let mut page = Page::new();
    for row in rows {
        let mut line = Line::new();
        let mut end = 0;
        for (cell, width) in row.into_iter().zip(columns) {
            line = line.pad_to(end).join(cell);
            end += width + 2;
        }
        page.push(match style.width {
            Some(columns) => line.fit(columns, style),
            None => line,
        });
    }
    page.painted(style)
}

fn row(run: &RunId, view: &RunView, now: Timestamp, style: &Style) -> [Line; 5] {
    let began = view.began.map_or(String::new(), |began| instant(began, style));
    let (over, all) = view.steps_over();
    let name = view.started.as_ref().map_or("", |started| started.name.as_str());
    [
        Line::new().put(Tone::Name, run),
        Line::new().put(Tone::Dim, began),
        Line::new().text(format_args!("{over} of {all}")),
        state(&view.status, now, style),
        Line::new().text(name),
    ]
}

/// A run's state in a few words.
fn state(status: &Status, now: Timestamp, style: &Style) -> Line {
    let (tone, words) = match status {
        Status::Fresh => (Tone::Plain, "not begun".to_owned()),
        Status::Running => (Tone::Name, "running".to_owned()),
        Status::Parked { until: Some(until), .. } => (Tone::Doubt, format!("parked, due {}", due(*until, now, style))),
        Status::Parked { until: None, .. } => (Tone::Doubt, "parked".to_owned()),
        Status::Stopped { .. } => (Tone::Bad, "stopped".to_owned()),
        Status::RollingBack { .. } => (Tone::Name, "being rolled back".to_owned()),
        Status::RolledBack { to: Some(step), complete: true } => (Tone::Plain, format!("rolled back to {step}")),
        Status::RolledBack { to: None, complete: true } => (Tone::Plain, "rolled back".to_owned()),
        Status::RolledBack { complete: false, .. } => (Tone::Bad, "rollback stopped".to_owned()),
        Status::Done { open: 0 } => (Tone::Good, "done".to_owned()),
        Status::Done { open } => (Tone::Doubt, format!("done, {} open", count(*open as usize, "temporary change"))),
        Status::Abandoned => (Tone::Plain, "given up".to_owned()),
    };
    Line::new().put(tone, words)
}
