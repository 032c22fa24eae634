//! `wait`: for a time, until an instant, until a check holds, or until old DNS records have lived their time. The engine does the waiting, so
//! that a wait outlives the process.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::{StepId, duration};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Hold, Reversible, Verdict};

const KEYS: [Key; 5] = [
    key("until", Form::Instant, "until then"),
    key("for", Form::Defined("check"), "until this holds: one check, as in `verify`"),
    key("every", Form::Duration, "of `for`: from one look to the next").left_out("`10s`"),
    key("timeout", Form::Duration, "of `for`: how long at most").left_out("`10m`"),
    key(
        "ttl_of",
        Form::Word,
        "the id of an earlier `dns` or `lookup` step: until the largest TTL that was seen is over",
    ),
];

/// What `every` and `timeout` are where they are left out.
const EVERY: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_mins(10);

/// A wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// So long from when it is reached.
    For(Duration),
    /// Until that instant.
    Until(Timestamp),
    /// Until the check of the step holds, which is of that kind.
    Check {
        /// Its kind.
        kind: String,
        /// From one look to the next.
        every: Duration,
        /// How long at most, from when it is reached.
        timeout: Duration,
    },
    /// Until the records that this step saw have lived their time.
    Ttl(StepId),
}

#[async_trait]
impl Action for Wait {
    const KIND: &'static str = "wait";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Either(&[Form::Duration, Form::OneKeyOf(&KEYS, &["until", "for", "ttl_of"])]);
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        if matches!(value.shape, Shape::Map(_)) {
            return mapping(value, diagnostics);
        }
        decode::duration(value, diagnostics).map(Self::For)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(if self.is_past(cx) { Check::Satisfied } else { Check::Differs(()) })
    }

    fn preview(&self, _seen: &()) -> Preview {
        let summary = match self {
            Self::For(time) => format!("wait {}", duration::show(*time)),
            Self::Until(instant) => format!("wait until {instant}"),
            Self::Check { kind, timeout, .. } => {
                format!("wait until the `{kind}` holds, {} at most", duration::show(*timeout))
            }
            Self::Ttl(step) => format!("wait until the records of before `{step}` have lived their time"),
        };
        Preview { summary, detail: String::new(), undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    /// The wait is over when this is called.
    async fn apply(&self, _seen: &(), _cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Ok(Outputs::default())
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(match self {
            Self::For(_) | Self::Check { .. } | Self::Ttl(_) => Verdict::Unknown,
            Self::Until(_) if self.is_past(cx) => Verdict::Holds,
            Self::Until(instant) => Verdict::Fails(format!("it is not {instant} yet")),
        })
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    /// What was waited is in the journal; there is nothing else to it.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn hold(&self) -> Option<Hold> {
        Some(match self {
            Self::For(time) => Hold::For(*time),
            Self::Until(instant) => Hold::Until(*instant),
            Self::Check { kind, every, timeout } => {
                Hold::Check { kind: kind.clone(), every: *every, timeout: *timeout }
            }
            Self::Ttl(step) => Hold::Ttl(step.clone()),
        })
    }
}

impl Wait {
    fn is_past(&self, cx: &Read<'_>) -> bool {
        matches!(self, Self::Until(instant) if cx.around().clock().now() >= *instant)
    }
}

fn mapping(value: &Node, diagnostics: &mut Diagnostics) -> Option<Wait> {
    let mut fields = Fields::of(value, "`wait`", &KEYS, diagnostics)?;
    let key = fields.exactly_one(&["until", "for", "ttl_of"])?;
    if key != "for" {
        for beside in ["every", "timeout"] {
            if fields.node(beside).is_some() {
                fields.wrong(beside, format!("`{beside}` of `wait` belongs to `for`"), "this wait looks at nothing");
            }
        }
    }
    match key {
        "until" => {
            let until = fields.required("until", decode::instant);
            fields.done()?;
            until.map(Wait::Until)
        }
        "ttl_of" => {
            let step = fields.required("ttl_of", decode::word);
            fields.done()?;
            step.map(|step| Wait::Ttl(StepId::from(step)))
        }
        _ => {
            let kind = fields.required("for", check);
            let every = fields.optional("every", decode::duration).unwrap_or(EVERY);
            if every.is_zero() {
                fields.wrong("every", "a wait that looks without a pause", "such as `10s`");
            }
            let timeout = fields.optional("timeout", decode::duration).unwrap_or(TIMEOUT);
            fields.done()?;
            Some(Wait::Check { kind: kind?, every, timeout })
        }
    }
}

/// The kind of the check: whoever read the step has taken the check itself out.
fn check(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    if matches!(node.shape, Shape::Map(_)) {
        diagnostics.error(&node.span, "a `wait` for a check cannot stand here").hint("it is a step of its own");
        return None;
    }
    decode::word(node, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn a_wait_is_a_duration_or_until_an_instant() {
        assert_eq!(decoded("1h30m"), Ok(Wait::For(Duration::from_mins(90))));
        let until: Wait = decoded("{until: 2018-08-20T09:00+12:00}").unwrap();
        assert_eq!(until, Wait::Until("2018-08-19T21:00:00Z".parse().unwrap()));
        assert_eq!(until.hold(), Some(Hold::Until("2018-08-19T21:00:00Z".parse().unwrap())));
        assert_eq!(until.preview(&()).summary, "wait until 2018-08-19T21:00:00Z");
        let check: Wait = decoded("{for: http, timeout: 1h}").unwrap();
        assert_eq!(check, Wait::Check { kind: "http".to_owned(), every: EVERY, timeout: Duration::from_hours(1) });
        assert_eq!(check.preview(&()).summary, "wait until the `http` holds, 1h at most");
        assert_eq!(decoded("{ttl_of: main-records}"), Ok(Wait::Ttl("main-records".into())));
        assert_eq!(Wait::For(Duration::from_mins(90)).preview(&()).summary, "wait 1h30m");
    }

    #[test]
    fn what_is_no_wait_says_what_is() {
        for (text, due) in [
            ("90", "a duration is due here, found `90`; it needs a unit: write `90s` for seconds, `90m` for minutes"),
            ("[1h]", "a duration is due here, found a list"),
            (
                "{until: tomorrow}",
                "an instant is due here, found `tomorrow`; instants look like `2018-08-20T09:00Z`, `2018-08-20T09:00+12:00`",
            ),
            (
                "{until: 2018-08-20T09:00Z, every: 10s}",
                "`every` of `wait` belongs to `for`; this wait looks at nothing",
            ),
            ("{for: http, every: 0s}", "a wait that looks without a pause; such as `10s`"),
            ("{for: {http: x}}", "a `wait` for a check cannot stand here; it is a step of its own"),
        ] {
            assert_eq!(decoded::<Wait>(text).unwrap_err(), due, "{text}");
        }
    }
}
