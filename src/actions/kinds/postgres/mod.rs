//! `postgres`: a database moved from one server to another, and seen to have arrived.

mod action;
mod back;
mod choose;
mod decode;
mod direct;
mod ear;
mod figures;
mod judge;
mod keepsake;
mod look;
mod names;
mod place;
mod same;
mod since;
mod sql;
mod stages;
mod swap;
mod transfer;
mod words;

pub use action::{Postgres, Undo};
