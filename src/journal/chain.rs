//! The hash chain: every entry carries the hash of the one before it, so that a change of any of them is found.

use sha2::{Digest as _, Sha256};

use crate::base::RunId;
use crate::events::Entry;

use super::error::JournalError;

/// SHA-256 of an entry as it was written, in hex.
#[must_use]
pub fn hash(entry: &str) -> String {
    Sha256::digest(entry.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        for digit in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
        hex
    })
}

/// Reads the entries of a run, and holds each against the hash that the next one carries.
///
/// # Errors
/// Where an entry was changed, removed, added or moved; the first such is named. That the newest ones are missing cannot be seen.
pub fn read(run: &RunId, entries: &[String]) -> Result<Vec<Entry>, JournalError> {
    let mut previous = String::new();
    let mut read = Vec::with_capacity(entries.len());
    for (seq, text) in (1..).zip(entries) {
        let tampered = |why: String| JournalError::Tampered { run: run.clone(), seq, why };
        let entry: Entry = serde_json::from_str(text).map_err(|error| tampered(error.to_string()))?;
        if entry.seq != seq {
            return Err(tampered(format!("it says that it is entry {}", entry.seq)));
        }
        if entry.previous != previous {
            return Err(tampered("the entry before it is not the one that was there when it was written".into()));
        }
        previous = hash(text);
        read.push(entry);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Record;

    fn chain(length: u64) -> Vec<String> {
        let mut previous = String::new();
        (1..=length)
            .map(|seq| {
                let record = Record::Stopped { why: format!("reason {seq}") };
                let at = jiff::Timestamp::UNIX_EPOCH;
                let entry = Entry { seq, at, who: "me@here".into(), previous: previous.clone(), record };
                let text = serde_json::to_string(&entry).unwrap();
                previous = hash(&text);
                text
            })
            .collect()
    }

    fn seq_of(error: JournalError) -> u64 {
        match error {
            JournalError::Tampered { seq, .. } => seq,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn an_untouched_chain_reads() {
        assert_eq!(read(&"r".into(), &chain(5)).unwrap().len(), 5);
    }

    #[test]
    fn a_change_is_found_where_the_next_entry_tells() {
        let mut entries = chain(5);
        entries[1] = entries[1].replace("reason 2", "reason 9");
        assert_eq!(seq_of(read(&"r".into(), &entries).unwrap_err()), 3);
    }

    #[test]
    fn a_removed_or_swapped_entry_is_found() {
        let mut entries = chain(5);
        entries.remove(2);
        assert_eq!(seq_of(read(&"r".into(), &entries).unwrap_err()), 3);
        let mut entries = chain(5);
        entries.swap(1, 2);
        assert_eq!(seq_of(read(&"r".into(), &entries).unwrap_err()), 2);
    }
}
