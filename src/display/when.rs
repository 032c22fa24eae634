//! Times for people, where they are.

use jiff::Timestamp;

pub(super) use crate::base::duration::{between, short};

use super::style::Style;

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
    fn instants_are_local_and_say_so() {
        let style = Style::plain().in_zone(TimeZone::fixed(offset(12)));
        let at: Timestamp = "2018-08-12T16:00:00Z".parse().unwrap();
        let now: Timestamp = "2018-08-12T13:55:00Z".parse().unwrap();
        assert_eq!(due(at, now, &style), "2018-08-13 04:00 +12:00 (in 2h 05m)");
        assert_eq!(due(now, at, &style), "2018-08-13 01:55 +12:00 (2h 05m ago)");
        assert_eq!(time_of_day(at, &style), "04:00:00");
    }
}
