//! A passage from a script of one host to one script of another: by a key that is made for it, lets in nothing else, and is gone afterwards.

mod carry;
mod choose;
mod door;
mod key;

pub use carry::{BEGUN, NOT_THROUGH, NOT_THROUGH_WORDS, WAY_GONE, carry};
pub use choose::{Choice, Via, WAYS, Way};
pub use door::{Door, Route};
pub use key::{OneTimeKey, sweep, sweep_if_reached};
