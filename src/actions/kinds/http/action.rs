//! What `http` does.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use hyper::Method;
use hyper::header::HeaderName;

use crate::actions::context::{Family, Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::nameserver::Server;
use crate::base::Spanned;
use crate::base::secret::shown;
use crate::events::Preview;
use crate::events::record::{Failure, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::decode::only_reads;
use super::expect::{Expect, excerpt};
use super::outputs::{NAMES, outputs};
use super::request::{Asked, ask};
use super::trouble::Wrong;

/// A request.
#[derive(Debug)]
pub struct Http {
    pub(super) url: String,
    pub(super) method: Method,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<String>,
    pub(super) resolve: Option<String>,
    /// The name server to ask in place of what this machine has its names from.
    pub(super) at: Option<Server>,
    pub(super) family: Option<Family>,
    pub(super) ca: Option<Spanned<String>>,
    pub(super) follow: bool,
    /// Whether nothing but the head of the answer is read.
    pub(super) head_only: bool,
    pub(super) expect: Expect,
    /// Whether what is wrong is told to later steps instead of failing this one.
    pub(super) may_fail: bool,
}

#[async_trait]
impl Action for Http {
    const KIND: &'static str = "http";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    const SECRETS: &'static [&'static str] = &["headers", "body", "url"];
    const OUTPUTS: &'static [&'static str] = NAMES;
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// A request is made when it is its turn: what it says then is what later steps go by.
    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        let mut detail = Vec::new();
        detail.extend(self.resolve.iter().map(|to| format!("at the address of {to}")));
        detail.extend(self.at.iter().map(|server| format!("where the name leads is asked of {server}")));
        detail.extend(self.headers.iter().map(|(name, value)| format!("{name}: {}", shown(value))));
        detail.extend(self.body.iter().map(|body| shown(body)));
        detail.push(format!("expects {}", self.expect.in_words()));
        detail.extend(self.may_fail.then(|| "what is wrong does not fail the step".to_owned()));
        let undo = if self.only_reads() { "none needed" } else { "nothing: it has no undo of its own" };
        Preview { summary: self.in_words(), detail: detail.join("\n"), undo: undo.to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(if self.only_reads() {
            Reversible::Nothing
        } else {
            Reversible::No(format!("a {} has no undo of its own", self.method))
        })
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let sent = AtomicBool::new(false);
        let masker = cx.around().masker();
        let Asked { trail, answer } = ask(self, &sent, cx).await?;
        let (answer, wrong) = match answer {
            Ok(answer) => {
                let wrong = self.expect.against(&answer, cx.around().clock().now(), masker);
                (Some(answer), wrong.join("; "))
            }
            Err(trouble) => {
                let Wrong { why, hint } = Wrong::of(trouble, masker)?;
                if sent.load(Relaxed) && !self.only_reads() {
                    let why = format!("the request may have been taken, but there is {why}");
                    return Err(ActionError::Unanswered(why));
                }
                if !self.may_fail {
                    return Err(self.failed(why, hint, String::new()));
                }
                (None, why)
            }
        };
        let error = Some(wrong.as_str()).filter(|wrong| !wrong.is_empty());
        let outputs = outputs(&trail, answer.as_ref(), error, masker);
        match error {
            Some(why) if !self.may_fail => Err(self.failed(why.to_owned(), None, excerpt(&outputs.stdout))),
            _ => Ok(Outputs { changed: !self.only_reads(), ..outputs }),
        }
    }

    /// It has looked when it was made: asking again would say what is so later.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    /// As a check it is held to what is expected: `may_fail` says what becomes of a step.
    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let masker = cx.around().masker();
        let answer = match ask(self, &AtomicBool::new(false), cx).await?.answer {
            Ok(answer) => answer,
            Err(trouble) => return Ok(Verdict::Fails(Wrong::of(trouble, masker)?.in_a_line())),
        };
        let wrong = self.expect.against(&answer, cx.around().clock().now(), masker);
        if wrong.is_empty() {
            return Ok(Verdict::Holds);
        }
        let begins = excerpt(&String::from_utf8_lossy(&masker.mask_bytes(&answer.body)));
        let begins = if begins.is_empty() { begins } else { format!("; the body begins: {begins}") };
        Ok(Verdict::Fails(format!("{}{begins}", wrong.join("; "))))
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Err(ActionError::failed("a request has no undo of its own"))
    }

    fn takes_itself_back(&self) -> bool {
        self.only_reads()
    }

    fn after_crash(&self) -> AfterCrash {
        if self.only_reads() { AfterCrash::Reapply } else { AfterCrash::AskOperator }
    }

    fn local_files(&self) -> Vec<LocalFile> {
        self.ca.iter().map(|path| LocalFile { path: path.clone(), template: false }).collect()
    }
}

impl Http {
    fn only_reads(&self) -> bool {
        only_reads(&self.method)
    }

    fn in_words(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }

    /// A failure. The body stands where the words of a command stand.
    fn failed(&self, why: String, hint: Option<String>, body: String) -> ActionError {
        ActionError::Failed(Box::new(Failure {
            why,
            hint,
            command: Some(self.in_words()),
            stderr: body,
            ..Failure::default()
        }))
    }
}
