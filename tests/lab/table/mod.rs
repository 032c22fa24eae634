//! Tables of cases on real hosts: how an action keeps what the contract promises, case by case. README.md tells how to write one.

mod bench;
mod book;
mod case;
mod cases;
mod compare;
mod crash;
mod hand;
mod meanwhile;
mod paused;
mod round;
mod someone;
mod told;

pub(crate) use case::Case;
pub(crate) use cases::Table;
