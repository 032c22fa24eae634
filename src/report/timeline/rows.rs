//! The timeline for whoever does not see it, and for Markdown: what happened, in order.

use jiff::Timestamp;
use serde::Serialize;

use crate::base::duration::{between, short};
use crate::events::record::Outcome;
use crate::events::watch::Seen;
use crate::report::moment::{Moment, Times};
use crate::report::steps::{Steps, anchor};
use crate::report::story::{Scene, Story, What};
use crate::report::words::{Tone, first};

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Row {
    at: Moment,
    took: Option<String>,
    /// A host, a probe, or the run.
    place: String,
    tone: Tone,
    what: String,
    /// The step that it is about; empty where it is about none.
    anchor: String,
}

/// What happened, in order.
pub(super) fn rows(story: &Story<'_>, steps: &Steps<'_>, times: &Times) -> Vec<Row> {
    let mut rows: Vec<(Timestamp, Row)> = Vec::new();
    rows.extend(story.marks.iter().map(|mark| {
        let what = format!("{} ({})", mark.words, mark.who);
        let (at, place) = (times.short(mark.at), "the run".to_owned());
        (mark.at, Row { at, took: None, place, tone: mark.tone, what, anchor: String::new() })
    }));
    for (name, spells) in story.spells.iter() {
        rows.extend(spells.iter().map(|spell| {
            let (tone, what) = match spell.seen {
                Seen::Up => (Tone::Good, "up".to_owned()),
                Seen::Down => (Tone::Bad, format!("down: {}", first(&spell.why))),
                Seen::Unwatched => (Tone::Doubt, "not watched".to_owned()),
            };
            let took = Some(short(between(spell.from, spell.to)));
            let place = format!("probe {name}");
            (spell.from, Row { at: times.short(spell.from), took, place, tone, what, anchor: String::new() })
        }));
    }
    for (unit, seen) in &story.units {
        let step = story.view.step(&unit.step).map_or(unit.step.as_str(), |step| step.name.as_str());
        let name = steps.name(unit, step);
        for scene in &seen.scenes {
            let (tone, words) = words(scene);
            let row = Row {
                at: times.short(scene.at),
                took: scene.until.filter(|until| *until != scene.at).map(|until| short(between(scene.at, until))),
                place: unit.host.as_ref().map_or(String::new(), ToString::to_string),
                tone,
                what: format!("{name}: {words}"),
                anchor: anchor(&unit.step),
            };
            rows.push((scene.at, row));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A scene in a few words.
fn words(scene: &Scene<'_>) -> (Tone, String) {
    let again = |number: u32| if number > 1 { format!("try {number} ") } else { String::new() };
    match &scene.what {
        What::Try { number, end, .. } => match end {
            Some(Outcome::Applied { .. }) => (Tone::Good, format!("{}applied", again(*number))),
            Some(Outcome::Failed { failure }) => {
                (Tone::Bad, format!("{}failed: {}", again(*number), first(&failure.why)))
            }
            Some(Outcome::Unsure { why }) => {
                (Tone::Doubt, format!("{}outcome not known: {}", again(*number), first(why)))
            }
            None => (Tone::Doubt, format!("{}begun", again(*number))),
        },
        What::Undo { end, .. } => match end {
            Some(Ok(_)) => (Tone::Good, "undone".to_owned()),
            Some(Err(why)) => (Tone::Bad, format!("could not be undone: {}", first(why))),
            None => (Tone::Doubt, "to be undone".to_owned()),
        },
        What::Wait { what: Some(what), .. } => (Tone::Plain, format!("waits for {what}")),
        What::Wait { .. } => (Tone::Plain, "waits".to_owned()),
        What::Trouble { words, failure } => (Tone::Bad, format!("{words}: {}", first(&failure.why))),
        What::Remark { tone, words } => (*tone, words.clone()),
    }
}
