//! Instants as people write them, with a zone: `2018-08-20T09:00Z`, `2018-08-13T04:00+12:00`, `2018-08-13T04:00[Pacific/Auckland]`.

use jiff::civil::DateTime;
use jiff::{Timestamp, ZonedDateTime};

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// A date and time, but nothing says where.
    #[error("an instant needs a zone")]
    NoZone,
    /// Something else.
    #[error("not an instant")]
    NotAnInstant,
}

/// Reads an instant.
///
/// # Errors
/// Where it is none, or has no zone.
pub fn parse(text: &str) -> Result<Timestamp, InstantError> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    if let Ok(zoned) = text.parse::<ZonedDateTime>() {
        return Ok(zoned.timestamp());
    }
    // A bare date is civil too: it is the zone that is missed first.
    Err(if text.parse::<DateTime>().is_ok() { InstantError::NoZone } else { InstantError::NotAnInstant })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read() {
        for (text, utc) in [
            ("2018-08-20T09:00Z", "2018-08-20T09:00:00Z"),
            ("2018-08-13T04:00+12:00", "2018-08-12T16:00:00Z"),
            ("2018-08-13 04:00:30+12:00", "2018-08-12T16:00:30Z"),
            ("2018-08-13T04:00[UTC]", "2018-08-13T04:00:00Z"),
        ] {
            assert_eq!(parse(text).map(|instant| instant.to_string()).as_deref(), Ok(utc), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_says_why() {
        for (text, error) in [
            ("2018-08-20T09:00", InstantError::NoZone),
            ("2018-08-20", InstantError::NoZone),
            ("tomorrow", InstantError::NotAnInstant),
            ("2018-13-01T00:00Z", InstantError::NotAnInstant),
            ("", InstantError::NotAnInstant),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
