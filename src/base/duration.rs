//! Durations as people write them, and as they are told: `90s`, `10m`, `1h30m`, `7d`. A number without a unit is refused: seconds or minutes is not ours to guess.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// `90`.
    #[error("a duration needs a unit")]
    NoUnit,
    /// `90x`, or not even that.
    #[error("not a duration")]
    NotADuration,
    /// `30m1h`, `1h1h`.
    #[error("units go from the largest to the smallest, each once")]
    Order,
    /// More than a `Duration` holds.
    #[error("too long")]
    TooLong,
}

/// Reads a duration.
///
/// # Errors
/// Where it is none, or has no unit.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if text.is_empty() {
        return Err(DurationError::NotADuration);
    }
    let mut rest = text;
    let mut units = UNITS.as_slice();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
        let (unit, after) = split_while(after, |c| c.is_ascii_alphabetic());
        if digits.is_empty() {
            return Err(DurationError::NotADuration);
        }
        if unit.is_empty() {
            return Err(if after.is_empty() { DurationError::NoUnit } else { DurationError::NotADuration });
        }
        let amount: u64 = digits.parse().map_err(|_| DurationError::TooLong)?;
        let Some(at) = units.iter().position(|(name, _)| *name == unit) else {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            return Err(if known { DurationError::Order } else { DurationError::NotADuration });
        };
        let part = amount.checked_mul(units[at].1).ok_or(DurationError::TooLong)?;
        total = total.checked_add(part).ok_or(DurationError::TooLong)?;
        units = &units[at + 1..];
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration the way it is read: `1h30m`, `0s`.
#[must_use]
pub fn show(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    // Weeks are read but not written: nobody counts a TTL in them.
    for (unit, milliseconds) in UNITS.into_iter().skip(1) {
        let amount = left / milliseconds;
        left %= milliseconds;
        if amount > 0 {
            let _ = write!(text, "{amount}{unit}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// How long something took or will take: `0.4 s`, `12 s`, `1m 20s`, `2h 05m`, `3d 4h`.
#[must_use]
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..10 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..86400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// The time from one instant to another; none where it is not one of them after the other.
#[must_use]
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !keep(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7d", 604_800), ("1w", 604_800), ("0s", 0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("1s500ms"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, error) in [
            ("90", DurationError::NoUnit),
            ("1h30", DurationError::NoUnit),
            ("", DurationError::NotADuration),
            ("soon", DurationError::NotADuration),
            ("-5s", DurationError::NotADuration),
            ("1.5h", DurationError::NotADuration),
            ("5 m", DurationError::NotADuration),
            ("5x", DurationError::NotADuration),
            ("30m1h", DurationError::Order),
            ("1h1h", DurationError::Order),
            ("99999999999999999999s", DurationError::TooLong),
            ("99999999999999w", DurationError::TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_they_are_read() {
        for text in ["90s", "10m", "1h30m", "7d", "0s", "1d1ms"] {
            let shown = show(parse(text).unwrap());
            assert_eq!(parse(&shown), parse(text));
        }
        assert_eq!(show(Duration::from_mins(90)), "1h30m");
        assert_eq!(show(Duration::from_hours(168)), "7d");
    }

    #[test]
    fn durations_are_short() {
        for (milliseconds, due) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (3_200, "3.2 s"),
            (12_900, "12 s"),
            (80_000, "1m 20s"),
            (3_599_999, "59m 59s"),
            (7_500_000, "2h 05m"),
            (273_600_000, "3d 4h"),
        ] {
            assert_eq!(short(Duration::from_millis(milliseconds)), due);
        }
    }
}
