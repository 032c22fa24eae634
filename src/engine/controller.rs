//! Drives one run.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::base::UnitId;
use crate::journal::{Journal, JournalError};
use crate::plan::Plan;

use super::setup::Setup;
use super::watch::Watching;
use super::world::World;

/// Drives one run: whoever holds its journal may.
pub struct Controller {
    pub(super) world: Arc<World>,
    pub(super) journal: Arc<Journal>,
    /// One question at a time.
    pub(super) asking: tokio::sync::Mutex<()>,
    /// The units that this process has carried on: one in trouble is not tried twice unless somebody asks.
    pub(super) tried: Mutex<BTreeSet<UnitId>>,
    /// What is watched beside what this process does.
    pub(super) watching: Mutex<Option<Watching>>,
}

/// Why a run could not be driven at all. What went wrong with a unit is in the journal, and an `End`.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The journal does not take a record: nothing is done that cannot be journalled.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Hosts could not be reached before anything was done.
    #[error("{0}")]
    Unreachable(String),
    /// A role turned out to be another machine.
    #[error("{0}")]
    Identity(String),
    /// What was asked cannot be done.
    #[error("{0}")]
    Refused(String),
}

/// How a step is settled by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// It was done in another terminal. Its `verify` is run first.
    Done {
        /// A note that is kept.
        note: Option<String>,
    },
    /// It is left out.
    Skip {
        /// A note that is kept.
        note: Option<String>,
    },
    /// It is tried again by the next resume.
    Retry,
}

/// What becomes of jobs that still run on hosts when a run is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// They are ended.
    Stop,
    /// They are left to themselves.
    Leave,
}

impl Controller {
    /// The driver of the run whose journal this is.
    #[must_use]
    pub fn new(setup: Setup, journal: Arc<Journal>, plan: Arc<Plan>) -> Self {
        Self {
            world: Arc::new(World::of_run(setup, journal.clone(), plan)),
            journal,
            asking: tokio::sync::Mutex::default(),
            tried: Mutex::default(),
            watching: Mutex::default(),
        }
    }
}
