//! Hears how far the jobs are, and keeps that out of the journal.

use std::collections::{HashMap, HashSet};

use crate::actions::context::Surroundings;
use crate::actions::durable::Ear;
use crate::base::UnitId;
use crate::events::Progress;
use crate::transport::Stream;

/// What lines of its begin with.
const RESTORE: &str = "pg_restore:";

/// Turns what the jobs and PostgreSQL's programs say about their progress into progress. The rest is kept.
pub(super) struct Hearing<'a> {
    around: &'a dyn Surroundings,
    unit: &'a UnitId,
    rest: [Vec<u8>; 2],
    /// What is to be restored, by its number in the dump: in bytes as they lie there.
    sizes: HashMap<String, u64>,
    /// The same in the order of the dump: with one job nothing tells the number.
    order: Vec<u64>,
    begun: usize,
    finished: HashSet<String>,
    serial: bool,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(around: &'a dyn Surroundings, unit: &'a UnitId, jobs: u32) -> Self {
        Self {
            around,
            unit,
            rest: [Vec::new(), Vec::new()],
            sizes: HashMap::new(),
            order: Vec::new(),
            begun: 0,
            finished: HashSet::new(),
            serial: jobs < 2,
        }
    }

    /// Takes a line; whether it is to be kept.
    fn line(&mut self, stream: Stream, line: &str) -> bool {
        // Its workers talk at the same time: one may have begun a line that another ends.
        let line = line.rfind(RESTORE).filter(|_| stream == Stream::Stderr).map_or(line, |at| &line[at..]);
        let words: Vec<&str> = line.split_whitespace().collect();
        match (stream, words.as_slice()) {
            (Stream::Stdout, ["amount", bytes]) => self.amount(bytes.parse().unwrap_or(0), None),
            (Stream::Stdout, ["data", number, bytes]) => {
                let bytes = bytes.parse().unwrap_or(0);
                self.order.push(bytes);
                self.sizes.insert((*number).to_owned(), bytes);
                // The two streams come as they like: what was begun may be told of before how large it is.
                if self.begun > 0 || !self.finished.is_empty() {
                    self.restored();
                }
            }
            (Stream::Stdout, ["phase", ..]) => {
                let text = line.trim_end().strip_prefix("phase ").unwrap_or_default().to_owned();
                self.around.progress(Progress::Note { unit: self.unit.clone(), text });
            }
            (Stream::Stderr, ["pg_restore:", "finished", "item", number, "TABLE", "DATA", ..]) => {
                self.finished.insert((*number).to_owned());
                self.restored();
            }
            (Stream::Stderr, ["pg_restore:", "processing", "data", "for", "table", ..]) if self.serial => {
                self.begun += 1;
                self.restored();
            }
            (Stream::Stderr, ["pg_restore:", word, ..]) => return is_said_to_people(word),
            _ => return true,
        }
        false
    }

    fn restored(&self) {
        let done = if self.serial {
            // The one before is done when the next begins.
            self.order.iter().take(self.begun.saturating_sub(1)).sum()
        } else {
            self.finished.iter().filter_map(|number| self.sizes.get(number)).sum()
        };
        self.amount(done, Some(self.order.iter().sum()));
    }

    fn amount(&self, done: u64, of: Option<u64>) {
        self.around.progress(Progress::Amount { unit: self.unit.clone(), done, of });
    }
}

/// Whether a line of `pg_restore --verbose` would be there without it.
fn is_said_to_people(word: &str) -> bool {
    ["error:", "warning:", "detail:", "hint:", "fatal:", "from", "while", "options:", "["]
        .iter()
        .any(|begin| word.starts_with(begin))
}

impl Ear for Hearing<'_> {
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        let at = usize::from(stream == Stream::Stderr);
        let mut text = std::mem::take(&mut self.rest[at]);
        text.extend_from_slice(&bytes);
        let whole = memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1);
        self.rest[at] = text.split_off(whole);
        let mut kept = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.line(stream, &String::from_utf8_lossy(line)) {
                kept.extend_from_slice(line);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_people_is_kept_of_what_pg_restore_says() {
        for (word, kept) in
            [("error:", true), ("warning:", true), ("from", true), ("[archiver]", true), ("creating", false)]
        {
            assert_eq!(is_said_to_people(word), kept, "{word}");
        }
    }
}
