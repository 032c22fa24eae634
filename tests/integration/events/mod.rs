//! What holds of a run's records whatever they are.

mod state;
mod watch;
