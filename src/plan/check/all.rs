//! One pass over all steps.

use jiff::Timestamp;

use crate::base::RunId;
use crate::model::Diagnostics;

use crate::plan::ground::NO_RUN;
use crate::plan::planned::{Inputs, Plan};
use crate::plan::scope::Situation;

use super::calls;

/// Looks into every step: what it refers to, what it does on each host, which files it sends.
pub(in crate::plan) fn check(plan: &mut Plan, _inputs: &Inputs, diagnostics: &mut Diagnostics) {
    let run = RunId::from(NO_RUN);
    let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
    for step in plan.steps() {
        calls::check(plan, step, situation, diagnostics);
    }
}
