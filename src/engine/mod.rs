//! Carries a plan out: run, resume, roll back, preview. Knows no terminal.

pub mod operator;
pub mod setup;
pub mod signal;

pub use operator::{Gate, GateAnswer, Operator, Remedy, RollbackTarget, TaskAnswer, Trouble};
pub use setup::{Connector, Destination, End, Manner, Screen, Setup};
pub use signal::{Interrupter, Signals, Wish};
