//! What a unit said, as much of it as a page can hold.

use std::collections::VecDeque;

use crate::base::safe::safe_bytes;

/// The output of a try on one stream: its beginning and its end, where it is long.
#[derive(Clone, Debug)]
pub struct Stream {
    most: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    length: usize,
}

impl Stream {
    /// Of which at most so many bytes are kept.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, head: Vec::new(), tail: VecDeque::new(), length: 0 }
    }

    /// More of it.
    pub fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        // How it ended tells more than how it began.
        let (most_head, most_tail) = (self.most / 4, self.most - self.most / 4);
        let (head, tail) = bytes.split_at(bytes.len().min(most_head - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(tail);
        self.tail.drain(..self.tail.len().saturating_sub(most_tail));
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Its beginning, how many bytes are left out after that, and its end; all of it is in the beginning where nothing is left out.
    pub(super) fn parts(&self) -> (String, usize, String) {
        let mut head = self.head.clone();
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if head.len() + tail.len() == self.length {
            head.extend(tail);
            return (safe_bytes(&head), 0, String::new());
        }
        // Whole lines, where there are any: one that takes all the room, as a progress bar does, is better than nothing.
        let head = head.iter().rposition(|byte| *byte == b'\n').map_or(&head[..], |at| &head[..=at]);
        let line = tail.iter().position(|byte| *byte == b'\n').filter(|at| at + 1 < tail.len());
        let tail = line.map_or(&tail[..], |at| &tail[at + 1..]);
        (safe_bytes(head), self.length - head.len() - tail.len(), safe_bytes(tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(most: usize, pieces: &[&[u8]]) -> (String, usize, String) {
        let mut stream = Stream::new(most);
        for piece in pieces {
            stream.push(piece);
        }
        stream.parts()
    }

    #[test]
    fn what_is_short_is_whole_however_it_came() {
        assert_eq!(parts(12, &[b"one\n", b"two\n", b"six\n"]), ("one\ntwo\nsix\n".into(), 0, String::new()));
        assert_eq!(parts(12, &[b"caf\xc3", b"\xa9 \xff\x1b"]), ("café \\xff\\x1b".into(), 0, String::new()));
        assert_eq!(parts(12, &[]), (String::new(), 0, String::new()));
    }

    #[test]
    fn of_what_is_long_the_middle_is_left_out_by_lines() {
        let lines: Vec<String> = (0..100).map(|n| format!("line {n}\n")).collect();
        let whole = lines.concat();
        for size in [1, 7, 1000] {
            let pieces: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
            let (head, left_out, tail) = parts(64, &pieces);
            assert_eq!(head, "line 0\nline 1\n");
            assert_eq!(tail, "line 95\nline 96\nline 97\nline 98\nline 99\n");
            assert_eq!(head.len() + left_out + tail.len(), whole.len());
        }
        assert_eq!(parts(4, &[b"0123456789"]), ("0".into(), 6, "789".into()));
        assert_eq!(parts(4, &[b"012345678\n"]), ("0".into(), 6, "78\n".into()));
    }
}
