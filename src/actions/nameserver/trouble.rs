//! Why a name server gave no answer, or said no: in plain words, with what to do about it.

use hickory_proto::op::ResponseCode;

use crate::actions::contract::ActionError;
use crate::base::Role;

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// Nothing can be reached at that family of addresses from here.
    NoRoute(String),
    /// Nobody took the question: refused, or no connection in time.
    Unreachable(String),
    /// It was sent, and no answer came.
    Silent(String),
    /// What came is no answer to what was asked, or is not signed as it has to be.
    Garbled(String),
    /// The key or the signature is not accepted.
    Denied {
        /// Why.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// It could not even be asked.
    Unasked(ActionError),
}

impl From<ActionError> for Trouble {
    fn from(error: ActionError) -> Self {
        Self::Unasked(error)
    }
}

impl Trouble {
    /// In words, without a hint.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::NoRoute(why)
            | Self::Unreachable(why)
            | Self::Silent(why)
            | Self::Garbled(why)
            | Self::Denied { why, .. } => why.clone(),
            Self::Unasked(error) => error.to_string(),
        }
    }

    /// As a failure, for whoever asked: `through` that host, or directly.
    #[must_use]
    pub fn into_error(self, through: Option<&Role>) -> ActionError {
        match self {
            Self::Unasked(error) => error,
            Self::Denied { why, hint } => ActionError::failed_with_hint(why, hint),
            Self::Garbled(why) => ActionError::failed(why),
            Self::NoRoute(why) | Self::Unreachable(why) | Self::Silent(why) => {
                ActionError::failed_with_hint(why, firewall(through))
            }
        }
    }
}

/// What may be the matter where nobody answers.
#[must_use]
pub fn firewall(through: Option<&Role>) -> String {
    match through {
        None => {
            "a firewall may forbid port 53 from here: with `on: ROLE` the step asks from that host, through its SSH \
                 connection"
                .to_owned()
        }
        Some(role) => {
            format!("it was asked from {role}, over TCP: a firewall may forbid that, or nothing listens there")
        }
    }
}

/// What a response code says about a question or an update: why, and what to do about it.
#[must_use]
pub fn in_words(code: ResponseCode, server: &str, zone: &str) -> (String, String) {
    let (why, hint) = match code {
        ResponseCode::Refused => (
            format!("{server} refuses it (REFUSED)"),
            format!(
                "it may not let this key, or this address, do that: see `update-policy` or `allow-update` of the zone {zone} there; a zone that is frozen, or that would be left broken, is refused too: its log says which"
            ),
        ),
        ResponseCode::NotAuth => (
            format!("{server} is not authoritative for {zone} (NOTAUTH)"),
            "`server` has to be the primary server of the zone, and `zone` the name that the zone has there".to_owned(),
        ),
        ResponseCode::NotZone => (
            format!("a name is not in the zone {zone} (NOTZONE)"),
            "names without a dot at the end are relative to the zone; a name below a delegation is in another"
                .to_owned(),
        ),
        ResponseCode::ServFail => (
            format!("{server} failed to do it (SERVFAIL)"),
            "its log says why: it may not be able to write the zone or its journal, or the zone has expired".to_owned(),
        ),
        ResponseCode::NotImp => {
            (format!("{server} knows no such request (NOTIMP)"), "it may not take dynamic updates at all".to_owned())
        }
        ResponseCode::FormErr => (
            format!("{server} cannot read the request (FORMERR)"),
            "a server that is old, or something in between that is no name server".to_owned(),
        ),
        other => (format!("{server} says {other}"), "its log may say more".to_owned()),
    };
    (why, hint)
}
