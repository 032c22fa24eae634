//! What an experienced colleague would say of a runbook that can be run as it is. None of it keeps anybody from running it.

mod destroys;
mod restarts;
mod shell;
mod steps;
mod within;

pub(super) use steps::advise;

#[cfg(test)]
mod tests;
