//! Times in a report, where its reader is.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;

/// An instant, for people and for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Moment {
    /// For people.
    pub(super) text: String,
    /// As ISO 8601 has it.
    pub(super) iso: String,
}

/// How instants are told.
#[derive(Clone, Debug)]
pub(super) struct Times {
    zone: TimeZone,
    /// Whether a time of day alone would leave open which day is meant.
    days: bool,
}

impl Times {
    /// For instants from one to the other.
    pub(super) fn new(zone: TimeZone, from: Timestamp, to: Timestamp) -> Self {
        let times = Self { zone, days: false };
        Self { days: times.zoned(from).date() != times.zoned(to).date(), ..times }
    }

    /// Whether the day is told with the time.
    pub(super) fn has_days(&self) -> bool {
        self.days
    }

    /// `04:00:12`, or `2018-08-13 04:00:12` where there are several days.
    pub(super) fn short(&self, at: Timestamp) -> Moment {
        self.moment(at, if self.days { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" })
    }

    /// `2018-08-13 04:00:12 +12:00`.
    pub(super) fn whole(&self, at: Timestamp) -> Moment {
        self.moment(at, "%Y-%m-%d %H:%M:%S %:z")
    }

    /// What stands at the axis: `04:00:12`, or `08-13 04:00`.
    pub(super) fn tick(&self, at: Timestamp) -> String {
        self.moment(at, if self.days { "%m-%d %H:%M" } else { "%H:%M:%S" }).text
    }

    /// The zone: `Pacific/Auckland`, or `UTC+12:00` where it has no name.
    pub(super) fn zone(&self, at: Timestamp) -> String {
        let offset = self.zoned(at).strftime("UTC%:z").to_string();
        match self.zone.iana_name() {
            Some("UTC" | "Etc/UTC") => "UTC".to_owned(),
            Some(name) => format!("{name}, {offset}"),
            None => offset,
        }
    }

    fn moment(&self, at: Timestamp, form: &str) -> Moment {
        let zoned = self.zoned(at);
        let iso = zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        Moment { text: zoned.strftime(form).to_string(), iso }
    }

    fn zoned(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::offset;

    use super::*;

    #[test]
    fn days_are_told_where_there_are_several() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (evening, night) = (at("2018-08-12T11:59:00Z"), at("2018-08-12T12:01:00Z"));
        let utc = Times::new(TimeZone::UTC, evening, night);
        assert_eq!((utc.short(night).text.as_str(), utc.tick(night).as_str()), ("12:01:00", "12:01:00"));
        assert_eq!((utc.zone(night).as_str(), utc.short(night).iso.as_str()), ("UTC", "2018-08-12T12:01:00+00:00"));
        let there = Times::new(TimeZone::fixed(offset(12)), evening, night);
        assert_eq!(there.short(night).text, "2018-08-13 00:01:00");
        assert_eq!(there.tick(night), "08-13 00:01");
        assert_eq!(there.whole(night).text, "2018-08-13 00:01:00 +12:00");
        assert_eq!(there.zone(night), "UTC+12:00");
    }
}
