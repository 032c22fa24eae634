//! A file as lines, byte for byte: bytes that are no text, CRLF and a missing last newline stay as they are.

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is in it.
    pub text: Vec<u8>,
    /// Whether it ends as on Windows, with a carriage return before the newline.
    pub crlf: bool,
}

/// A file as lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// In order.
    pub lines: Vec<Line>,
    /// Whether the last one has no end.
    pub open: bool,
}

impl Lines {
    /// The lines of a content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let open = content.last().is_some_and(|byte| *byte != b'\n');
        let body = content.strip_suffix(b"\n").unwrap_or(content);
        let mut lines: Vec<Line> = Vec::new();
        if !content.is_empty() {
            lines.extend(body.split(|byte| *byte == b'\n').map(|line| match line.strip_suffix(b"\r") {
                Some(text) => Line { text: text.to_vec(), crlf: true },
                None => Line { text: line.to_vec(), crlf: false },
            }));
        }
        // The last line of a file without a last newline has no end to go by: it ends as the one before, unless it says otherwise.
        if let (true, [.., before, last]) = (open, lines.as_mut_slice())
            && !last.crlf
            && before.crlf
        {
            last.crlf = true;
            // Nothing is written after it, so that its end shows only where something follows.
        } else if let (true, Some(last)) = (open, lines.last_mut())
            && last.crlf
        {
            // A carriage return without a newline is a part of the text.
            last.text.push(b'\r');
            last.crlf = false;
        }
        Self { lines, open }
    }

    /// The content that they are.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            content.extend_from_slice(&line.text);
            if !(self.open && at + 1 == self.lines.len()) {
                content.extend_from_slice(if line.crlf { b"\r\n" } else { b"\n" });
            }
        }
        content
    }

    /// A line to be put in at `at`, with the end that its neighbours have.
    #[must_use]
    pub fn fitting(&self, at: usize, text: &[u8]) -> Line {
        let neighbour = at.checked_sub(1).and_then(|before| self.lines.get(before)).or_else(|| self.lines.get(at));
        Line { text: text.to_vec(), crlf: neighbour.is_some_and(|line| line.crlf) }
    }

    /// Puts a line in at the end.
    pub fn append(&mut self, text: &[u8]) {
        let line = self.fitting(self.lines.len(), text);
        self.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edited(content: &[u8], edit: impl FnOnce(&mut Lines)) -> Vec<u8> {
        let mut lines = Lines::of(content);
        edit(&mut lines);
        lines.content()
    }

    #[test]
    fn ends_are_kept() {
        for (before, due) in [
            (&b"a\nb\n"[..], &b"a\nb\nx\n"[..]),
            (b"a\nb", b"a\nb\nx"),
            (b"a\r\nb\r\n", b"a\r\nb\r\nx\r\n"),
            (b"a\r\nb", b"a\r\nb\r\nx"),
            (b"a", b"a\nx"),
            (b"", b"x\n"),
            (b"\n", b"\nx\n"),
            (b"\xff\xfe\0\n", b"\xff\xfe\0\nx\n"),
            (b"a\nb\r", b"a\nb\r\nx"),
        ] {
            assert_eq!(edited(before, |lines| lines.append(b"x")), due, "{:?}", String::from_utf8_lossy(before));
        }
        assert_eq!(edited(b"a\nb", |lines| drop(lines.lines.pop())), b"a", "no last newline, and none after it");
        assert_eq!(edited(b"a\nb\n", |lines| drop(lines.lines.pop())), b"a\n");
    }

    proptest! {
        #[test]
        fn any_content_comes_back(content in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), any::<u8>()], 0..40)) {
            prop_assert_eq!(Lines::of(&content).content(), content);
        }
    }
}
