//! The life of a unit: one pure function from state and record to state serves live runs, resume and the property tests.

use jiff::Timestamp;

use super::record::{Outcome, Record, Reversal};

/// Where a unit stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum UnitState {
    /// Nothing was done.
    #[default]
    Pending,
    /// It holds the run until then; none: until somebody answers.
    Waiting(Option<Timestamp>),
    /// It could not be begun: nothing was changed.
    Blocked(Box<super::record::Failure>),
    /// It is being applied, or was when the controller died.
    InFlight(Attempt),
    /// It may have been applied or not.
    Unsure(Attempt, String),
    /// It failed; it may have changed something.
    Failed(Attempt, Box<super::record::Failure>),
    /// It was applied.
    Applied(Attempt),
    /// It was already as asked.
    Satisfied,
    /// It is left out.
    Skipped,
    /// It is being taken back.
    Undoing(Attempt, u32),
    /// It was taken back.
    Undone,
    /// It could not be taken back.
    Stuck(Attempt, String),
}

/// A unit's try and the way back, the same for all its tries until it is taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which try, from 1. They are counted on after the unit was taken back: what is kept of a try is never mistaken for another's.
    pub number: u32,
    /// The first since the unit was begun, or begun anew after it was taken back.
    pub first: u32,
    /// How to take it back.
    pub reversal: Box<Reversal>,
    /// The durable job of this try, once it was sent.
    pub job: Option<serde_json::Value>,
    /// The try that the job is named after: the first of those in a row of which the journal has no job. Should the journal have lost one,
    /// the next try finds that very job, and does not start a second one.
    pub named: u32,
}

/// A record that cannot follow: the journal is corrupt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal is corrupt: a unit that is {state} cannot be {event}")]
pub struct Impossible {
    /// What the unit was.
    pub state: &'static str,
    /// What the record says happened.
    pub event: &'static str,
}

