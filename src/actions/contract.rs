//! The contract of an action: what it owes the operator before, while and after it changes anything.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::fs::FsError;
use crate::base::{Spanned, StepId};
use crate::events::Preview;
use crate::events::record::{Account, Failure, Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};
use crate::transport::TransportError;

use super::context::{Read, Stash, Write};
use super::expected::Leaves;

/// A kind of action, decoded and rendered for one unit.
#[async_trait]
pub trait Action: Sized + Send + Sync + 'static {
    /// The YAML key.
    const KIND: &'static str;
    /// Whether it acts on a host, so that the step needs `on`.
    const NEEDS_HOST: bool;
    /// What its value looks like: the keys that `decode` knows, what stands under them, and what they say. The JSON Schema has it from here.
    const FORM: Form;
    /// Where in its value a secret may stand, as in `env` or `headers`; what stands below such a key counts too. It comes sealed, and
    /// [`Read::reveal`] gives it at the last moment. Anywhere else a secret is refused at check time.
    const SECRETS: &'static [&'static str] = &[];
    /// What it leaves for later templates beside `stdout`, `stderr`, `exit_code` and `changed`: the keys of [`Outputs::data`], each of which
    /// it always leaves. `steps.ID.KEY` of any other name is refused at check time.
    const OUTPUTS: &'static [&'static str] = &[];
    /// What `check` saw, for `preview`, `capture` and `apply`.
    type Seen: Serialize + DeserializeOwned + Send + Sync;
    /// What `undo` needs; durable before `apply`, and all that `undo` has when it runs a week later in another process.
    type Undo: Serialize + DeserializeOwned + Send + Sync;

    /// Reads the action from its YAML value, reporting everything that is wrong with it. Called at check time too, when some
    /// scalars are not known yet: those decode as anything.
    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self>;

    /// Looks at the host and changes nothing: in one round trip wherever that can be.
    async fn check(&self, cx: &Read<'_>) -> Result<Check<Self::Seen>, ActionError>;

    /// What `apply` would do, from what was seen alone.
    fn preview(&self, seen: &Self::Seen) -> Preview;

    /// What `apply` would leave that steps after it look at, as far as that can be told: their previews build on it.
    async fn leaves(&self, _seen: &Self::Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Ok(Vec::new())
    }

    /// Saves what `undo` will need. Called once per unit, before anything is changed.
    async fn capture(&self, seen: &Self::Seen, cx: &Stash<'_>) -> Result<Reversible<Self::Undo>, ActionError>;

    /// Does it. Applied again while it holds, it changes nothing.
    async fn apply(&self, seen: &Self::Seen, cx: &Write<'_>) -> Result<Outputs, ActionError>;

    /// Whether what was asked holds now.
    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError>;

    /// The same where the action stands as a check, in `verify` or `watch`: for kinds that do their looking in `apply`.
    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        self.verify(cx).await
    }

    /// Takes it back. Looks first whether the thing is still as apply left it (or already as before, or half-way): what somebody else
    /// changed since is shown (`ActionError::Changed`), not overwritten. Idempotent.
    async fn undo(undo: &Self::Undo, cx: &Write<'_>) -> Result<String, ActionError>;

    /// Removes what apply needed on its way and a crash has left, by what was captured: keys, files that only pass through. Called where
    /// nothing of the unit runs any more: before a step's own `undo`, and before a crash is looked into. The action's undo does it itself.
    async fn sweep(_undo: &Self::Undo, _cx: &Write<'_>) -> Result<(), ActionError> {
        Ok(())
    }

    /// In whose folders on which hosts it keeps things, beside those of the user that its unit acts as.
    fn keepers(_undo: &Self::Undo) -> Vec<Account> {
        Vec::new()
    }

    /// What its undo needs that is not in the folder of the run on its host: it stands beside what was changed, or is no file. Of units that
    /// were not applied to their end, too.
    async fn kept(_undo: &Self::Undo, _cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        Ok(Vec::new())
    }

    /// Removes that, once nobody will take the unit back any more, and what its undo would have removed of a try that came to no end, as far as
    /// `sweep`, which comes before it, has not. Looks first whether it is still what was kept. Idempotent.
    async fn discard(_undo: &Self::Undo, _cx: &Write<'_>) -> Result<(), ActionError> {
        Ok(())
    }

    /// What to do about a unit that was being applied when the controller died. A durable job that the journal has is found again first,
    /// unless it is to be applied again anyway.
    fn after_crash(&self) -> AfterCrash;

    /// Finds the durable job of an earlier try again and follows it to its end. For actions that have durable jobs.
    async fn reattach(&self, _job: &serde_json::Value, _cx: &Write<'_>) -> Result<Outputs, ActionError> {
        Err(ActionError::failed(format!("`{}` has no durable job to find again", Self::KIND)))
    }

    /// Removes what a durable job left on its host: called once its outcome is in the journal, and only where it was applied.
    async fn clear_up(&self, _job: &serde_json::Value, _cx: &Read<'_>) -> Result<(), ActionError> {
        Ok(())
    }

    /// Whether it can be taken back, or changes nothing, without an `undo` of the step: what a dry run says before anything is captured.
    fn takes_itself_back(&self) -> bool {
        true
    }

    /// What the step waits for before it counts as applied: a time or a person. The engine does the waiting and the asking.
    fn hold(&self) -> Option<Hold> {
        None
    }

    /// The local files that it sends, so that an edit of them is noticed on resume.
    fn local_files(&self) -> Vec<LocalFile> {
        Vec::new()
    }

    /// The secrets that it takes by their names, where a key of its value is a secret's name: `check` sees that the runbook has them.
    fn secrets_by_name(&self) -> Vec<Spanned<String>> {
        Vec::new()
    }

    /// The largest time to live, in seconds, that was seen before the change, by what was captured: for a unit whose outputs do not say it,
    /// since it was found done after a crash or settled by hand.
    fn ttl_before(_undo: &Self::Undo) -> Option<u32> {
        None
    }

    /// The service that this restarts or reloads, if it does: its undo is postponed in a rollback.
    fn restarts(&self) -> Option<String> {
        None
    }
}

/// What holds a step up until somebody or something lets it go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// So long from when it is reached.
    For(Duration),
    /// Until that instant.
    Until(Timestamp),
    /// Until a person has done it.
    Person(Task),
    /// Until the check of the step holds.
    Check {
        /// What kind of check it is.
        kind: String,
        /// From one look to the next.
        every: Duration,
        /// It has failed when it does not hold by then, counted from when it is reached.
        timeout: Duration,
    },
    /// Until what that step saw before its change, or before the change that came after it, has lived its time.
    Ttl(StepId),
}

/// What only a person can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// What to do, in Markdown.
    pub text: String,
    /// What is asked of the person afterwards, by name.
    pub ask: Vec<(String, String)>,
    /// What has to be ticked off.
    pub checklist: Vec<String>,
}

