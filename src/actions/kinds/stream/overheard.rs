//! What a direct stream's job says: both ends in one, told apart again.

use crate::actions::contract::ActionError;
use crate::actions::durable::{Ear, exited};
use crate::actions::said::Said;
use crate::base::Masker;
use crate::events::record::{Failure, Outputs};
use crate::transport::Stream;

use super::ear::{End, word};
use super::relay::Outcome;

/// A longer line is passed on in pieces.
const LONGEST: usize = 64 * 1024;

/// Both ends of a direct stream, as its job tells of them.
pub(super) struct Overheard<'a> {
    masker: &'a Masker,
    line: Vec<u8>,
    /// How the last words of the two begin, by the job's first line.
    marks: Option<(String, String)>,
    from: End,
    to: End,
    /// Empty lines of the source and of the other end that were held back: a last word brings one of its own.
    blank: [usize; 2],
    /// What the other end writes to stdout, where that is an answer for us and not shown.
    answer: Option<Vec<u8>>,
    /// How the call ended.
    called: Option<i32>,
    /// How the call ended that was to look whether it can be made.
    looked: Option<i32>,
}

impl<'a> Overheard<'a> {
    /// Where the other end `answers`, what it writes to stdout is for us.
    pub(super) fn new(masker: &'a Masker, answers: bool) -> Self {
        let silent = || End { said: Said::default(), word: None, lost: None };
        let (from, to, answer) = (silent(), silent(), answers.then(Vec::new));
        Self { masker, line: Vec::new(), marks: None, from, to, blank: [0; 2], answer, called: None, looked: None }
    }

    /// One line: what of it the ends themselves have said.
    fn take(&mut self, line: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\n');
        let Some((own, tail)) = self.marks.clone() else {
            self.marks = text.split_once(' ').map(|(own, tail)| (own.to_owned(), tail.to_owned()));
            return Vec::new();
        };
        if let Some(theirs) = line.strip_prefix(tail.as_bytes()).and_then(|rest| rest.strip_prefix(b" ")) {
            // It sees whether anybody still listens, in the middle of a line too.
            let theirs = theirs.strip_suffix(format!("{tail} h\n").as_bytes()).unwrap_or(theirs);
            if theirs.is_empty() {
                return Vec::new();
            }
            if let Some(word) = word(theirs, &tail) {
                self.to.word = Some(word);
                self.blank[1] = self.blank[1].saturating_sub(1);
                return Vec::new();
            }
            return tell(&mut self.to.said, &mut self.blank[1], theirs, self.masker);
        }
        let Some(rest) = text.strip_prefix(&own) else {
            return tell(&mut self.from.said, &mut self.blank[0], line, self.masker);
        };
        self.blank[0] = self.blank[0].saturating_sub(1);
        let code = |key: &str| rest.trim_start().strip_prefix(key)?.trim().parse().ok();
        match (code("c "), code("p ")) {
            (Some(called), _) => self.called = Some(called),
            (_, Some(looked)) => self.looked = Some(looked),
            _ => self.from.word = word(line, &own),
        }
        Vec::new()
    }

    /// How it went. `Err` where nothing of it has begun.
    pub(super) fn outcome(mut self, mut output: Outputs) -> Result<Outcome, ActionError> {
        if let Some(answer) = self.answer.take() {
            output.stdout = String::from_utf8_lossy(&answer).into_owned();
        }
        let rest = std::mem::take(&mut self.line);
        if !rest.is_empty() {
            self.take(&rest);
        }
        for end in [&mut self.from, &mut self.to] {
            let _ = end.said.finish(self.masker, Stream::Stderr);
        }
        let Self { from, to, called, looked, .. } = self;
        if let Some(code) = looked {
            return Err(ActionError::Failed(Box::new(Failure {
                why: format!("the other end could not be called: ssh {}", exited(code)),
                hint: Some("nothing has begun; `via: relay` goes through your machine".to_owned()),
                stderr: from.said.last_words(),
                ..Failure::default()
            })));
        }
        let told = from.word.as_ref().is_some_and(|word| word.status == 0);
        let bytes = from.word.as_ref().or(to.word.as_ref()).map_or(0, |word| word.bytes);
        let was_stopped = from.word.is_none() && (to.word.is_some() || called.is_some_and(|code| code != 0));
        let sha256 = from.word.as_ref().map(|word| word.sha256.clone()).unwrap_or_default();
        Ok(Outcome { bytes, told, from: (!was_stopped).then_some((from, sha256)), to: Some(to), output })
    }
}