impl UnitState {
    /// The state in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting(_) => "waiting",
            Self::Blocked(_) => "blocked",
            Self::InFlight(_) => "in flight",
            Self::Unsure(..) => "unsure",
            Self::Failed(..) => "failed",
            Self::Applied(_) => "applied",
            Self::Satisfied => "satisfied",
            Self::Skipped => "skipped",
            Self::Undoing(..) => "undoing",
            Self::Undone => "undone",
            Self::Stuck(..) => "stuck",
        }
    }

    /// Whether it may have been applied, or be under way.
    #[must_use]
    pub fn is_not_known(&self) -> bool {
        matches!(self, Self::InFlight(_) | Self::Unsure(..))
    }

    /// The try and the way back, where something was or may have been changed.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::InFlight(attempt)
            | Self::Unsure(attempt, _)
            | Self::Failed(attempt, _)
            | Self::Applied(attempt)
            | Self::Undoing(attempt, _)
            | Self::Stuck(attempt, _) => Some(attempt),
            Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Satisfied | Self::Skipped | Self::Undone => {
                None
            }
        }
    }

    /// Whether the run may go past it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Applied(_) | Self::Satisfied | Self::Skipped)
    }

    /// Whether somebody has to look at it: it failed, could not be begun, or its outcome is not known.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        matches!(self, Self::Failed(..) | Self::Blocked(_) | Self::Unsure(..))
    }

    /// What is wrong with it, in a line, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Failed(_, failure) | Self::Blocked(failure) => Some(failure.why.clone()),
            Self::Unsure(_, why) => Some(format!("whether it was done is not known: {why}")),
            Self::Stuck(_, why) => Some(why.clone()),
            _ => None,
        }
    }

    /// The number of the try that is, or may be, under way.
    ///
    /// # Errors
    /// Where none is.
    pub fn in_flight(&self) -> Result<u32, Impossible> {
        match self {
            Self::InFlight(attempt) | Self::Unsure(attempt, _) => Ok(attempt.number),
            _ => Err(Impossible { state: self.word(), event: "gone on with" }),
        }
    }

    /// The state after `record`, which must be about this unit.
    ///
    /// # Errors
    /// Where that cannot have happened.
    pub fn next(&self, record: &Record) -> Result<Self, Impossible> {
        let impossible = |event| Err(Impossible { state: self.word(), event });
        Ok(match record {
            Record::Intended { attempt, reversal, .. } => match self {
                Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone if *attempt > 0 => {
                    let (number, reversal) = (*attempt, reversal.clone());
                    Self::InFlight(Attempt { number, first: number, reversal, job: None, named: number })
                }
                // The next try keeps the first one's reversal: capturing again would keep the half-changed state as the original.
                Self::InFlight(last) | Self::Failed(last, _) | Self::Unsure(last, _)
                    if *attempt == last.number + 1 && last.reversal == *reversal =>
                {
                    let unheard_of = matches!(self, Self::InFlight(Attempt { job: None, .. }));
                    let named = if unheard_of { last.named } else { *attempt };
                    Self::InFlight(Attempt { number: *attempt, job: None, named, ..last.clone() })
                }
                _ => return impossible("begun"),
            },
            Record::Sent { job, .. } => match self {
                // A step that restores launches one for each call of the undo; the last is the one that may still run.
                Self::InFlight(attempt) => Self::InFlight(Attempt { job: Some(job.clone()), ..attempt.clone() }),
                // A call of its undo runs as a job too; its id follows from the try, so the state need not keep it.
                Self::Undoing(..) => self.clone(),
                _ => return impossible("sent"),
            },
            Record::Settled { outcome, .. } => match (self, outcome) {
                (Self::InFlight(at) | Self::Unsure(at, _) | Self::Failed(at, _), Outcome::Applied { .. }) => {
                    Self::Applied(at.clone())
                }
                // The first try, and it has changed nothing: as if it had not been begun. Of a later one, earlier ones may have.
                (Self::InFlight(Attempt { number, first, job: None, .. }), Outcome::Failed { failure })
                    if number == first && failure.untouched =>
                {
                    Self::Blocked(failure.clone())
                }
                (Self::InFlight(at) | Self::Unsure(at, _), Outcome::Failed { failure }) => {
                    Self::Failed(at.clone(), failure.clone())
                }
                (Self::InFlight(at), Outcome::Unsure { why }) => Self::Unsure(at.clone(), why.clone()),
                // A person may have done the work of a unit that was never begun.
                (Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone, Outcome::Applied { .. }) => {
                    Self::Satisfied
                }
                _ => return impossible("settled"),
            },
            Record::Satisfied { .. } => match self {
                Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone => Self::Satisfied,
                _ => return impossible("satisfied"),
            },
            Record::Blocked { failure, .. } => match self {
                Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone => Self::Blocked(failure.clone()),
                _ => return impossible("blocked"),
            },
            Record::Unsettled { .. } => match self {
                Self::InFlight(_) | Self::Unsure(..) | Self::Failed(..) => self.clone(),
                _ => return impossible("left unsettled"),
            },
            Record::Skipped { .. } => match self {
                Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone => Self::Skipped,
                // Skipped by hand after a failure: what it may have changed still has its way back.
                Self::Failed(at, _) | Self::Unsure(at, _) | Self::InFlight(at) => Self::Applied(at.clone()),
                _ => return impossible("skipped"),
            },
            Record::Waiting { until, .. } => match self {
                Self::Pending | Self::Waiting(_) | Self::Blocked(_) | Self::Undone => Self::Waiting(*until),
                _ => return impossible("made to wait"),
            },
            Record::Reopened { .. } => match self {
                Self::Failed(..) | Self::Unsure(..) | Self::Waiting(_) | Self::Blocked(_) | Self::InFlight(_) => {
                    self.clone()
                }
                Self::Skipped | Self::Satisfied => Self::Pending,
                _ => return impossible("reopened"),
            },
            Record::UndoIntended { attempt, .. } => match self {
                Self::Applied(at)
                | Self::Failed(at, _)
                | Self::Unsure(at, _)
                | Self::InFlight(at)
                | Self::Undoing(at, _)
                | Self::Stuck(at, _) => Self::Undoing(at.clone(), *attempt),
                _ => return impossible("taken back"),
            },
            Record::Undone { .. } => match self {
                Self::Undoing(..) => Self::Undone,
                _ => return impossible("undone"),
            },
            Record::Stuck { why, .. } => match self {
                Self::Undoing(at, _) => Self::Stuck(at.clone(), why.clone()),
                _ => return impossible("stuck"),
            },
            _ => return impossible("touched by a record about something else"),
        })
    }
}

/// The unit that a record is about, if it is about one.
#[must_use]
pub fn unit_of(record: &Record) -> Option<&crate::base::UnitId> {
    match record {
        Record::Intended { unit, .. }
        | Record::Sent { unit, .. }
        | Record::Settled { unit, .. }
        | Record::Satisfied { unit, .. }
        | Record::Blocked { unit, .. }
        | Record::Unsettled { unit, .. }
        | Record::Skipped { unit, .. }
        | Record::Waiting { unit, .. }
        | Record::Reopened { unit }
        | Record::UndoIntended { unit, .. }
        | Record::Undone { unit, .. }
        | Record::Stuck { unit, .. } => Some(unit),
        _ => None,
    }
}
