//! What was taken back, and what rollback would still take back.

use crate::base::UnitId;
use crate::events::record::Undo;
use crate::events::{Preview, UnitState};

use super::model::{Open, Undone, WayBack};
use super::steps::{Steps, anchor};
use super::story::{Story, What};
use super::words::{Tone, first};

impl Steps<'_> {
    fn title(&self, unit: &UnitId) -> (String, String) {
        let step = self.story.view.step(&unit.step).map_or(unit.step.as_str(), |step| step.name.as_str());
        (self.name(unit, step), unit.host.as_ref().map_or(String::new(), ToString::to_string))
    }

    /// The temporary changes that are still there.
    pub(super) fn ledger(&self) -> Vec<Open> {
        let open = self.open.iter().map(|open| {
            let (name, host) = self.title(&open.unit);
            let since = open.since.map(|since| self.times.whole(since));
            Open { anchor: anchor(&open.unit.step), name, host, until: open.until.clone(), since }
        });
        open.collect()
    }

    /// What was taken back, or should have been, in that order.
    pub(super) fn undone(&self) -> Vec<Undone> {
        let mut undone = Vec::new();
        for (unit, story) in &self.story.units {
            for scene in &story.scenes {
                let What::Undo { end, .. } = &scene.what else { continue };
                let (tone, words) = match end {
                    None => (Tone::Doubt, "not known yet".to_owned()),
                    Some(Ok("")) => (Tone::Good, "undone".to_owned()),
                    Some(Ok(note)) => (Tone::Good, format!("undone: {note}")),
                    Some(Err(why)) => (Tone::Bad, format!("could not be undone: {}", first(why))),
                };
                let (name, host) = self.title(unit);
                let at = self.times.short(scene.at);
                undone.push((scene.at, Undone { at, anchor: anchor(&unit.step), name, host, tone, words }));
            }
        }
        undone.sort_by_key(|(at, _)| *at);
        undone.into_iter().map(|(_, undone)| undone).collect()
    }

    /// What rollback would take back, newest first.
    pub(super) fn way_back(&self) -> Vec<WayBack> {
        let view = &self.story.view;
        let order = view.undo_order(None);
        let mut way = Vec::new();
        for (at, unit) in order.iter().enumerate() {
            let state = view.state(unit);
            let Some(attempt) = state.attempt() else { continue };
            let told = self.preview(unit).map_or("", |preview| preview.undo.as_str());
            let (tone, how, script) = match &attempt.reversal.data {
                Undo::None { why } => (Tone::Doubt, format!("no way back: {}", first(why)), ""),
                Undo::Nothing => (Tone::Plain, "changed nothing".to_owned(), ""),
                Undo::Again { unit } => (Tone::Plain, format!("{} is applied again", unit.step), ""),
                Undo::Written { .. } => (Tone::Plain, "by its own undo".to_owned(), told),
                Undo::Captured { .. } if told.is_empty() => {
                    (Tone::Plain, "what was there before is put back".to_owned(), "")
                }
                Undo::Captured { .. } => (Tone::Plain, first(told).to_owned(), ""),
            };
            let stuck = matches!(state, UnitState::Stuck(..));
            // Of the units of a step, the one that is taken back last stands nearest to the checkpoint.
            let is_last = !order[at + 1..].iter().any(|later| later.step == unit.step);
            let checkpoints = view.checkpoints.iter().filter(|(_, step)| is_last && *step == unit.step);
            let irreversible = view.step(&unit.step).and_then(|step| step.irreversible.clone());
            let (name, host) = self.title(unit);
            way.push(WayBack {
                anchor: anchor(&unit.step),
                name,
                host,
                tone: if stuck { Tone::Bad } else { tone },
                how: if stuck { format!("could not be undone; {how}") } else { how },
                script: script.to_owned(),
                irreversible: irreversible.unwrap_or_default(),
                checkpoints: checkpoints.map(|(name, _)| name.clone()).collect(),
            });
        }
        way
    }

    /// What was said beforehand of the try whose way back is kept: the first since the unit was last undone.
    fn preview(&self, unit: &UnitId) -> Option<&Preview> {
        let first = self.story.view.state(unit).attempt()?.first;
        self.story.units.get(unit)?.scenes.iter().find_map(|scene| match scene.what {
            What::Try { number, preview, .. } if number == first => preview,
            _ => None,
        })
    }
}

/// Who is left with things that were kept for undo.
pub(super) fn left(story: &Story<'_>) -> Vec<String> {
    let left = story.view.left.iter().map(|account| match &account.become_user {
        Some(user) => format!("{user} on {}", account.host),
        None => account.host.to_string(),
    });
    left.collect()
}
