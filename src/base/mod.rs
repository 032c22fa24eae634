//! Leaf types that every other room may use, and that use none of them.

pub mod clock;
pub mod fs;
pub mod ids;
pub mod secret;
pub mod shell;
pub mod span;

pub use clock::{Clock, SystemClock};
pub use ids::{PhaseId, Role, RunId, StepId, UnitId};
pub use secret::{Masker, Secret};
pub use span::{Span, Spanned};
