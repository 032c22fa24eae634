//! What is promised for the worst day, tried with the migration of the sample as the load. `tests/faults/all` tries the whole; the tests that run
//! with all others try a part of it.

mod clocks;
mod deaths;
mod hosts;
mod identity;
mod load;
mod network;
mod operators;
mod sweep;
