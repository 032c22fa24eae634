//! What a person or a script gets to see: views, records and diagnostics as text. Knows neither engine nor actions, and prints nothing that a
//! terminal would act on but its own colours.

mod amount;
mod closing;
mod count;
mod diagnostics;
mod event;
mod failure;
mod foreseen;
mod gate;
mod human;
mod json;
mod kept;
mod line;
mod live;
mod log;
mod names;
mod plain;
mod rollback;
mod runs;
mod status;
mod style;
mod sums;
mod terminal;
#[cfg(test)]
mod tests;
mod told;
mod undo;
mod viewer;
mod watch;
mod when;
mod width;

pub use crate::base::duration::{between, short};
pub use crate::base::safe::{safe, safe_bytes, safe_line};
pub use amount::bytes;
pub use closing::{Ending, Typing, closing};
pub use count::count;
pub use diagnostics::diagnostics;
pub use event::{Checkpoint, Event, Open, RunState, UnitLine};
pub use failure::{Seen, failure};
pub use foreseen::{foreseen, foreseen_unit};
pub use gate::{Asking, deadline, gate};
pub use human::Human;
pub use json::{Json, json};
pub use kept::{kept, room};
pub use line::{Line, Page};
pub use log::log_records;
pub use plain::Plain;
pub use rollback::rollback_preview;
pub use runs::runs;
pub use status::status;
pub use style::{Mark, Style, Tone};
pub use sums::{Marked, Sums};
pub use terminal::Size;
pub use viewer::Viewer;
pub use watch::watched;
pub use when::{due, instant, time_of_day};
