//! The run along an axis of time: a lane for each host and each probe.

mod axis;
mod draw;
mod rows;

pub(super) use axis::merged;
pub(super) use draw::{Timeline, draw};
