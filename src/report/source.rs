//! What a report is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::UnitId;
use crate::events::Entry;

use super::stream::Stream;

/// What a report is made from.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The run's entries, all of them.
    pub entries: &'a [Entry],
    /// What its units said.
    pub outputs: &'a Outputs,
    /// How many bytes of a text are shown at most: of what was about to be done, and of results that no output tells.
    pub most: usize,
    /// When the run was heard of last: the newest entry, or later where a process holds it.
    pub heard: Timestamp,
    /// When the report is written.
    pub now: Timestamp,
    /// The reader's zone.
    pub zone: TimeZone,
    /// What to type next.
    pub next: &'a str,
    /// The hash of the newest entry.
    pub hash: &'a str,
}

/// What units said, by whose output it is.
pub type Outputs = BTreeMap<OutputOf, Stream>;

/// Whose output it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputOf {
    /// The unit.
    pub unit: UnitId,
    /// Its try, from 1.
    pub attempt: u32,
    /// Whether it came on stderr.
    pub stderr: bool,
}
