//! Leaf types that every other room may use, and that use none of them.

pub mod clock;
pub mod duration;
pub mod fs;
pub mod ids;
pub mod instant;
pub mod mode;
pub mod safe;
pub mod secret;
pub mod shell;
pub mod span;

pub use clock::{Clock, SystemClock};
pub use ids::{PhaseId, Role, RunId, StepId, UnitId};
pub use mode::Mode;
pub use secret::{Masker, Secret, StreamMasker};
pub use span::{Span, Spanned};
