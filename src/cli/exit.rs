//! How the process ends, in a number for scripts.

use std::process::ExitCode;

use crate::engine::End;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It is done.
    Done = 0,
    /// A step failed, and the run can be resumed; or what was looked for is not there.
    Failed = 1,
    /// The book or the arguments are wrong: nothing ran.
    Wrong = 2,
    /// It waits for a person or a time.
    Parked = 3,
    /// It was rolled back as asked.
    RolledBack = 4,
    /// Another operator holds the run.
    Held = 5,
    /// Something could not be undone.
    RollbackStopped = 6,
    /// It is done, but temporary changes are open.
    Open = 7,
    /// Ctrl-C; it can be resumed.
    Interrupted = 130,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// How the process ends when its part of a run has ended so.
    #[must_use]
    pub fn of(end: &End) -> Self {
        match end {
            End::Done { open: 0 } => Self::Done,
            End::Done { .. } => Self::Open,
            End::Failed { .. } => Self::Failed,
            End::Parked { .. } => Self::Parked,
            End::Interrupted | End::Reload => Self::Interrupted,
            End::RolledBack { .. } => Self::RolledBack,
            End::RollbackStopped { .. } => Self::RollbackStopped,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
