//! Times for people: instants where they are, durations as short as they can be.

use std::time::Duration;

use jiff::Timestamp;

use super::style::Style;

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

/// An instant in the zone of the reader, with its offset: `2018-08-13 04:00 +12:00`.
#[must_use]
pub fn instant(at: Timestamp, style: &Style) -> String {
    at.to_zoned_datetime(style.zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// The time of day in the zone of the reader, to the second.
#[must_use]
pub fn time_of_day(at: Timestamp, style: &Style) -> String {
    at.to_zoned_datetime(style.zone.clone()).strftime("%H:%M:%S").to_string()
}

/// When something is due: `2018-08-13 04:00 +12:00 (in 2h 05m)`, or `(5m 00s ago)`.
#[must_use]
pub fn due(at: Timestamp, now: Timestamp, style: &Style) -> String {
    let distance =
        if at >= now { format!("in {}", short(between(now, at))) } else { format!("{} ago", short(between(at, now))) };
    format!("{} ({distance})", instant(at, style))
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, offset};

    use super::*;

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

    #[test]
    fn instants_are_local_and_say_so() {
        let style = Style::plain().in_zone(TimeZone::fixed(offset(12)));
        let at: Timestamp = "2018-08-12T16:00:00Z".parse().unwrap();
        let now: Timestamp = "2018-08-12T13:55:00Z".parse().unwrap();
        assert_eq!(due(at, now, &style), "2018-08-13 04:00 +12:00 (in 2h 05m)");
        assert_eq!(due(now, at, &style), "2018-08-13 01:55 +12:00 (2h 05m ago)");
        assert_eq!(time_of_day(at, &style), "04:00:00");
    }
}
