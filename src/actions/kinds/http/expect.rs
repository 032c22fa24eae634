//! What an answer is held to.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName, LOCATION};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::base::{Masker, duration};

/// How much of a body tells what was found.
const EXCERPT: usize = 200;

/// What an answer has to be; what is not said of its status is 2xx.
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub(super) status: Vec<u16>,
    /// Whether any status will do.
    pub(super) any_status: bool,
    pub(super) body: Option<Regex>,
    pub(super) headers: Vec<(HeaderName, Regex)>,
    pub(super) certificate_valid_for: Option<Duration>,
    pub(super) not: Not,
}

/// What an answer must not be.
#[derive(Debug, Default)]
pub(super) struct Not {
    pub(super) status: Vec<u16>,
    pub(super) body: Option<Regex>,
    pub(super) headers: Vec<(HeaderName, Regex)>,
}

/// An answer, with its whole body unless its head alone was read.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Until when the certificate is good; none without TLS.
    pub(super) not_after: Option<Timestamp>,
}

impl Expect {
    /// In words, for the dry run.
    pub(super) fn in_words(&self) -> String {
        let mut words = vec![match self.status.as_slice() {
            [] if self.any_status => "any status".to_owned(),
            [] if self.not.status.is_empty() => "status 2xx".to_owned(),
            [] => format!("a status other than {}", listed(&self.not.status)),
            status => format!("status {}", listed(status)),
        }];
        words.extend(self.body.iter().map(|regex| format!("a body with /{regex}/")));
        words.extend(self.headers.iter().map(|(name, regex)| format!("a header {name}: /{regex}/")));
        words.extend(self.not.body.iter().map(|regex| format!("a body without /{regex}/")));
        words.extend(self.not.headers.iter().map(|(name, regex)| format!("no header {name}: /{regex}/")));
        let valid = self.certificate_valid_for.iter();
        words.extend(valid.map(|time| format!("a certificate good for {}", duration::show(*time))));
        words.join(", ")
    }

    /// All that `answer` is not as it has to be, masked.
    pub(super) fn against(&self, answer: &Answer, now: Timestamp, masker: &Masker) -> Vec<String> {
        let mut wrong = Vec::new();
        wrong.extend(self.against_status(answer));
        let body = String::from_utf8_lossy(&answer.body);
        if let Some(regex) = self.body.as_ref().filter(|regex| !regex.is_match(&body)) {
            wrong.push(format!("the body has no match of /{regex}/"));
        }
        if let Some(found) = self.not.body.as_ref().and_then(|regex| regex.find(&body)) {
            wrong.push(format!("the body has `{}`", excerpt(&masker.mask(found.as_str()))));
        }
        for (name, regex) in &self.headers {
            match values(&answer.headers, name).as_slice() {
                [] => wrong.push(format!("there is no header {name}")),
                several if several.iter().any(|value| regex.is_match(value)) => {}
                several => wrong
                    .push(format!("the header {name} is `{}`, which /{regex}/ does not match", several.join("`, `"))),
            }
        }
        for (name, regex) in &self.not.headers {
            let values = values(&answer.headers, name);
            wrong.extend(
                values
                    .iter()
                    .filter(|value| regex.is_match(value))
                    .map(|value| format!("the header {name} is `{value}`")),
            );
        }
        wrong.extend(self.certificate_valid_for.and_then(|time| against_certificate(answer, time, now)));
        wrong.iter().map(|wrong| masker.mask(wrong)).collect()
    }

    fn against_status(&self, answer: &Answer) -> Option<String> {
        let status = answer.status;
        if self.not.status.contains(&status) {
            return Some(format!("the status is {status}"));
        }
        let due = match self.status.as_slice() {
            [] if self.any_status || !self.not.status.is_empty() || (200..300).contains(&status) => return None,
            [] => "2xx".to_owned(),
            due if due.contains(&status) => return None,
            due => listed(due),
        };
        let to = values(&answer.headers, &LOCATION);
        let to = to.first().filter(|_| (300..400).contains(&status));
        let led = to.map(|to| format!(" (it leads to {to}: `follow: true` goes there)")).unwrap_or_default();
        Some(format!("the status is {status}{led}, not {due}"))
    }
}

/// What a text begins with, for people. It has to be masked already: half a secret would not be known.
pub(super) fn excerpt(body: &str) -> String {
    let clean: String = body.chars().take(EXCERPT).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if body.chars().nth(EXCERPT).is_some() { format!("{clean}…") } else { clean }
}

