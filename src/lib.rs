//! Carries out server migrations written as YAML runbooks, step by step over SSH, with a journal, resume and rollback.
//!
//! The rooms, each of which imports only from those before it (`tests/rooms.rs` keeps it so):
//! `base` <- `model` <- `events` <- `transport`, `journal`, `display`, `report` <- `actions` <- `plan` <- `engine` <- `cli`.
//! `docs/architecture.md` tells what each is for.

pub mod actions;
pub mod base;
pub mod cli;
pub mod display;
pub mod engine;
pub mod events;
pub mod journal;
pub mod model;
pub mod plan;
pub mod report;
pub mod transport;
