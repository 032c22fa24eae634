//! Records in words, a line each.

use crate::display::{Line, Style, Tone, due, room, short};
use crate::events::record::{Answer, Outcome, Record};
use crate::events::state::unit_of;
use crate::events::watch::ProbeView;
use crate::events::{Entry, RunView};

/// A record in a line: its number, when it was written and by whom, and what it says. `view` is the run as it stands with it.
pub(super) fn line(entry: &Entry, view: &RunView, style: &Style) -> Line {
    let at = entry.at.to_zoned_datetime(style.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z");
    let line = Line::new().put(Tone::Dim, format_args!("{:>4}  {at}", entry.seq));
    let line = line.put(Tone::Dim, format_args!("  {}  ", entry.who));
    let line = match unit_of(&entry.record) {
        Some(unit) => line.put(Tone::Name, unit).text(": "),
        None => line,
    };
    let (tone, said) = words(entry, view, style);
    line.put(tone, said)
}

fn words(entry: &Entry, view: &RunView, style: &Style) -> (Tone, String) {
    use Tone::{Bad, Doubt, Good, Plain};
    let until = |until: &jiff::Timestamp| due(*until, entry.at, style);
    match &entry.record {
        Record::Started(started) => (Plain, format!("begun: {} ({})", started.name, started.path)),
        Record::Pinned { role, host_key, machine_id } => {
            (Plain, format!("{role} is the machine with host key {host_key}, machine id {machine_id}"))
        }
        Record::Resumed { edited: None } => (Plain, "resumed".into()),
        Record::Resumed { edited: Some(_) } => (Plain, "resumed, with the runbook as it was edited".into()),
        Record::PhaseEntered { phase } => (Plain, format!("phase {phase}")),
        Record::Answered { gate, answer: Answer::Yes { by } } => (Plain, format!("gate {gate}: yes, by {by}")),
        Record::Answered { gate, answer: Answer::No } => (Plain, format!("gate {gate}: not now")),
        Record::Listed { step, items } => (Plain, format!("{step} is for {} items", items.len())),
        Record::CheckpointReached { name, step } => (Plain, format!("checkpoint {name}, just before {step}")),
        Record::Intended { attempt, reversal, .. } => (Plain, format!("try {attempt}: {}", reversal.summary)),
        Record::Sent { .. } => (Plain, "its job is sent".into()),
        Record::Settled { outcome: Outcome::Applied { note, outputs }, .. } => {
            (Good, with("applied", note.as_deref().or(outputs.note.as_deref())))
        }
        Record::Settled { outcome: Outcome::Failed { failure }, .. } => (Bad, format!("failed: {}", failure.why)),
        Record::Settled { outcome: Outcome::Unsure { why }, .. } => (Doubt, format!("outcome not known: {why}")),
        Record::Satisfied { .. } => (Plain, "already as asked".into()),
        Record::Blocked { failure, .. } => (Bad, format!("could not be begun: {}", failure.why)),
        Record::Unsettled { failure, .. } => (Doubt, format!("left open: {}", failure.why)),
        Record::Skipped { why, .. } => (Plain, format!("left out: {why}")),
        Record::Waiting { until: Some(at), what: Some(what), .. } => {
            (Doubt, format!("waits for {what}, at most until {}", until(at)))
        }
        Record::Waiting { until: Some(at), .. } => (Doubt, format!("waits until {}", until(at))),
        Record::Waiting { until: None, .. } => (Doubt, "waits for somebody".into()),
        Record::Reopened { .. } => (Plain, "to be tried again".into()),
        Record::Parked { why, until: Some(at) } => (Doubt, format!("parked until {}: {why}", until(at))),
        Record::Parked { why, until: None } => (Doubt, format!("parked: {why}")),
        Record::Stopped { why } => (Bad, format!("stopped: {why}")),
        Record::Watched { probe, up: true, .. } => (
            Good,
            match view.probes.get(probe).and_then(ProbeView::ended_outage) {
                Some(down) => format!("{probe} is up again, after {} down", short(down)),
                None => format!("{probe} is up"),
            },
        ),
        Record::Watched { probe, up: false, why, .. } => (Bad, format!("{probe} is down: {why}")),
        Record::Unwatched { since } => (Doubt, format!("nobody has watched since {}", until(since))),
        Record::ToldDue { until: at } => (Plain, format!("told that it is due: {}", until(at))),
        Record::RollbackBegun { to: Some(step) } => (Plain, format!("rollback to just before {step}")),
        Record::RollbackBegun { to: None } => (Plain, "rollback to the start".into()),
        Record::UndoIntended { attempt, .. } => (Plain, format!("to be undone, try {attempt}")),
        Record::Undone { note, .. } => (Good, with("undone", Some(note.as_str()).filter(|note| !note.is_empty()))),
        Record::Stuck { why, .. } => (Bad, format!("could not be undone: {why}")),
        Record::RollbackEnded { complete: true, .. } => (Good, "rolled back".into()),
        Record::RollbackEnded { complete: false, .. } => (Bad, "rollback stopped".into()),
        Record::CleaningBegun => (Plain, "what was kept for undo is removed".into()),
        Record::Cleaned { removed, left } if left.is_empty() => (Good, format!("removed: {}", room(removed))),
        Record::Cleaned { removed, .. } => (Doubt, format!("not all of it was removed: {}", room(removed))),
        Record::Finished { open: 0 } => (Good, "done".into()),
        Record::Finished { open } => (Doubt, format!("done, with {open} temporary changes open")),
        Record::Abandoned { note } => (Plain, format!("given up as it is: {note}")),
    }
}

fn with(word: &str, note: Option<&str>) -> String {
    note.map_or_else(|| word.to_owned(), |note| format!("{word}: {note}"))
}
