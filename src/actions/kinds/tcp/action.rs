//! What `tcp` does.

use std::time::Duration;

use async_trait::async_trait;
use regex::Regex;
use tokio::time::{Instant, timeout_at};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::said::{last_lines, text};
use crate::base::duration;
use crate::base::secret::shown;
use crate::events::Preview;
use crate::events::record::{Failure, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::connect::{Trouble, connect};
use super::talk::{Came, End, MOST, matches, talk};

/// Where neither it nor its step says: long enough for a service that is there.
const LIMIT: Duration = Duration::from_secs(10);

/// How many lines of what came tell what came instead of what was expected.
const LINES: usize = 20;

/// The same in a line of a check.
const FEW_LINES: usize = 5;

/// A conversation.
#[derive(Debug)]
pub struct Tcp {
    pub(super) to: String,
    pub(super) send: Option<String>,
    pub(super) expect: Option<Regex>,
    pub(super) until: Option<Regex>,
    pub(super) timeout: Option<Duration>,
}

/// What came of it.
struct Heard {
    /// All that came, masked.
    bytes: Vec<u8>,
    /// What is wrong with it.
    wrong: Option<String>,
}

#[async_trait]
impl Action for Tcp {
    const KIND: &'static str = "tcp";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    const SECRETS: &'static [&'static str] = &["send"];
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// It is asked when it is its turn: what is said then is what later steps go by.
    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        let mut detail = Vec::new();
        detail.extend(self.send.iter().map(|send| format!("sends {}", quoted(&shown(send)))));
        detail.extend(self.until.iter().map(|until| format!("reads until /{until}/")));
        detail.extend(self.expect.iter().map(|expect| format!("expects /{expect}/")));
        Preview { summary: self.in_words(), detail: detail.join("\n"), undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let heard = match self.ask(cx).await {
            Ok(heard) => heard,
            Err(Trouble::Untried(error)) => return Err(error),
            Err(Trouble::No(why)) => return Err(self.failed(why, &[])),
        };
        match heard.wrong {
            Some(why) => Err(self.failed(why, &heard.bytes)),
            None => Ok(Outputs { stdout: text(&heard.bytes, heard.bytes.len() >= MOST), ..Outputs::default() }),
        }
    }

    /// It has looked when it was asked: asking again would say what is so later.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        match self.ask(cx).await {
            Ok(Heard { wrong: None, .. }) => Ok(Verdict::Holds),
            Ok(Heard { wrong: Some(why), bytes }) => {
                let came = String::from_utf8_lossy(&bytes);
                let came = last_lines(&came, FEW_LINES);
                let colon = if came.is_empty() { "" } else { "; the last of it: " };
                Ok(Verdict::Fails(format!("{why}{colon}{came}")))
            }
            Err(Trouble::No(why)) => Ok(Verdict::Fails(why)),
            Err(Trouble::Untried(error)) => Err(error),
        }
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

impl Tcp {
    async fn ask(&self, cx: &Read<'_>) -> Result<Heard, Trouble> {
        let limit = self.limit(cx.env().timeout);
        let deadline = Instant::now() + limit;
        let send = self.send.as_ref().map(|send| cx.reveal(send)).transpose().map_err(Trouble::Untried)?;
        let Ok(stream) = timeout_at(deadline, connect(&self.to, cx)).await else {
            return Err(Trouble::No(format!("no connection to {} within {}", self.to, duration::show(limit))));
        };
        let mut stream = stream?;
        if self.is_silent() {
            return Ok(Heard { bytes: Vec::new(), wrong: None });
        }
        let until = self.until.as_ref().or(self.expect.as_ref());
        let came = talk(&mut *stream, send.as_ref(), until, deadline).await;
        // Held to before it is masked: what is expected may be what is hidden.
        let wrong = self.against(&came, limit);
        Ok(Heard { bytes: cx.around().masker().mask_bytes(&came.bytes), wrong })
    }

    /// Whether the port has only to be open.
    fn is_silent(&self) -> bool {
        self.send.is_none() && self.expect.is_none() && self.until.is_none()
    }

    /// How long it may take: where nothing in particular is waited for, a step with hours to go is not meant.
    fn limit(&self, of_step: Option<Duration>) -> Duration {
        let waits = self.expect.is_some() || self.until.is_some();
        self.timeout.or(of_step.map(|limit| if waits { limit } else { limit.min(LIMIT) })).unwrap_or(LIMIT)
    }

    /// What is wrong with what came.
    fn against(&self, came: &Came, limit: Duration) -> Option<String> {
        let unmatched = self.expect.as_ref().filter(|expect| !matches(Some(expect), &came.bytes));
        let wanted = self.until.as_ref().or(unmatched);
        let silence = if came.bytes.is_empty() { ", and nothing had come" } else { "" };
        let because = |why: &Option<String>| why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        match (&came.end, wanted) {
            (End::Unsent(None), _) => Some(format!("not all was taken within {}", duration::show(limit))),
            (End::Unsent(why), _) => Some(format!("the other end closed before all was sent{}", because(why))),
            (End::Matched, _) => unmatched.map(|expect| format!("nothing that came matches /{expect}/")),
            (_, None) => None,
            (End::TimeUp, Some(wanted)) => {
                Some(format!("nothing matched /{wanted}/ within {}{silence}", duration::show(limit)))
            }
            (End::Closed(why), Some(wanted)) => {
                Some(format!("the other end closed before anything matched /{wanted}/{silence}{}", because(why)))
            }
            (End::Full, Some(wanted)) => Some(format!("more than 1 MiB came, and nothing matched /{wanted}/")),
        }
    }

    fn in_words(&self) -> String {
        if self.is_silent() {
            return format!("connect to {}", self.to);
        }
        format!("talk to {}", self.to)
    }

    /// A failure. What came stands where the words of a command stand.
    fn failed(&self, why: String, came: &[u8]) -> ActionError {
        ActionError::Failed(Box::new(Failure {
            why,
            command: Some(self.in_words()),
            stderr: last_lines(&String::from_utf8_lossy(came), LINES).to_owned(),
            ..Failure::default()
        }))
    }
}

/// A text with its line ends to be seen.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
