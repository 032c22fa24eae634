//! A runbook to start from.

use super::write::{literal, scalar};

const START: &str = include_str!("../../../templates/start.yaml");

/// What stands in the place of the name.
const NAME: &str = "NAME OF THE RUNBOOK";

/// A runbook called `name` to start from, with comments.
#[must_use]
pub fn starting_point(name: &str) -> String {
    START.replacen(NAME, &scalar(&literal(name), 0), 1)
}
