//! `wait`: for a time, or until an instant. The engine does the waiting, so that a wait outlives the process.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::base::duration;
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use super::context::{Read, Stash, Write};
use super::contract::{Action, ActionError, AfterCrash, Check, Hold, Reversible, Verdict};

const KEYS: [&str; 5] = ["until", "for", "every", "timeout", "ttl_of"];

/// A wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// So long from when it is reached.
    For(Duration),
    /// Until that instant.
    Until(Timestamp),
}

#[async_trait]
impl Action for Wait {
    const KIND: &'static str = "wait";
    const NEEDS_HOST: bool = false;
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
            Self::For(_) => Verdict::Unknown,
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
    for (key, otherwise) in [
        ("for", "a step with `verify: {checks: […], for: 10m}` polls until they hold"),
        ("ttl_of", "write the largest TTL that the old records had, such as `wait: 12h`"),
    ] {
        if fields.node(key).is_some() {
            fields.wrong(key, format!("`wait` knows no `{key}` in this version yet"), otherwise);
            return None;
        }
    }
    for key in ["every", "timeout"] {
        if fields.node(key).is_some() {
            fields.wrong(
                key,
                format!("`{key}` of `wait` belongs to `for`"),
                "a wait is a duration, or `until` an instant",
            );
        }
    }
    let until = fields.required("until", decode::instant);
    fields.done()?;
    until.map(Wait::Until)
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
                "{for: {tcp: x}, every: 10s}",
                "`wait` knows no `for` in this version yet; a step with `verify: {checks: […], for: 10m}` polls until they hold",
            ),
            (
                "{ttl_of: main-records}",
                "`wait` knows no `ttl_of` in this version yet; write the largest TTL that the old records had, such as `wait: 12h`",
            ),
            (
                "{until: 2018-08-20T09:00Z, every: 10s}",
                "`every` of `wait` belongs to `for`; a wait is a duration, or `until` an instant",
            ),
            ("{untl: 2018-08-20T09:00Z}", "`wait` lacks `until`\nunknown key `untl` in `wait`; did you mean `until`?"),
        ] {
            assert_eq!(decoded::<Wait>(text).unwrap_err(), due, "{text}");
        }
    }
}