/// Keeps a line, and gives it with the empty ones before it. An empty one is held back.
fn tell(said: &mut Said, blank: &mut usize, line: &[u8], masker: &Masker) -> Vec<u8> {
    if line == b"\n" {
        *blank += 1;
        return Vec::new();
    }
    let told = [&b"\n".repeat(std::mem::take(blank))[..], line].concat();
    let _ = said.take(masker, Stream::Stderr, &told);
    told
}

impl Ear for Overheard<'_> {
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        if stream == Stream::Stdout {
            let Some(answer) = &mut self.answer else { return bytes };
            answer.extend_from_slice(&bytes);
            return Vec::new();
        }
        self.line.extend_from_slice(&bytes);
        let mut told = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.line) {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            told.extend(self.take(&line));
        }
        if self.line.len() > LONGEST {
            let line = std::mem::take(&mut self.line);
            told.extend(self.take(&line));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> (Outcome, String) {
        let masker = Masker::default();
        let mut heard = Overheard::new(&masker, false);
        // However it comes.
        let told: Vec<u8> = text.bytes().flat_map(|byte| heard.hear(Stream::Stderr, vec![byte])).collect();
        (heard.outcome(Outputs::default()).unwrap(), String::from_utf8(told).unwrap())
    }

    #[test]
    fn both_ends_are_told_apart() {
        let hash = "0".repeat(64);
        let (outcome, told) = heard(&format!(
            "M T\nours\nT T h\nT thT h\nT eirs\nT \nT more\n\nM s 0 {hash} - b 5\nT \nT T s 0 {hash} - b 5\n\nM c 0\n"
        ));
        assert_eq!(told, "ours\ntheirs\n\nmore\n");
        let (from, sha256) = outcome.from.unwrap();
        let to = outcome.to.unwrap();
        assert_eq!((outcome.bytes, outcome.told, sha256), (5, true, hash));
        assert_eq!((from.said.last_words().as_str(), to.said.last_words().as_str()), ("ours", "theirs\n\nmore"));
        assert_eq!(to.word.unwrap().status, 0);
    }

    #[test]
    fn an_answer_is_not_shown() {
        let masker = Masker::default();
        let mut heard = Overheard::new(&masker, true);
        assert!(heard.hear(Stream::Stdout, b"do".to_vec()).is_empty());
        assert!(heard.hear(Stream::Stdout, b"ne\0".to_vec()).is_empty());
        assert_eq!(heard.outcome(Outputs::default()).unwrap().output.stdout, "done\0");
    }

    #[test]
    fn who_ended_whom_is_known() {
        let (outcome, _) = heard("M T\nT full\nT \nT T s 4\n\nM c 255\n");
        assert!(outcome.from.is_none() && !outcome.told);
        assert_eq!(outcome.to.unwrap().word.unwrap().status, 4);
        let (outcome, _) = heard("M T\n\nM s 3 b 5\nT \n\nM c 255\n");
        assert_eq!(outcome.from.unwrap().0.word.unwrap().status, 3);
        let masker = Masker::default();
        let mut unheard = Overheard::new(&masker, false);
        unheard.hear(Stream::Stderr, b"M T\nPermission denied\n\nM p 255\n".to_vec());
        let error = unheard.outcome(Outputs::default()).err().unwrap();
        assert_eq!(error.to_string(), "the other end could not be called: ssh exited with 255");
    }
}
