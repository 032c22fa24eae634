//! What a script at one end says besides, and the word by which it ends.

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::said::Said;
use crate::transport::{Errors, Heard, Stream, TransportError};

/// The longest line that is held back to see whether it is the last word.
const LINE: usize = 16 * 1024;

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its exit code.
    pub(super) status: i32,
    /// The hash of what it wrote, or read; none where it failed.
    pub(super) sha256: String,
    /// How many bytes that were.
    pub(super) bytes: u64,
}

/// An end of the stream.
#[derive(Debug)]
pub(super) struct End {
    /// What it said.
    pub(super) said: Said,
    /// Its last word; none where it was killed, or is not known.
    pub(super) word: Option<Word>,
    /// Why nothing more was heard, where its host was lost.
    pub(super) lost: Option<TransportError>,
}

/// Listens to an end until it is over, and tells what it says as it comes.
pub(super) async fn listen(errors: &mut Errors, mark: &str, cx: &Write<'_>) -> Result<End, ActionError> {
    let mut splitter = Splitter { mark, line: Vec::new(), word: None };
    let mut end = End { said: Said::default(), word: None, lost: None };
    loop {
        match errors.next().await {
            Ok(Heard::Said(bytes)) => {
                tell(&mut end.said, Stream::Stderr, &splitter.take(&bytes), cx).await?;
                if splitter.word.as_ref().is_some_and(|word| word.status != 0) {
                    break;
                }
            }
            Ok(Heard::Ended(_)) => break,
            Err(error) => {
                end.lost = Some(error);
                break;
            }
        }
    }
    tell(&mut end.said, Stream::Stderr, &splitter.line, cx).await?;
    finish(&mut end.said, Stream::Stderr, cx).await?;
    end.word = splitter.word;
    Ok(end)
}

/// Keeps and shows what a script says.
pub(super) async fn tell(said: &mut Said, stream: Stream, bytes: &[u8], cx: &Write<'_>) -> Result<(), ActionError> {
    let told = said.take(cx.around().masker(), stream, bytes);
    cx.around().output(cx.env().unit, cx.env().attempt, stream, &told).await
}

/// The same for what was held back, now that nothing more comes.
pub(super) async fn finish(said: &mut Said, stream: Stream, cx: &Write<'_>) -> Result<(), ActionError> {
    let told = said.finish(cx.around().masker(), stream);
    cx.around().output(cx.env().unit, cx.env().attempt, stream, &told).await
}

/// Splits what comes on stderr into what the script says and the line with its end.
struct Splitter<'a> {
    mark: &'a str,
    line: Vec<u8>,
    word: Option<Word>,
}

impl Splitter<'_> {
    /// What of `bytes`, and of what was held back, the script itself has said.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.line.extend_from_slice(bytes);
        let mut told = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.line) {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            match word(&line, self.mark) {
                Some(word) => {
                    // The end of a line of its own goes before it.
                    if told.last() == Some(&b'\n') {
                        told.pop();
                    }
                    self.word = Some(word);
                }
                None => told.extend_from_slice(&line),
            }
        }
        if self.line.len() > LINE {
            told.append(&mut self.line);
        }
        told
    }
}

/// The line with the exit code, the hash and the count, in any order.
pub(super) fn word(line: &[u8], mark: &str) -> Option<Word> {
    let line = std::str::from_utf8(line).ok()?.trim_end().strip_prefix(mark)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |key: &str| words.iter().position(|word| *word == key).and_then(|at| words.get(at + 1));
    let status = after("s")?.parse().ok()?;
    let bytes = after("b").and_then(|word| word.parse().ok());
    let sha256 = words.iter().find(|word| word.len() == 64);
    // Without a hash nothing has ended well.
    (status != 0 || sha256.is_some() && bytes.is_some()).then(|| Word {
        status,
        sha256: sha256.map(ToString::to_string).unwrap_or_default(),
        bytes: bytes.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_told_from_the_others() {
        let mut splitter = Splitter { mark: "M1", line: Vec::new(), word: None };
        let hash = "0".repeat(64);
        let told = [&b"a\nM1 no\nb"[..], b" c", format!("\nM1 s 3 {hash} - b 7\n").as_bytes()]
            .map(|bytes| splitter.take(bytes));
        assert_eq!(told.concat(), b"a\nM1 no\nb c");
        assert_eq!(splitter.word, Some(Word { status: 3, sha256: hash.clone(), bytes: 7 }));
        assert_eq!(word(b"M1 s 4", "M1"), Some(Word { status: 4, sha256: String::new(), bytes: 0 }));
        for half in ["M1 s 0".to_owned(), format!("M1 s 0 {hash} -"), "M1 s 0 b 1".to_owned()] {
            assert_eq!(word(half.as_bytes(), "M1"), None, "{half}");
        }
        let whole = Word { status: 0, sha256: hash.clone(), bytes: 9 };
        assert_eq!(word(format!("M1 b 9 {hash} - s 0").as_bytes(), "M1"), Some(whole));
        let mut splitter = Splitter { mark: "M1", line: Vec::new(), word: None };
        assert_eq!(splitter.take(&vec![b'x'; LINE + 1]).len(), LINE + 1);
    }
}
