//! How far a transfer has got, where it goes in several parts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::actions::context::Read;
use crate::base::UnitId;
use crate::events::Progress;

/// Adds up how far the parts have got.
pub(super) struct Meter<'a> {
    cx: &'a Read<'a>,
    of: u64,
    parts: Vec<AtomicU64>,
}

impl<'a> Meter<'a> {
    /// Of a transfer of so many bytes at most, in so many parts.
    pub(super) fn new(of: u64, parts: usize, cx: &'a Read<'a>) -> Self {
        Self { cx, of, parts: (0..parts.max(1)).map(|_| AtomicU64::new(0)).collect() }
    }

    /// A part has got so far.
    pub(super) fn set(&self, part: usize, done: u64) {
        if let Some(part) = self.parts.get(part) {
            part.store(done, Relaxed);
        }
        let done: u64 = self.parts.iter().map(|part| part.load(Relaxed)).sum();
        self.tell(|unit| Progress::Amount { unit, done: done.min(self.of), of: Some(self.of) });
    }

    /// Says something about the unit.
    pub(super) fn note(&self, text: String) {
        self.tell(|unit| Progress::Note { unit, text });
    }

    fn tell(&self, progress: impl FnOnce(UnitId) -> Progress) {
        self.cx.around().progress(progress(self.cx.env().unit.clone()));
    }
}
