//! What rsync says while it works: lines, and progress that is drawn over itself.

/// A line that is longer is none of rsync's.
const LONGEST: usize = 64 * 1024;

/// So many of its last lines are kept.
const LINES: usize = 20;

/// Cuts what a stream says into lines.
#[derive(Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes some bytes, and gives `hear` each line that is whole.
    pub(super) fn take(&mut self, bytes: &[u8], hear: &mut dyn FnMut(&str)) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end(hear),
                _ if self.rest.len() == LONGEST => self.end(hear),
                _ => self.rest.push(*byte),
            }
        }
    }

    /// Gives `hear` what has no end.
    pub(super) fn end(&mut self, hear: &mut dyn FnMut(&str)) {
        if !self.rest.is_empty() {
            hear(&String::from_utf8_lossy(&self.rest));
            self.rest.clear();
        }
    }
}

/// The bytes that are done, where a line says so: `  32768  50%   10.00MB/s    0:00:00 (xfr#1, to-chk=0/2)`.
pub(super) fn progress(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let done = words.next()?.parse().ok()?;
    words.next()?.strip_suffix('%')?.parse::<u8>().ok()?;
    Some(done)
}

/// The last lines that were no news of progress.
#[derive(Clone, Debug, Default)]
pub(super) struct LastWords(Vec<String>);

impl LastWords {
    pub(super) fn add(&mut self, line: &str) {
        if self.0.len() == LINES {
            self.0.remove(0);
        }
        self.0.push(line.to_owned());
    }

    pub(super) fn lines(self) -> Vec<String> {
        self.0
    }

    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_either() {
        let mut lines = Lines::default();
        let mut heard = Vec::new();
        for piece in [&b"a\nb"[..], b"c\r  1 5%", b"\r\n\nlast"] {
            lines.take(piece, &mut |line| heard.push(line.to_owned()));
        }
        lines.end(&mut |line| heard.push(line.to_owned()));
        assert_eq!(heard, ["a", "bc", "  1 5%", "last"]);
    }

    #[test]
    fn progress_is_told_from_the_rest() {
        assert_eq!(progress("      32768  50%   10.00MB/s    0:00:00 (xfr#1, to-chk=0/2)"), Some(32768));
        assert_eq!(progress("Number of files: 3"), None);
        assert_eq!(progress("3 files"), None);
    }
}
