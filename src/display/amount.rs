//! Bytes, and how fast they come.

use std::collections::VecDeque;
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

    /// In words, what matters most first: `50%, 24 s left, 1.2 GiB of 2.4 GiB, 45.0 MiB/s`.
    pub(super) fn words(&self, now: Timestamp) -> String {
        let mut words = Vec::new();
        words.extend(self.percent().map(|percent| format!("{percent}%")));
        words.extend(self.left(now).map(|left| match left.as_secs() {
            // Tenths of what is only guessed say nothing.
            seconds @ 0..10 => format!("{seconds} s left"),
            _ => format!("{} left", short(left)),
        }));
        words.push(match self.of {
            Some(of) => format!("{} of {}", bytes(self.done), bytes(of)),
            None => bytes(self.done),
        });
        words.extend(self.speed(now).map(|speed| format!("{}/s", bytes(speed))));
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn bytes_are_rounded_down() {
        for (count, due) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (1024 * 1024, "1.0 MiB"),
            (1_288_490_189, "1.2 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(count), due);
        }
    }

    /// What an amount says that was told so much at so many milliseconds.
    fn told(of: Option<u64>, reports: &[(i64, u64)]) -> String {
        let mut now: Timestamp = "2018-08-12T14:00:00Z".parse().unwrap();
        let start = now;
        let mut amount = Amount::default();
        for (milliseconds, done) in reports {
            now = start + SignedDuration::from_millis(*milliseconds);
            amount.set(*done, of, now);
        }
        amount.words(now)
    }

    #[test]
    fn speed_is_that_of_the_last_seconds() {
        assert_eq!(told(Some(10240), &[(0, 0)]), "0%, 0 B of 10.0 KiB");
        assert_eq!(told(Some(10240), &[(0, 0), (1000, 1024)]), "10%, 9 s left, 1.0 KiB of 10.0 KiB, 1.0 KiB/s");
        let reports = (0_u32..=40).map(|n| (i64::from(n) * 1000, u64::from(if n < 10 { n * 1024 } else { 9216 + n })));
        let slower: Vec<(i64, u64)> = reports.collect();
        assert_eq!(told(Some(10240), &slower), "90%, 16m 24s left, 9.0 KiB of 10.0 KiB, 1 B/s");
        assert_eq!(told(None, &[(0, 0), (2000, 4096)]), "4.0 KiB, 2.0 KiB/s");
    }

    #[test]
    fn what_begins_anew_forgets_its_speed() {
        assert_eq!(told(Some(10240), &[(0, 0), (1000, 9216), (2000, 512)]), "5%, 512 B of 10.0 KiB");
    }

    #[test]
    fn what_makes_no_sense_makes_no_trouble() {
        assert_eq!(told(Some(0), &[(0, 0), (1000, 5)]), "5 B of 0 B, 5 B/s");
        assert_eq!(told(Some(4), &[(0, 0), (1000, 8)]), "100%, 8 B of 4 B, 8 B/s");
        assert_eq!(told(Some(u64::MAX), &[(1000, u64::MAX), (0, 0)]), "0%, 0 B of 15.9 EiB");
    }
}
