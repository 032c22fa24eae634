//! What happened: durable records, the state machine of a unit, and the fold of records that every screen shows.

mod kept;
mod names;
pub mod preview;
pub mod progress;
pub mod record;
pub mod state;
mod status;
mod undo_order;
pub mod view;
pub mod watch;

pub use names::unit_name;
pub use preview::{Foreseen, Foresight, PhaseGate, Preview};
pub use progress::Progress;
pub use record::{Entry, Outcome, Outputs, Record, Reversal};
pub use state::{Impossible, UnitState};
pub use view::RunView;
