//! What the probes of a watch saw, from change to change.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::events::RunView;
use crate::events::watch::Seen;

/// A time in which a probe said the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) seen: Seen,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Why it is down; empty where it is not.
    pub(super) why: String,
}

/// What each probe said, in order.
#[derive(Debug, Default)]
pub(super) struct Spells(BTreeMap<String, Vec<Spell>>);

impl Spells {
    /// Sees what the probes say after another record.
    pub(super) fn look(&mut self, view: &RunView) {
        for (name, probe) in &view.probes {
            let spells = self.0.entry(name.clone()).or_default();
            let over = probe.at_the_end().is_some();
            if let Some(last) = spells.last_mut() {
                if (last.seen, last.from) == (probe.state, probe.since) {
                    continue;
                }
                if last.to == Timestamp::MAX {
                    last.to = probe.since.max(last.from);
                }
            }
            // What comes after the run is nobody's time.
            if over {
                continue;
            }
            let why = if probe.state == Seen::Down { probe.why.clone() } else { String::new() };
            spells.push(Spell { seen: probe.state, from: probe.since, to: Timestamp::MAX, why });
        }
    }

    /// The run ended then, or was heard of last.
    pub(super) fn close(&mut self, end: Timestamp) {
        for spells in self.0.values_mut() {
            for spell in spells.iter_mut().filter(|spell| spell.to == Timestamp::MAX) {
                spell.to = end.max(spell.from);
            }
            // Nobody watches since the process ended, which is where the report ends.
            spells.retain(|spell| spell.seen != Seen::Unwatched || spell.to > spell.from);
        }
    }

    /// What a probe said.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[Spell])> {
        self.0.iter().map(|(name, spells)| (name.as_str(), spells.as_slice()))
    }
}
