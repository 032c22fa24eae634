//! Which way bytes go from host to host, where there is a passage and the relay.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;

use super::door::{Door, Route};
use super::key::OneTimeKey;

/// What is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// The best there is.
    #[default]
    Auto,
    /// From host to host.
    Direct,
    /// Through this process.
    Relay,
}

/// Which way they go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Through this process.
    #[default]
    Relay,
    /// From host to host.
    Direct(Route),
}

/// Which way, why, and what an earlier try may have left of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Which way.
    pub way: Way,
    /// Why that way, where there was a choice.
    pub why: String,
    /// What may have been left of a key, and where: for the way back.
    pub key: Option<OneTimeKey>,
    /// Whether something was left by an earlier try.
    pub leftover: bool,
}

impl Choice {
    /// Looks which ways there are from `from` to `to`, and takes the best that `via` allows. `stage` names the durable job of the source that will
    /// go through a passage.
    ///
    /// # Errors
    /// Where one of them was not reached.
    pub async fn of(via: Via, (from, to): (&Host, &Host), stage: &str, cx: &Read<'_>) -> Result<Self, ActionError> {
        if via == Via::Relay {
            return Ok(Self::default());
        }
        let door = match Door::look(from, to, stage, cx).await? {
            Ok(door) => door,
            Err(why) => return Ok(Self { why, ..Self::default() }),
        };
        let (way, why) = match door.route().await? {
            Ok(route) => (Way::Direct(route), reaches(from, to)),
            Err(why) => (Way::Relay, why),
        };
        Ok(Self { way, why, key: Some(door.key().clone()), leftover: door.leftover() })
    }

    /// Why what is asked for cannot be, where it cannot.
    #[must_use]
    pub fn obstacle(&self, via: Via) -> Option<String> {
        (via == Via::Direct && self.way == Way::Relay).then(|| no_way(&self.why))
    }

    /// The way and its key, where it is direct.
    #[must_use]
    pub fn direct(&self) -> Option<(&Route, &OneTimeKey)> {
        match &self.way {
            Way::Direct(route) => self.key.as_ref().map(|key| (route, key)),
            Way::Relay => None,
        }
    }

    /// The way, in a line.
    #[must_use]
    pub fn in_words(&self) -> String {
        in_words(self.direct().is_some(), &self.why)
    }
}

/// Why a passage was chosen.
#[must_use]
pub fn reaches(from: &Host, to: &Host) -> String {
    format!("{} reaches {}", from.transport().role(), to.transport().role())
}

/// Why there is none, where nothing else will do.
#[must_use]
pub fn no_way(why: &str) -> String {
    format!("there is no direct way: {why}")
}

/// A way in a line: from host to host, or through this process.
#[must_use]
pub fn in_words(direct: bool, why: &str) -> String {
    let way = if direct { "from host to host (direct)" } else { "by way of this process (relay)" };
    if why.is_empty() { way.to_owned() } else { format!("{way}: {why}") }
}
