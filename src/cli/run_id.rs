//! Names for runs: short, and sorted by time.

use jiff::Timestamp;

use crate::base::RunId;

/// Crockford's digits: in the order of ASCII, and none that is taken for another.
const DIGITS: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

/// Five bits a digit: seconds until the year 3058.
const SECONDS: u32 = 7;

/// A new name: the second, and three digits of chance for those who share it. The journal makes sure that no two runs have the same.
#[must_use]
pub(crate) fn new(now: Timestamp, chance: u32) -> RunId {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let number = (seconds << 15) | u64::from(chance & 0x7fff);
    let digit = |at: u32| DIGITS[usize::try_from((number >> (5 * at)) & 31).unwrap_or_default()];
    let digits = (0..SECONDS + 3).rev().map(|at| char::from(digit(at)));
    RunId::from(digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn names_sort_by_time() {
        let names: Vec<RunId> = [(1, 9), (31, 0), (32, 5), (1_800_000_000, 7), (1_800_000_001, 0), (4_000_000_000, 1)]
            .map(|(second, chance)| new(at(second), chance))
            .to_vec();
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.iter().all(|name| name.as_str().len() == 10), "{names:?}");
    }

    #[test]
    fn chance_tells_runs_of_one_second_apart() {
        assert_ne!(new(at(5), 1), new(at(5), 2));
        assert_eq!(new(at(0), 0).as_str(), "0000000000");
        assert_eq!(new(at(1), 33).as_str(), "0000001011");
    }
}
