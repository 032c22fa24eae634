//! How a stream went, in words.

use crate::actions::contract::ActionError;
use crate::actions::durable::{exited, hint};
use crate::base::Role;
use crate::display::bytes;
use crate::events::record::{Failure, Outputs};
use crate::transport::TransportError;

use super::ear::End;
use super::relay::Outcome;

/// What an end is called.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    /// As in 'from'.
    pub(super) key: &'a str,
    pub(super) on: &'a Role,
    /// The file that takes its place whole or not at all, where it is one.
    pub(super) file: Option<&'a str>,
    /// Whether it may have written a half of something.
    pub(super) half: bool,
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`, on {},", self.key, self.on)
    }
}

/// What came of it.
pub(super) fn judge(outcome: Outcome, from: Name<'_>, to: Name<'_>) -> Result<Outputs, ActionError> {
    let Outcome { bytes: passed, told, from: source, to: sink, output } = outcome;
    let after = format!("after {}", bytes(passed));
    let Some((source, sha256)) = source else {
        // The one that reads has ended, and the one that writes was stopped.
        let (why, code) = match &sink {
            Some(End { lost: Some(lost), .. }) => (lost_at(lost, &after), None),
            Some(End { word: Some(word), .. }) => (format!("{to} {} {after}", exited(word.status)), Some(word.status)),
            _ => (format!("{to} was killed {after}"), None),
        };
        let why = format!("{why}; {from} was stopped");
        return Err(failed(why, code, to, words(None, sink.as_ref(), from, to)));
    };
    let said = words(Some(&source), sink.as_ref(), from, to);
    if !told {
        let (why, code) = match (&source.lost, &source.word) {
            (Some(lost), _) => (lost_at(lost, &after), None),
            (None, None) => (format!("{from} was killed {after}"), None),
            (None, Some(word)) if word.status != 0 => {
                (format!("{from} {} {after}", exited(word.status)), Some(word.status))
            }
            (None, Some(word)) => {
                (format!("what came from {} is not what left it: {}", from.on, count(word.bytes, passed)), None)
            }
        };
        let other = match (to.file, sink.as_ref().and_then(|end| end.word.as_ref())) {
            (Some(file), _) => format!("nothing was put in place of {file}, on {}", to.on),
            (None, Some(word)) => format!("{to} {}", exited(word.status)),
            (None, None) => format!("{to} was killed before it could take that for the whole"),
        };
        return Err(failed(format!("{why}; {other}"), code, to, said));
    }
    match sink {
        Some(End { lost: Some(lost), .. }) => Err(lost.into()),
        Some(End { word: Some(word), .. }) if word.status != 0 => {
            let why = format!("{to} {} {after}; {from} had exited with 0", exited(word.status));
            Err(failed(why, Some(word.status), to, said))
        }
        Some(End { word: Some(word), .. }) if word.sha256 != sha256 || word.bytes != passed => {
            let why = format!("what arrived on {} is not what left {}: {}", to.on, from.on, count(passed, word.bytes));
            Err(failed(why, None, to, said))
        }
        Some(End { word: Some(_), said, .. }) => Ok(Outputs { stderr: said.outputs(0).stderr, ..output }),
        Some(_) | None => Err(ActionError::Died(format!("{to} was killed when all had been sent to it"))),
    }
}

fn count(sent: u64, arrived: u64) -> String {
    if sent == arrived {
        format!("{sent} bytes were sent and arrived, and they are others")
    } else {
        format!("{sent} bytes were sent, and {arrived} arrived")
    }
}

fn lost_at(lost: &TransportError, after: &str) -> String {
    format!("{lost} ({after})")
}

/// The last words of both ends.
fn words(source: Option<&End>, sink: Option<&End>, from: Name<'_>, to: Name<'_>) -> String {
    let of = |end: Option<&End>, role: &Role| {
        let words = end.map(|end| end.said.last_words()).unwrap_or_default();
        if words.is_empty() {
            String::new()
        } else {
            format!("{role}: {}", words.replace('\n', &format!("\n{role}: ")))
        }
    };
    let both = [of(source, from.on), of(sink, to.on)];
    both.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What helps where a script may have written a half.
const HALF: &str = "what `to` had written of a file by then may be left there: `file:` in place of `run:` puts it there whole or not at all";

fn failed(why: String, code: Option<i32>, to: Name<'_>, stderr: String) -> ActionError {
    ActionError::Failed(Box::new(Failure {
        why,
        hint: code.and_then(hint).or(to.half.then_some(HALF)).map(str::to_owned),
        exit_code: code,
        stderr,
        ..Failure::default()
    }))
}
