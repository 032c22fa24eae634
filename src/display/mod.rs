//! What a person or a script gets to see: views, records and diagnostics as text. Knows neither engine nor actions, and prints nothing that a
//! terminal would act on but its own colours.

mod amount;
mod closing;
mod count;
mod diagnostics;
mod failure;
mod human;
mod json;
mod line;
mod live;
mod names;
mod plain;
mod safe;
mod style;
mod terminal;
mod told;
mod viewer;
mod when;
mod width;

pub use amount::bytes;
pub use closing::{Ending, Typing, closing};
pub use count::count;
pub use diagnostics::diagnostics;
pub use failure::{Seen, failure};
pub use human::Human;
pub use json::{Json, json};
pub use line::{Line, Page};
pub use plain::Plain;
pub use safe::{safe, safe_bytes, safe_line};
pub use style::{Mark, Style, Tone};
pub use terminal::Size;
pub use viewer::Viewer;
pub use when::{between, due, instant, short, time_of_day};
