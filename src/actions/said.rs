//! What a script says, on its way to the screen, the journal and later steps: masked, and kept up to a size.

use crate::base::{Masker, StreamMasker};
use crate::events::record::Outputs;
use crate::transport::Stream;

/// The most of a stream that later steps see.
pub const MOST: usize = 1 << 20;

/// How many lines of stderr a failure shows.
const LINES: usize = 20;

/// How much of the end is kept for that.
const END: usize = 16 * 1024;

/// What a script has said so far, masked.
#[derive(Debug, Default)]
pub struct Said {
    stdout: Kept,
    stderr: Kept,
}

#[derive(Debug, Default)]
struct Kept {
    masking: StreamMasker,
    beginning: Vec<u8>,
    end: Vec<u8>,
    length: u64,
}

impl Said {
    /// Takes some bytes of a stream, in order. Gives what can be told of it by now.
    #[must_use]
    pub fn take(&mut self, masker: &Masker, stream: Stream, bytes: &[u8]) -> Vec<u8> {
        let kept = self.of(stream);
        let told = kept.masking.push(masker, bytes);
        kept.keep(&told);
        told
    }

    /// What was held back of a stream, now that nothing more comes.
    #[must_use]
    pub fn finish(&mut self, masker: &Masker, stream: Stream) -> Vec<u8> {
        let kept = self.of(stream);
        let told = kept.masking.finish(masker);
        kept.keep(&told);
        told
    }

    /// What it leaves for later steps.
    #[must_use]
    pub fn outputs(&self, exit_code: i32) -> Outputs {
        Outputs {
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            exit_code: Some(exit_code),
            changed: true,
            ..Outputs::default()
        }
    }

    /// The last lines of stderr.
    #[must_use]
    pub fn last_words(&self) -> String {
        last_lines(&String::from_utf8_lossy(&self.stderr.end), LINES).to_owned()
    }

    /// The streams of which later steps see the beginning only.
    pub fn cut(&self) -> impl Iterator<Item = &'static str> {
        let long = |kept: &Kept| kept.length > MOST as u64;
        [("stdout", long(&self.stdout)), ("stderr", long(&self.stderr))]
            .into_iter()
            .filter_map(|(name, long)| long.then_some(name))
    }

    fn of(&mut self, stream: Stream) -> &mut Kept {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

impl Kept {
    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = MOST - self.beginning.len();
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.end.extend_from_slice(&bytes[bytes.len().saturating_sub(END)..]);
        if self.end.len() > 2 * END {
            self.end.drain(..self.end.len() - END);
        }
    }

    fn text(&self) -> String {
        text(&self.beginning, self.length > self.beginning.len() as u64)
    }
}

/// Bytes as text without the last newline. Where they were `cut` off, a character that was cut in two is left out.
#[must_use]
pub fn text(bytes: &[u8], cut: bool) -> String {
    if cut {
        let half = bytes.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
        return String::from_utf8_lossy(&bytes[..bytes.len() - half]).into_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// The last `count` lines of a text, without the end of the last one.
#[must_use]
pub fn last_lines(text: &str, count: usize) -> &str {
    let text = text.trim_end();
    let before = text.rmatch_indices('\n').nth(count - 1).map_or(0, |(at, _)| at + 1);
    &text[before..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn later_steps_see_masked_text_without_the_last_newline() {
        let masker = Masker::new([&Secret::new("hunter2".into())]);
        let mut said = Said::default();
        let told = [&b"a hun"[..], b"ter2 b\n", b"\n"].map(|bytes| said.take(&masker, Stream::Stdout, bytes)).concat();
        assert_eq!(told, b"a *** b\n\n");
        assert_eq!(said.take(&masker, Stream::Stderr, b"hun"), b"");
        assert_eq!(said.outputs(0).stderr, "");
        assert_eq!(said.finish(&masker, Stream::Stderr), b"hun");
        let outputs = said.outputs(3);
        assert_eq!(
            (outputs.stdout.as_str(), outputs.stderr.as_str(), outputs.exit_code),
            ("a *** b\n", "hun", Some(3))
        );
    }

    #[test]
    fn a_long_stream_is_kept_up_to_a_size_and_its_last_lines_too() {
        let masker = Masker::default();
        let mut said = Said::default();
        let line = "ü".repeat(50) + "\n";
        for n in 0..20_000 {
            let _ = said.take(&masker, Stream::Stderr, format!("{n} {line}").as_bytes());
        }
        let kept = said.outputs(1).stderr;
        assert!(kept.len() <= MOST && kept.len() > MOST - 4 && !kept.contains('\u{fffd}'), "{}", kept.len());
        assert_eq!(said.cut().collect::<Vec<_>>(), ["stderr"]);
        let last = said.last_words();
        assert_eq!(last.lines().count(), 20);
        assert!(last.starts_with("19980 ") && last.contains("\n19999 "));
        assert!(said.stderr.end.len() <= 2 * END);
    }

    #[test]
    fn the_last_lines_of_a_short_text_are_all_of_it() {
        assert_eq!(last_lines("a\nb\n", 20), "a\nb");
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