/// A file on the operator's machine that an action sends.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalFile {
    /// Its path as written: relative to the file that names it.
    pub path: Spanned<String>,
    /// Whether it is a template.
    pub template: bool,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub enum Check<S> {
    /// It is as asked.
    Satisfied,
    /// It is not, and this is what was seen.
    Differs(S),
    /// It cannot be done, for this reason: nothing was changed and nothing will be.
    Blocked(String),
    /// It cannot be looked at before something else has been done.
    Unknowable(String),
}

/// Whether what was asked holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not, for this reason.
    Fails(String),
    /// Nothing can be said by looking: a `run` without `verify`.
    Unknown,
}

/// What `capture` says about the way back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversible<U> {
    /// It can be taken back with this.
    By(U),
    /// It changes nothing.
    Nothing,
    /// It cannot be taken back, unless the step itself says how.
    No(String),
    /// The same, and [`Action::sweep`] needs this.
    Swept {
        /// Why it cannot.
        why: String,
        /// Where to look for what a crash has left.
        undo: U,
    },
}

/// What to do about a unit that was being applied when the controller died, or whose connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCrash {
    /// Apply again: half done or not at all, applying once more gives the same.
    Reapply,
    /// Verify: if it holds it is done, if not apply again.
    Recheck,
    /// A durable job: find it again on its host.
    Reattach,
    /// Only a person can tell.
    AskOperator,
}

/// Why an action did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The host was not reached, or may not have done it.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A file on the operator's machine.
    #[error(transparent)]
    Local(#[from] FsError),
    /// It failed, on the host.
    #[error("{}", .0.why)]
    Failed(Box<Failure>),
    /// What is there is not what was left there: shown, not overwritten.
    #[error("{what} has changed since: {difference}")]
    Changed {
        /// Which file, service, record.
        what: String,
        /// A diff, or a sentence.
        difference: String,
    },
    /// A job ended without an exit code: the host went down, or somebody killed it.
    #[error("died on the host: {0}")]
    Died(String),
    /// A job was given up before it began: nothing was done.
    #[error("it was not begun: the host was too busy to start a process within seconds")]
    NeverBegan,
    /// A job was announced, and nothing of it is on its host: it never began, or what it left is lost.
    #[error("{0}")]
    NoTrace(String),
    /// A request that changes something may have been taken, and its answer did not come.
    #[error("{0}")]
    Unanswered(String),
    /// Ctrl-C a second time: the controller lets go, the host does not.
    #[error("detached: it goes on on its host")]
    Detached,
    /// The journal did not take a record: nothing may be done that is not journalled.
    #[error("the journal cannot be written: {0}")]
    Journal(String),
    /// It needs the output of a step that has not run.
    #[error("cannot be known until {0} has run")]
    Unknown(StepId),
}

impl ActionError {
    /// A plain failure.
    #[must_use]
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(Box::new(Failure { why: why.into(), ..Failure::default() }))
    }

    /// A failure with something to do about it.
    #[must_use]
    pub fn failed_with_hint(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed(Box::new(Failure { why: why.into(), hint: Some(hint.into()), ..Failure::default() }))
    }

    /// A failure by which nothing was changed, as where somebody else was quicker: a rollback has nothing to take back.
    #[must_use]
    pub fn untouched(self) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(Box::new(Failure { untouched: true, ..*failure })),
            other => other,
        }
    }

    /// Whether the host could not be asked, or not to the end: of a job there, nothing is known that was not known before.
    #[must_use]
    pub fn could_not_ask(&self) -> bool {
        use TransportError::{Away, Become, HostKey, Lost, Unreachable};
        matches!(self, Self::Transport(Unreachable { .. } | Lost { .. } | Away { .. } | HostKey { .. } | Become { .. }))
    }

    /// Whether the host may have done it all the same.
    #[must_use]
    pub fn leaves_unsure(&self) -> bool {
        matches!(
            self,
            Self::Transport(TransportError::Lost { .. } | TransportError::Away { .. })
                | Self::Died(_)
                | Self::NoTrace(_)
                | Self::Unanswered(_)
        )
    }
}
