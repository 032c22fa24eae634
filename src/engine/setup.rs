//! What a controller is given, and how a run can end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::{Clock, Role, Secret, StepId, UnitId};
use crate::events::{Entry, Progress, RunView};
use crate::transport::{Tenure, Transport, TransportError};

use super::operator::Operator;
use super::signal::Signals;

/// Everything around a run that is not the run: the operator, the screen, the clock, the way to hosts.
#[derive(Clone)]
pub struct Setup {
    /// Who writes records: `user@machine`.
    pub who: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who answers gates and failures.
    pub operator: Arc<dyn Operator>,
    /// The way to hosts.
    pub connector: Arc<dyn Connector>,
    /// Who shows what happens.
    pub screen: Arc<dyn Screen>,
    /// Ctrl-C.
    pub signals: Signals,
    /// The values of the book's secrets, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// How the run goes.
    pub manner: Manner,
}

/// How a run goes, where the book does not say: the arguments of this process, not of the run.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Ask before each step.
    pub step_by_step: bool,
    /// Park at a wait rather than count down.
    pub no_wait: bool,
    /// How many hosts of a step at the same time; none: all.
    pub forks: Option<usize>,
    /// Go past points of no return when rolling back.
    pub past_irreversible: bool,
}

/// Shows what happens: a terminal, a pipe, a file of JSON lines.
pub trait Screen: Send + Sync {
    /// A record, after it is durable, and the run as it stands with it.
    fn record(&self, entry: &Entry, view: &RunView);

    /// A sign of life.
    fn progress(&self, progress: &Progress);
}

/// Opens the way to a host.
#[async_trait]
pub trait Connector: Send + Sync {
    /// A transport for the role; it may connect at its first use only.
    ///
    /// # Errors
    /// Where the host cannot be reached.
    async fn connect(&self, host: &Destination) -> Result<Arc<dyn Transport>, TransportError>;
}

/// Where a role is, and who goes there.
#[derive(Clone)]
pub struct Destination {
    /// The role; `local` for the operator's machine.
    pub role: Role,
    /// What ssh accepts.
    pub ssh: String,
    /// The port, where ssh's configuration is not to decide.
    pub port: Option<u16>,
    /// The process that drives the run; none: nothing is changed there.
    pub tenure: Option<Tenure>,
}

/// How a process's part of a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps are over.
    Done {
        /// Temporary changes still open.
        open: usize,
    },
    /// A step failed; the run can be resumed.
    Failed {
        /// The first unit that failed.
        unit: UnitId,
    },
    /// It waits for a person or a time.
    Parked {
        /// For what.
        why: String,
        /// The time, if it is one.
        until: Option<Timestamp>,
    },
    /// Ctrl-C; it can be resumed.
    Interrupted,
    /// It was taken back.
    RolledBack {
        /// To just before this step; none: to the start.
        to: Option<StepId>,
    },
    /// Something could not be taken back.
    RollbackStopped {
        /// The unit.
        unit: UnitId,
        /// Why not.
        why: String,
    },
    /// The operator wants to go on with the book as it is now: read it again and resume.
    Reload,
}

/// How long a wait is waited out where there is no terminal; a longer one parks.
pub const SHORT_WAIT: Duration = Duration::from_mins(1);
