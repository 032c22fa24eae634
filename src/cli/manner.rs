//! The arguments that decide how a run goes: those of this process, not of the run.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::{duration, shell};
use crate::engine::Manner;

/// How a run goes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How it goes")]
pub(crate) struct MannerArguments {
    /// Answers gates and manual steps by id, from a YAML file
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Says yes at gates; never where a word has to be typed, at points of no return, or to manual steps
    #[arg(long, short = 'y', conflicts_with = "step")]
    pub(crate) yes: bool,
    /// Asks before each step
    #[arg(long)]
    pub(crate) step: bool,
    /// Parks at a wait rather than count down
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How many hosts at the same time [default: all of a step's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) forks: Option<u16>,
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
}

/// How hosts are reached.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReachArguments {
    /// Another ssh configuration than the user's own
    #[arg(long, value_name = "FILE")]
    pub(crate) ssh_config: Option<PathBuf>,
    /// How long to wait for a host that cannot be reached any more [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) reconnect_timeout: Option<Duration>,
}

impl MannerArguments {
    /// For the engine.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            step_by_step: self.step,
            no_wait: self.no_wait,
            forks: self.forks.map(usize::from),
            past_irreversible: false,
        }
    }
}

impl ReachArguments {
    /// What has to be typed again, or hosts are not reached.
    pub(crate) fn again(&self) -> Option<String> {
        self.ssh_config.as_ref().map(|path| format!("--ssh-config {}", shell::quote(&path.to_string_lossy())))
    }
}
