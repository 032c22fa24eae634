//! The dump on its way from host to host: a durable job of the source, which needs neither this process nor its line.

use std::future::ready;

use serde_json::Value;

use crate::actions::Host;
use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable::{Ear, Stage};
use crate::actions::passage::{self, BEGUN, NOT_THROUGH, NOT_THROUGH_WORDS, OneTimeKey, Route};
use crate::base::Secret;
use crate::events::Progress;
use crate::events::record::Failure;
use crate::transport::{JobSpec, Stream};

use super::place::Place;
use super::transfer::unpacking;

/// The name of the job.
pub(super) const TRANSFER: &str = "transfer";

const SEND: &str = include_str!("host/send.sh");

/// The bytes of what tar counts: its records.
const RECORD: u64 = 10_240;

/// How a job ended.
pub(super) enum Sent {
    /// What came of it is to be looked at.
    Over,
    /// The way did not hold.
    BrokenOff(Box<Failure>),
}

/// Sends the files whose names are given, a line each.
pub(super) async fn send(
    (from, to): (&(Place, Host), &(Place, Host)),
    (route, key): (&Route, &OneTimeKey),
    names: String,
    (done, of): (u64, u64),
    cx: &Write<'_>,
) -> Result<Sent, ActionError> {
    let open = async {
        // It is called without a word.
        key.open(route, &unpacking(&to.0), Some(""), cx).await?;
        let call = format!("{} {}", route.ssh(), route.destination());
        let env = [("W", from.0.folder.clone()), ("CALL", call)];
        let env = env.map(|(name, value)| (name.to_owned(), Secret::new(value)));
        Ok(JobSpec { env: env.into(), stdin: Some(Secret::new(names)), ..JobSpec::script(SEND) })
    };
    let mut ear = Hearing { cx, done, of, rest: Vec::new() };
    judge(passage::carry(key, stage(&from.1, &mut ear), None, open, cx).await.map(drop))
}

/// Follows the job that an earlier process has launched.
pub(super) async fn follow(
    (_, host): &(Place, Host),
    key: &OneTimeKey,
    job: &Value,
    of: u64,
    cx: &Write<'_>,
) -> Result<Sent, ActionError> {
    let mut ear = Hearing { cx, done: 0, of, rest: Vec::new() };
    let begun = ready(Err(ActionError::failed(BEGUN)));
    judge(passage::carry(key, stage(host, &mut ear), Some(job), begun, cx).await.map(drop))
}

fn stage<'a>(host: &'a Host, ear: &'a mut dyn Ear) -> Stage<'a> {
    Stage { host, name: Some(TRANSFER), command: "tar to the target", ear }
}

fn judge(ended: Result<(), ActionError>) -> Result<Sent, ActionError> {
    match ended {
        Err(ActionError::Failed(failure)) if failure.exit_code == Some(NOT_THROUGH) => {
            let (why, hint) = NOT_THROUGH_WORDS;
            Ok(Sent::BrokenOff(Box::new(Failure { why: why.to_owned(), hint: Some(hint.to_owned()), ..*failure })))
        }
        Err(ActionError::Died(why) | ActionError::NoTrace(why)) => {
            Ok(Sent::BrokenOff(Box::new(Failure { why, ..Failure::default() })))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(Sent::Over),
    }
}

/// Hears how far tar is.
struct Hearing<'a> {
    cx: &'a Write<'a>,
    /// What was there before it began.
    done: u64,
    of: u64,
    rest: Vec<u8>,
}

impl Ear for Hearing<'_> {
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        if stream == Stream::Stdout {
            return bytes;
        }
        self.rest.extend_from_slice(&bytes);
        let mut kept = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.rest) {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let Some(records) = amount(&line) else {
                kept.extend_from_slice(&line);
                continue;
            };
            // tar adds to each file: no more than all is ever told.
            let done = self.done.saturating_add(records.saturating_mul(RECORD)).min(self.of);
            let unit = self.cx.env().unit.clone();
            self.cx.around().progress(Progress::Amount { unit, done, of: Some(self.of) });
        }
        kept
    }
}

/// The records that tar has written, where a line says so.
fn amount(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line).ok()?.trim_end().strip_prefix("tar: amount:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tar_counts_is_told_from_what_it_says() {
        assert_eq!(amount(b"tar: amount:100\n"), Some(100));
        assert_eq!(amount(b"tar: x: Cannot open: No such file or directory\n"), None);
    }
}
