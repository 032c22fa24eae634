//! What the screen may like to know and nobody has to: may be dropped.

use serde::Serialize;

use crate::base::{PhaseId, UnitId};

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Progress {
    /// A unit is being looked at.
    Checking {
        /// The unit.
        unit: UnitId,
    },
    /// A unit is being applied or taken back.
    Working {
        /// The unit.
        unit: UnitId,
    },
    /// A unit goes on waiting for a time that an earlier process has written down.
    Waiting {
        /// The unit.
        unit: UnitId,
        /// Until then.
        until: jiff::Timestamp,
    },
    /// A line of output, masked and made safe for a terminal by whoever shows it.
    Output {
        /// The unit.
        unit: UnitId,
        /// Whether it came on stderr.
        stderr: bool,
        /// The line, without its end.
        line: String,
    },
    /// How far a unit has got.
    Amount {
        /// The unit.
        unit: UnitId,
        /// So much is done, in bytes.
        done: u64,
        /// Of so much, where that is known.
        of: Option<u64>,
    },
    /// A host cannot be reached and is tried again.
    Reconnecting {
        /// The host.
        host: crate::base::Role,
        /// Which try.
        attempt: u32,
        /// In ssh's own words.
        why: String,
    },
    /// A remark about a unit: which way a transfer goes, and why.
    Note {
        /// The unit.
        unit: UnitId,
        /// The remark.
        text: String,
    },
    /// A remark about the run: a host that may be a clone.
    Warning {
        /// The remark.
        text: String,
    },
    /// A phase was entered.
    Phase {
        /// Which.
        phase: PhaseId,
    },
}
