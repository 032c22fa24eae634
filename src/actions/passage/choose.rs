//! Which way bytes go from host to host: through a passage, or by way of the operator's machine.

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
    /// Through the disk of the operator's machine. Whoever offers that says what is kept there, and where.
    Staging,
}

/// How that is written. The last is for those alone that offer it.
pub const WAYS: [(&str, Via); 4] =
    [("auto", Via::Auto), ("direct", Via::Direct), ("relay", Via::Relay), ("staging", Via::Staging)];

/// Which way they go, where nothing is kept on the operator's machine.
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

impl Via {
    /// Looks at the destination's door where that may be gone through; in words why it cannot be, and in none where it need not be. `stage` names
    /// the durable job of the source that will go through.
    ///
    /// # Errors
    /// As [`Door::look`].
    pub async fn door(
        self,
        (from, to): (&Host, &Host),
        stage: &str,
        cx: &Read<'_>,
    ) -> Result<Result<Door, String>, ActionError> {
        match self {
            Self::Auto | Self::Direct => Door::look(from, to, stage, cx).await,
            Self::Relay | Self::Staging => Ok(Err(String::new())),
        }
    }
}

impl Choice {
    /// Looks which ways there are from one end to the other, and takes the best that `via` allows. `stage` as for [`Via::door`].
    ///
    /// # Errors
    /// Where one of them was not reached.
    pub async fn of(via: Via, ends: (&Host, &Host), stage: &str, cx: &Read<'_>) -> Result<Self, ActionError> {
        Self::through(via.door(ends, stage, cx).await?).await
    }

    /// The same where the door was looked at, or it was said why there is none.
    ///
    /// # Errors
    /// As [`Choice::of`].
    pub async fn through(door: Result<Door, String>) -> Result<Self, ActionError> {
        let door = match door {
            Ok(door) => door,
            Err(why) => return Ok(Self { why, ..Self::default() }),
        };
        let (way, why) = match door.route().await? {
            Ok(route) => (Way::Direct(route), door.reaches()),
            Err(why) => (Way::Relay, why),
        };
        Ok(Self { way, why, key: Some(door.key().clone()), leftover: door.leftover() })
    }

    /// Why what is asked for cannot be, where it cannot.
    #[must_use]
    pub fn obstacle(&self, via: Via) -> Option<String> {
        (via == Via::Direct && self.way == Way::Relay).then(|| format!("there is no direct way: {}", self.why))
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
        let way = match self.way {
            Way::Direct(_) => "from host to host (direct)",
            Way::Relay => "by way of this process (relay)",
        };
        if self.why.is_empty() { way.to_owned() } else { format!("{way}: {}", self.why) }
    }
}