fn against_certificate(answer: &Answer, time: Duration, now: Timestamp) -> Option<String> {
    let Some(not_after) = answer.not_after else { return Some("there is no certificate: it is not https".to_owned()) };
    let left = not_after.duration_since(now);
    let due = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    (left < due).then(|| {
        let left = Duration::try_from(left).map_or_else(
            |_| "expired".to_owned(),
            |left| {
                // To the minute: nobody counts the seconds of a certificate.
                format!("{} left", duration::show(Duration::from_mins(left.as_secs() / 60)))
            },
        );
        format!("the certificate is good until {not_after} ({left}), not for {}", duration::show(time))
    })
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

fn listed(status: &[u16]) -> String {
    status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        Answer { status, headers: headers.collect(), body: body.into(), not_after: None }
    }

    fn against(expect: &Expect, answer: &Answer) -> Vec<String> {
        expect.against(answer, "2026-01-01T00:00:00Z".parse().unwrap(), &Masker::default())
    }

    fn regex(text: &str) -> Regex {
        Regex::new(text).unwrap()
    }

    fn header(name: &str, text: &str) -> Vec<(HeaderName, Regex)> {
        vec![(name.parse().unwrap(), regex(text))]
    }

    #[test]
    fn a_status_is_2xx_unless_it_is_said() {
        let plain = Expect::default();
        assert_eq!(against(&plain, &answer(204, &[], "")), [""; 0]);
        assert_eq!(against(&plain, &answer(503, &[], "")), ["the status is 503, not 2xx"]);
        assert_eq!(
            against(&plain, &answer(301, &[("location", "https://b/")], "")),
            ["the status is 301 (it leads to https://b/: `follow: true` goes there), not 2xx"]
        );
        let some = Expect { status: vec![301, 302], ..Expect::default() };
        assert_eq!(against(&some, &answer(302, &[], "")), [""; 0]);
        assert_eq!(against(&some, &answer(200, &[], "")), ["the status is 200, not 301 or 302"]);
        let not = Expect { not: Not { status: vec![500], ..Not::default() }, ..Expect::default() };
        assert_eq!(against(&not, &answer(404, &[], "")), [""; 0]);
        assert_eq!(against(&not, &answer(500, &[], "")), ["the status is 500"]);
        let any = Expect { any_status: true, ..Expect::default() };
        assert_eq!((against(&any, &answer(503, &[], "")).len(), any.in_words().as_str()), (0, "any status"));
    }

    #[test]
    fn body_and_headers_are_held_to_their_patterns() {
        let expect = Expect {
            body: Some(regex("users")),
            headers: header("strict-transport-security", "max-age=[1-9]"),
            not: Not { body: Some(regex("[Mm]igrating")), headers: header("server", "Apache"), ..Not::default() },
            ..Expect::default()
        };
        let good = answer(200, &[("strict-transport-security", "max-age=9"), ("server", "nginx")], "7 users");
        assert_eq!(against(&expect, &good), [""; 0]);
        let bad = answer(200, &[("strict-transport-security", "max-age=0"), ("server", "Apache/2")], "migrating");
        assert_eq!(
            against(&expect, &bad),
            [
                "the body has no match of /users/",
                "the body has `migrating`",
                "the header strict-transport-security is `max-age=0`, which /max-age=[1-9]/ does not match",
                "the header server is `Apache/2`",
            ]
        );
        let bare = answer(200, &[], "users");
        assert_eq!(against(&expect, &bare), ["there is no header strict-transport-security"]);
    }

    #[test]
    fn a_certificate_is_good_for_so_long() {
        let expect = Expect { certificate_valid_for: Some(Duration::from_hours(14 * 24)), ..Expect::default() };
        let until = |text: &str| Answer { not_after: Some(text.parse().unwrap()), ..answer(200, &[], "") };
        assert_eq!(against(&expect, &until("2026-01-15T00:00:00Z")), [""; 0]);
        assert_eq!(
            against(&expect, &until("2026-01-02T00:00:30Z")),
            ["the certificate is good until 2026-01-02T00:00:30Z (1d left), not for 14d"]
        );
        assert!(against(&expect, &until("2025-12-31T00:00:00Z"))[0].contains("(expired)"));
        assert_eq!(against(&expect, &answer(200, &[], "")), ["there is no certificate: it is not https"]);
    }

    #[test]
    fn an_excerpt_is_short_and_of_one_line() {
        assert_eq!(excerpt("a\n  b\t\u{1b}c"), "a b \u{1b}c");
        assert_eq!(excerpt(&"ü".repeat(300)), format!("{}…", "ü".repeat(200)));
    }
}
