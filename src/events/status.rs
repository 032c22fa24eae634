//! What a run is doing, or how it ended.

use jiff::Timestamp;

use crate::base::StepId;

/// What a run is doing, or how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing was recorded.
    #[default]
    Fresh,
    /// A process is carrying it out, or died doing so.
    Running,
    /// It waits for a person or a time.
    Parked {
        /// For what.
        why: String,
        /// The time, if it is one.
        until: Option<Timestamp>,
    },
    /// It can be resumed.
    Stopped {
        /// Why it stopped.
        why: String,
    },
    /// It is being taken back, or the process died doing so.
    RollingBack {
        /// To just before that step; none: to the start.
        to: Option<StepId>,
    },
    /// It was taken back.
    RolledBack {
        /// To just before that step; none: to the start.
        to: Option<StepId>,
        /// Whether all of it was.
        complete: bool,
    },
    /// All steps are over.
    Done {
        /// Temporary changes still open.
        open: u32,
    },
    /// It was given up as it is.
    Abandoned,
}

impl Status {
    /// Whether a process carries the run on, or back, or died doing so.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Running | Self::RollingBack { .. })
    }

    /// Whether there is nothing left to resume.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { open: 0 } | Self::Abandoned | Self::RolledBack { to: None, complete: true })
    }
}
