//! What rsync's exit codes mean, in words.

use crate::actions::passage::{NOT_THROUGH, NOT_THROUGH_WORDS};

/// Some of what was to be transferred vanished before it could be.
pub(super) const VANISHED: i32 = 24;

/// The other end went away: rsync's own words for a broken connection.
pub(super) const BROKEN: [i32; 3] = [10, 12, 30];

/// What a code means, and what helps.
pub(super) fn words(code: i32, stderr: &str) -> (String, Option<&'static str>) {
    let what = match code {
        1 => "rsync does not know one of its options",
        2 => "the two rsyncs do not understand each other",
        3 => "rsync cannot choose what to read or write",
        4 => "rsync cannot do that here",
        5 => "rsync did not get to start its protocol",
        6 => "rsync's server could not write its log",
        10 => "rsync's connection broke",
        11 => "rsync could not read or write a file",
        12 => "the stream between the two rsyncs broke off",
        13 | 14 => "the two rsyncs could not talk to each other",
        20 => "rsync was ended by a signal",
        21 | 22 => "rsync could not do with the memory or processes there are",
        23 => "some of it was not transferred",
        24 => "some of it vanished from the source while it was read",
        25 => "rsync stopped deleting at its limit",
        30 => "nothing came from the other rsync for ten minutes",
        35 => "the other rsync could not be reached in time",
        127 => "there is no rsync",
        NOT_THROUGH => NOT_THROUGH_WORDS.0,
        _ => return (crate::actions::durable::exited(code), crate::actions::durable::hint(code)),
    };
    (format!("{what} (rsync {})", crate::actions::durable::exited(code)), hint(code, stderr))
}

fn hint(code: i32, stderr: &str) -> Option<&'static str> {
    let said = |words: &str| stderr.contains(words);
    if said("No space left on device") || said("Disk quota exceeded") {
        return Some(
            "the disk of the destination is full: what has come so far is kept, and `retry` goes on from there",
        );
    }
    match code {
        24 => Some("`live: true` lets a source change meanwhile; without it, stop what writes there and retry"),
        23 if said("Permission denied") || said("Operation not permitted") => {
            Some("`become: root` lets rsync read everything there, and keep owners and modes here")
        }
        23 if said("Operation not supported") => Some(
            "the file system of the destination does not keep what the source's has: ACLs, attributes, owners, devices",
        ),
        NOT_THROUGH => Some(NOT_THROUGH_WORDS.1),
        10 | 12 | 30 => Some("what has come so far is kept, and `retry` goes on from there"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_with_what_helps() {
        let (why, hint) = words(24, "");
        assert_eq!(why, "some of it vanished from the source while it was read (rsync exited with 24)");
        assert!(hint.unwrap().contains("live: true"));
        assert!(words(23, "open \"/x\": Permission denied (13)").1.unwrap().contains("become: root"));
        assert!(words(11, "write failed on \"/x\": No space left on device (28)").1.unwrap().contains("disk"));
        assert_eq!(words(23, "").1, None);
        assert_eq!(words(143, "").0, "exited with 143: it was ended by SIGTERM");
    }
}
