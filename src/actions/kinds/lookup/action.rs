//! What `lookup` does.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::nameserver::{Line, Name, Place, Rdata, RecordType, Server, firewall};
use crate::events::Preview;
use crate::events::record::{Failure, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::gather::{Row, gather};
use super::judge::{Judged, judge};

/// A question to name servers.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    /// Whom to ask; empty: what the machine asks.
    pub(super) at: Vec<At>,
    pub(super) expect: Expect,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// All servers of the name's zone.
    Authoritative,
    /// This one.
    Server(Server),
}

/// What is to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expect {
    /// These and no others; none: anything.
    pub(super) values: Option<BTreeSet<Rdata>>,
    pub(super) ttl_at_most: Option<u32>,
}

#[async_trait]
impl Action for Lookup {
    const KIND: &'static str = "lookup";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
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
        match &self.expect.values {
            None => detail.push("expects that there are some".to_owned()),
            Some(values) if values.is_empty() => detail.push("expects that there are none".to_owned()),
            Some(values) => {
                detail.push(format!("expects {}", values.iter().map(Rdata::to_string).collect::<Vec<_>>().join(", ")));
            }
        }
        detail.extend(self.expect.ttl_at_most.map(|most| format!("expects a TTL of {most} at most")));
        let summary = format!("look up {} {}", self.place(), self.at_in_words());
        Preview { summary, detail: detail.join("\n"), undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let rows = gather(self, cx).await?;
        let judged = judge(&rows, &self.place(), &self.expect);
        if !judged.wrong.is_empty() {
            return Err(self.failed(&judged, cx));
        }
        let stderr = if told_in_a_line(&rows) { String::new() } else { judged.table };
        Ok(Outputs { stdout: judged.values.join("\n"), stderr, ttl: judged.ttl, ..Outputs::default() })
    }

    /// It has looked when it was asked: asking again would say what is so later.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let rows = match gather(self, cx).await {
            Ok(rows) => rows,
            Err(ActionError::Failed(failure)) => return Ok(Verdict::Fails(failure.why)),
            Err(error) => return Err(error),
        };
        let judged = judge(&rows, &self.place(), &self.expect);
        if judged.wrong.is_empty() {
            return Ok(Verdict::Holds);
        }
        let table = if told_in_a_line(&rows) { String::new() } else { format!("\n{}", judged.table) };
        Ok(Verdict::Fails(format!("{}{table}", judged.wrong.join("; "))))
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

/// Whether a table of it would say nothing that a line does not.
fn told_in_a_line(rows: &[Row]) -> bool {
    rows.len() < 2
}

impl Lookup {
    fn place(&self) -> Place {
        Place { name: self.name.clone(), kind: self.kind }
    }

    fn at_in_words(&self) -> String {
        if self.at.is_empty() {
            return "at the resolver of /etc/resolv.conf".to_owned();
        }
        let at = self.at.iter().map(|at| match at {
            At::Authoritative => "every server of its zone".to_owned(),
            At::Server(server) => server.to_string(),
        });
        format!("at {}", at.collect::<Vec<_>>().join(", "))
    }

    fn failed(&self, judged: &Judged, cx: &Read<'_>) -> ActionError {
        ActionError::Failed(Box::new(Failure {
            why: judged.wrong.join("; "),
            hint: judged.unreached.then(|| firewall(Line::of(cx).through())),
            command: Some(format!("lookup {} {}", self.place(), self.at_in_words())),
            stderr: judged.table.clone(),
            ..Failure::default()
        }))
    }
}
