//! Everything that can be found out about a book without a host.

mod calls;

use jiff::Timestamp;

use crate::base::RunId;
use crate::model::Diagnostics;

use super::ground::NO_RUN;
use super::planned::{Inputs, Plan};
use super::scope::Situation;

/// Looks into every step: what it refers to, what it does on each host, which files it sends.
pub(super) fn check(plan: &mut Plan, _inputs: &Inputs, diagnostics: &mut Diagnostics) {
    let run = RunId::from(NO_RUN);
    let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
    for step in plan.steps() {
        calls::check(plan, step, situation, diagnostics);
    }
}
