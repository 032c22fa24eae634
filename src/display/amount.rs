//! Bytes, and how fast they come.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::style::Style;
use super::when::{between, short};

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// So many bytes: `512 B`, `1.2 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    if count < 1024 {
        return format!("{count} B");
    }
    // Tenths of the unit, in whole numbers: floats would round 1023.99 KiB to 1024.0 KiB.
    let mut unit = 0;
    let mut size = u128::from(count) * 10 / 1024;
    while size >= 10_240 && unit + 1 < UNITS.len() {
        size /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", size / 10, size % 10, UNITS[unit])
}

/// For how long back the speed is taken.
const WINDOW: Duration = Duration::from_secs(10);
/// How close together samples of it are.
const SAMPLE: Duration = Duration::from_millis(200);

/// How far something has got, and how fast it goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Amount {
    pub(super) done: u64,
    pub(super) of: Option<u64>,
    samples: VecDeque<(Timestamp, u64)>,
}

impl Amount {
    /// It has got so far by `now`.
    pub(super) fn set(&mut self, done: u64, of: Option<u64>, now: Timestamp) {
        // It began anew, as a retry does: the old speed says nothing.
        if done < self.done {
            self.samples.clear();
        }
        (self.done, self.of) = (done, of);
        // Reports may come by the thousand.
        if self.samples.back().is_none_or(|(last, _)| between(*last, now) >= SAMPLE) {
            self.samples.push_back((now, done));
        }
        while self.samples.len() > 1 && between(self.samples[1].0, now) >= WINDOW {
            self.samples.pop_front();
        }
    }

    /// Bytes in a second.
    pub(super) fn speed(&self, now: Timestamp) -> Option<u64> {
        let (since, before) = *self.samples.front()?;
        let taken = u64::try_from(between(since, now).as_millis()).ok().filter(|taken| *taken >= 500)?;
        Some((self.done - before).saturating_mul(1000) / taken)
    }

    /// How long the rest takes at that speed.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        let rest = self.of?.checked_sub(self.done)?;
        let speed = self.speed(now).filter(|speed| *speed > 0)?;
        Some(Duration::from_secs(rest.div_ceil(speed)))
    }

    /// Hundredths that are done.
    pub(super) fn percent(&self) -> Option<u64> {
        let of = self.of.filter(|of| *of > 0)?;
        u64::try_from(u128::from(self.done) * 100 / u128::from(of)).ok().map(|percent| percent.min(100))
    }

    /// A bar of so many columns.
    pub(super) fn bar(&self, columns: usize, style: &Style) -> Option<String> {
        let percent = usize::try_from(self.percent()?).ok()?;
        let full = columns * percent / 100;
        let (on, off) = if style.unicode { ("━", "─") } else { ("#", ".") };
        Some(format!("{}{}", on.repeat(full), off.repeat(columns - full)))
    }

    /// In words: `1.2 GiB of 2.4 GiB, 50%, 45.0 MiB/s, 24 s left`.
    pub(super) fn words(&self, now: Timestamp) -> String {
        let mut words = match self.of {
            Some(of) => format!("{} of {}", bytes(self.done), bytes(of)),
            None => bytes(self.done),
        };
        if let Some(percent) = self.percent() {
            let _ = write!(words, ", {percent}%");
        }
        if let Some(speed) = self.speed(now) {
            let _ = write!(words, ", {}/s", bytes(speed));
        }
        if let Some(left) = self.left(now) {
            let _ = write!(words, ", {} left", short(left));
        }
        words
    }
}
