//! Actions behind one object-safe face: what they saw and captured travels as JSON, as the journal keeps it.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::Spanned;
use crate::events::Preview;
use crate::events::record::{Account, Keepsake, Outputs};

use super::context::{Read, Stash, Write};
use super::contract::{Action, ActionError, AfterCrash, Check, Hold, LocalFile, Reversible, Verdict};
use super::expected::Leaves;

/// What a check saw, in the action's own form.
pub type Seen = Value;

/// An action of any kind. See [`Action`] for what each method owes.
#[async_trait]
pub trait DynAction: Send + Sync {
    /// The YAML key.
    fn kind(&self) -> &'static str;
    /// See [`Action::check`].
    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError>;
    /// See [`Action::preview`].
    ///
    /// # Errors
    /// Where what was seen cannot be read.
    fn preview(&self, seen: &Seen) -> Result<Preview, ActionError>;
    /// See [`Action::leaves`].
    async fn leaves(&self, seen: &Seen, cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError>;
    /// See [`Action::capture`].
    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Value>, ActionError>;
    /// See [`Action::apply`].
    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError>;
    /// See [`Action::reattach`].
    async fn reattach(&self, job: &Value, cx: &Write<'_>) -> Result<Outputs, ActionError>;
    /// See [`Action::clear_up`].
    async fn clear_up(&self, job: &Value, cx: &Read<'_>) -> Result<(), ActionError>;
    /// See [`Action::verify`].
    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError>;
    /// See [`Action::probe`].
    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError>;
    /// See [`Action::after_crash`].
    fn after_crash(&self) -> AfterCrash;
    /// See [`Action::takes_itself_back`].
    fn takes_itself_back(&self) -> bool;
    /// See [`Action::restarts`].
    fn restarts(&self) -> Option<String>;
    /// See [`Action::hold`].
    fn hold(&self) -> Option<Hold>;
    /// See [`Action::local_files`].
    fn local_files(&self) -> Vec<LocalFile>;
    /// See [`Action::secrets_by_name`].
    fn secrets_by_name(&self) -> Vec<Spanned<String>>;
}

#[async_trait]
impl<A: Action> DynAction for A {
    fn kind(&self) -> &'static str {
        A::KIND
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        Ok(match Action::check(self, cx).await? {
            Check::Satisfied => Check::Satisfied,
            Check::Differs(seen) => Check::Differs(to_value(&seen)?),
            Check::Blocked(why) => Check::Blocked(why),
            Check::Unknowable(why) => Check::Unknowable(why),
        })
    }

    fn preview(&self, seen: &Seen) -> Result<Preview, ActionError> {
        Ok(Action::preview(self, &from_value(seen)?))
    }

    async fn leaves(&self, seen: &Seen, cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Action::leaves(self, &from_value(seen)?, cx).await
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Value>, ActionError> {
        Ok(match Action::capture(self, &from_value(seen)?, cx).await? {
            Reversible::By(undo) => Reversible::By(to_value(&undo)?),
            Reversible::Nothing => Reversible::Nothing,
            Reversible::No(why) => Reversible::No(why),
            Reversible::Swept { why, undo } => Reversible::Swept { why, undo: to_value(&undo)? },
        })
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Action::apply(self, &from_value(seen)?, cx).await
    }

    async fn reattach(&self, job: &Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Action::reattach(self, job, cx).await
    }

    async fn clear_up(&self, job: &Value, cx: &Read<'_>) -> Result<(), ActionError> {
        Action::clear_up(self, job, cx).await
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Action::verify(self, cx).await
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Action::probe(self, cx).await
    }

    fn after_crash(&self) -> AfterCrash {
        Action::after_crash(self)
    }

    fn takes_itself_back(&self) -> bool {
        Action::takes_itself_back(self)
    }

    fn restarts(&self) -> Option<String> {
        Action::restarts(self)
    }

    fn hold(&self) -> Option<Hold> {
        Action::hold(self)
    }

    fn local_files(&self) -> Vec<LocalFile> {
        Action::local_files(self)
    }

    fn secrets_by_name(&self) -> Vec<Spanned<String>> {
        Action::secrets_by_name(self)
    }
}

/// Takes a unit of kind `A` back with what it captured.
///
/// # Errors
/// Where what was captured cannot be read, or as [`Action::undo`] says.
pub async fn undo<A: Action>(captured: &Value, cx: &Write<'_>) -> Result<String, ActionError> {
    A::undo(&from_value(captured)?, cx).await
}

/// Removes what a unit of kind `A` needed on its way.
///
/// # Errors
/// Where what was captured cannot be read, or as [`Action::sweep`] says.
pub async fn sweep<A: Action>(captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
    A::sweep(&from_value(captured)?, cx).await
}

/// In whose folders a unit of kind `A` keeps things, by what it captured.
#[must_use]
pub fn keepers<A: Action>(captured: &Value) -> Vec<Account> {
    from_value(captured).map(|undo| A::keepers(&undo)).unwrap_or_default()
}

/// What a unit of kind `A` keeps for its undo beside the folder of the run.
///
/// # Errors
/// Where what was captured cannot be read, or as [`Action::kept`] says.
pub async fn kept<A: Action>(captured: &Value, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
    A::kept(&from_value(captured)?, cx).await
}

/// Removes that.
///
/// # Errors
/// Where what was captured cannot be read, or as [`Action::discard`] says.
pub async fn discard<A: Action>(captured: &Value, cx: &Write<'_>) -> Result<(), ActionError> {
    A::discard(&from_value(captured)?, cx).await
}

/// The time to live that a unit of kind `A` saw before its change, by what it captured.
#[must_use]
pub fn ttl_before<A: Action>(captured: &Value) -> Option<u32> {
    A::ttl_before(&from_value(captured).ok()?)
}

fn to_value(value: &impl Serialize) -> Result<Value, ActionError> {
    serde_json::to_value(value).map_err(|error| ActionError::failed(format!("cannot be kept as JSON: {error}")))
}

fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, ActionError> {
    T::deserialize(value).map_err(|error| ActionError::failed(format!("what was captured cannot be read: {error}")))
}
