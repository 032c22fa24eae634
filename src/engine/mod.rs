//! Carries a plan out: run, resume, roll back, preview. Knows no terminal.

mod ahead;
mod around;
mod by_hand;
mod clean;
pub mod controller;
mod edits;
mod foresee;
mod gate;
mod hold;
mod kept;
pub mod operator;
mod poll;
mod prepare;
mod recover;
mod restore;
mod rollback;
mod run;
pub mod setup;
pub mod signal;
mod step;
mod tidy;
mod trouble;
mod ttl;
mod undo;
mod unit;
mod units;
mod verify;
mod watch;
mod world;

pub use clean::Kept;
pub use controller::{ByHand, Controller, EngineError, Jobs};
pub use edits::{Edit, EditKind, edits};
pub use foresee::{Forecast, foresee, foresee_rollback};
pub use operator::{Gate, GateAnswer, Operator, Remedy, RollbackTarget, TaskAnswer, Trouble};
pub use setup::{Connector, Destination, End, Manner, Screen, Setup};
pub use signal::{Interrupter, Signals, Wish};
