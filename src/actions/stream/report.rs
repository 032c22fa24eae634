//! How a stream went, in words.

use crate::actions::contract::ActionError;
use crate::actions::durable::{exited, hint};
use crate::base::Role;
use crate::display::bytes;
use crate::events::record::{Failure, Outputs};
use crate::transport::TransportError;

use super::ear::End;
use super::relay::Outcome;

/// What came of it.
pub(super) fn judge(outcome: Outcome, from: &Role, to: &Role) -> Result<Outputs, ActionError> {
    let Outcome { bytes: passed, told, from: source, to: sink, output } = outcome;
    let after = format!("after {}", bytes(passed));
    let Some((source, sha256)) = source else {
        // The one that reads has ended, and the one that writes was stopped.
        let (why, code) = match &sink {
            Some(End { lost: Some(lost), .. }) => (lost_at(lost, &after), None),
            Some(End { word: Some(word), .. }) => {
                (format!("`to`, on {to}, {} {after}", exited(word.status)), Some(word.status))
            }
            _ => (format!("`to`, on {to}, was killed {after}"), None),
        };
        let stopped = format!("; `from`, on {from}, was stopped");
        return Err(failed(format!("{why}{stopped}"), code, words(None, sink.as_ref(), from, to)));
    };
    let said = words(Some(&source), sink.as_ref(), from, to);
    if !told {
        let (why, code) = match (&source.lost, &source.word) {
            (Some(lost), _) => (lost_at(lost, &after), None),
            (None, None) => (format!("`from`, on {from}, was killed {after}"), None),
            (None, Some(word)) if word.status != 0 => {
                (format!("`from`, on {from}, {} {after}", exited(word.status)), Some(word.status))
            }
            (None, Some(_)) => (format!("what came from {from} is not what left it"), None),
        };
        let other = match sink.as_ref().and_then(|end| end.word.as_ref()) {
            Some(word) => format!("; `to`, on {to}, {}", exited(word.status)),
            None => format!("; `to`, on {to}, was killed before it could take that for the whole"),
        };
        return Err(failed(format!("{why}{other}"), code, said));
    }
    match sink {
        Some(End { lost: Some(lost), .. }) => Err(lost.into()),
        Some(End { word: Some(word), .. }) if word.status != 0 => {
            let why = format!("`to`, on {to}, {} {after}; `from`, on {from}, had exited with 0", exited(word.status));
            Err(failed(why, Some(word.status), said))
        }
        Some(End { word: Some(word), .. }) if word.sha256 != sha256 => {
            Err(failed(format!("what arrived on {to} is not what left {from}: {passed} bytes were sent"), None, said))
        }
        Some(End { word: Some(_), said, .. }) => {
            let outputs = output.outputs(0);
            Ok(Outputs { stderr: said.outputs(0).stderr, ..outputs })
        }
        Some(_) | None => Err(ActionError::Died(format!("`to`, on {to}, was killed when all had been sent to it"))),
    }
}

fn lost_at(lost: &TransportError, after: &str) -> String {
    format!("{lost} ({after})")
}

/// The last words of both ends.
fn words(source: Option<&End>, sink: Option<&End>, from: &Role, to: &Role) -> String {
    let of = |end: Option<&End>, role: &Role| {
        let words = end.map(|end| end.said.last_words()).unwrap_or_default();
        if words.is_empty() {
            String::new()
        } else {
            format!("{role}: {}", words.replace('\n', &format!("\n{role}: ")))
        }
    };
    let both = [of(source, from), of(sink, to)];
    both.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n")
}

fn failed(why: String, code: Option<i32>, stderr: String) -> ActionError {
    ActionError::Failed(Box::new(Failure {
        why,
        hint: code.and_then(hint).map(str::to_owned),
        exit_code: code,
        stderr,
        ..Failure::default()
    }))
}
