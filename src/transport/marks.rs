//! Finds where a script's output ends in a stream that does not.

use std::fmt::Write as _;

use memchr::memmem::Finder;
use rand::RngExt as _;

/// How much is read at once.
const ROOM: usize = 64 * 1024;

/// 128 random bits in hex: no output holds them by accident, and no script can know them beforehand.
pub(crate) fn nonce() -> String {
    let bits: u128 = rand::rng().random();
    let mut text = String::with_capacity(32);
    let _ = write!(text, "{bits:032x}");
    text
}

/// One stream, read up to a mark: `<nonce><word><terminator>`. Bytes that cannot belong to the mark are passed on as they come, so that
/// memory stays flat whatever the size of the output.
pub(crate) struct Marked {
    finder: Finder<'static>,
    terminator: u8,
    buffer: Box<[u8]>,
    held: usize,
}

impl Marked {
    /// A stream whose mark is not yet known.
    pub(crate) fn new() -> Self {
        Self { finder: Finder::new(b"").into_owned(), terminator: b'\n', buffer: vec![0; ROOM].into(), held: 0 }
    }

    /// Looks for this mark from now on. Whether bytes of the mark before were left over: then somebody else writes to the stream too.
    pub(crate) fn expect(&mut self, nonce: &str, terminator: u8) -> bool {
        self.finder = Finder::new(nonce.as_bytes()).into_owned();
        self.terminator = terminator;
        self.held > 0
    }

    /// Where the next bytes are to be read into.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.held..]
    }

    /// Takes over `count` bytes read into `room`, passes on what is output, and gives the mark's word once it is whole.
    pub(crate) fn took(&mut self, count: usize, mut emit: impl FnMut(&[u8])) -> Option<String> {
        let end = self.held + count;
        let seen = &self.buffer[..end];
        let Some(at) = self.finder.find(seen) else {
            let keep = tail(seen, self.finder.needle());
            emit(&seen[..end - keep]);
            self.buffer.copy_within(end - keep..end, 0);
            self.held = keep;
            return None;
        };
        emit(&seen[..at]);
        let from = at + self.finder.needle().len();
        let length = seen[from..].iter().position(|byte| *byte == self.terminator);
        let word = length.map(|length| String::from_utf8_lossy(&seen[from..from + length]).into_owned());
        // An unfinished word stays whole, mark and all, until the rest of it comes.
        let start = length.map_or(at, |length| from + length + 1);
        self.buffer.copy_within(start..end, 0);
        self.held = end - start;
        word
    }

    /// Hands out what is held at the stream's end.
    pub(crate) fn rest(&mut self, mut emit: impl FnMut(&[u8])) {
        emit(&self.buffer[..self.held]);
        self.held = 0;
    }
}

/// How many of the last bytes of `seen` may be the beginning of `mark`.
fn tail(seen: &[u8], mark: &[u8]) -> usize {
    let longest = mark.len().saturating_sub(1).min(seen.len());
    (1..=longest).rev().find(|length| mark.starts_with(&seen[seen.len() - length..])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(stream: &mut Marked, bytes: &[u8], out: &mut Vec<u8>) -> Option<String> {
        stream.room()[..bytes.len()].copy_from_slice(bytes);
        stream.took(bytes.len(), |bytes| out.extend_from_slice(bytes))
    }

    #[test]
    fn finds_the_mark_however_the_stream_is_cut() {
        let mark = "0123456789abcdef0123456789abcdef";
        let whole = format!("no newline 0123 0123456789abcdef01{mark} 255\n");
        for size in 1..whole.len() {
            let mut stream = Marked::new();
            assert!(!stream.expect(mark, b'\n'));
            let (mut out, mut word) = (Vec::new(), None);
            for piece in whole.as_bytes().chunks(size) {
                assert_eq!(word, None);
                word = feed(&mut stream, piece, &mut out);
            }
            assert_eq!(word.as_deref(), Some(" 255"), "pieces of {size}");
            assert_eq!(out, b"no newline 0123 0123456789abcdef01");
        }
    }

    #[test]
    fn what_follows_the_mark_is_told() {
        let mut stream = Marked::new();
        stream.expect("abcd", b'\n');
        let mut out = Vec::new();
        assert_eq!(feed(&mut stream, b"xabcd 0\nstray", &mut out).as_deref(), Some(" 0"));
        assert!(stream.expect("efgh", b'\n'));
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(nonce(), nonce());
        assert_eq!(nonce().len(), 32);
    }
}
