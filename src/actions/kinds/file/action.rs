//! What `file` does.

use async_trait::async_trait;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::Leaves;
use crate::actions::remote_file::{Kind, Look, Owned, Question, aside, dress, put};
use crate::base::Mode;
use crate::events::Preview;
use crate::events::record::{Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::judge::{Plan, Seen};
use super::undo::Undo;
use super::{aside as moved, folders, tree};

const LINK: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("link.sh"));

/// What is asked of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub(super) path: String,
    /// None: it stays what it is, and has to be there.
    pub(super) state: Option<State>,
    pub(super) to: Option<String>,
    pub(super) owned: Owned,
    pub(super) mode: Option<Mode>,
    pub(super) recurse: bool,
}

/// What is to stand at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Absent,
    Directory,
    Link,
}

#[async_trait]
impl Action for File {
    const KIND: &'static str = "file";
    const NEEDS_HOST: bool = true;
    const FORM: Form = super::decode::FORM;
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let question = Question {
            follow: !matches!(self.state, Some(State::Absent | State::Link)),
            hash: self.state == Some(State::Link),
            owner: self.owned.owner.as_deref(),
            group: self.owned.group.as_deref(),
            limit: 0,
            to: self.to.as_deref(),
            ..Question::about(&self.path)
        };
        let more = match (self.state, self.recurse) {
            (Some(State::Absent), _) => moved::LOOK,
            (_, true) => tree::LOOK,
            _ => "",
        };
        let command = question.command_and(more).env("A", aside(&self.path, cx.env().run));
        let host = cx.host()?;
        let (look, more) = question.ask(command, &host, cx).await?;
        let more = self.more_by_then(&look, more, cx)?;
        Ok(match self.judge(&look, &more, host.transport().role()) {
            Err(why) => Check::Blocked(why),
            Ok(None) => Check::Satisfied,
            Ok(Some(seen)) => Check::Differs(seen),
        })
    }

    fn preview(&self, seen: &Seen) -> Preview {
        Preview { undo: seen.plan.undo_in_words(seen.thing.before.is_some()).to_owned(), ..seen.thing.preview() }
    }

    async fn leaves(&self, seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Ok(seen.leaves())
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        Ok(Reversible::By(Undo::capture(seen, cx).await?))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        match &seen.plan {
            Plan::Make => put(&seen.thing, None, b"", cx).await,
            Plan::Dress => dress(&seen.thing, cx).await,
            Plan::Link { to } => crate::actions::remote_file::change(&seen.thing, LINK, &[("TO", to)], cx).await,
            Plan::Folders { .. } => folders::make(seen, cx).await,
            Plan::Aside { aside } => moved::move_aside(seen, aside, cx).await,
            Plan::Tree { groups } => tree::dress(seen, groups, cx).await,
        }
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(match self.check(cx).await? {
            Check::Satisfied => Verdict::Holds,
            Check::Differs(seen) => Verdict::Fails(seen.plan.wanting(&self.path)),
            Check::Blocked(why) | Check::Unknowable(why) => Verdict::Fails(why),
        })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(cx).await
    }

    async fn kept(undo: &Undo, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        undo.kept(cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    /// What was done to its end is found done, and the rest is done.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

impl File {
    /// What the second script would say by then: it has looked at what stands there now.
    fn more_by_then(&self, look: &Look, more: Vec<u8>, cx: &Read<'_>) -> Result<Vec<u8>, ActionError> {
        let (Some(step), Some(there)) = (&look.by, &look.there) else { return Ok(more) };
        if self.recurse || there.print.kind == Kind::Directory && self.state == Some(State::Absent) {
            return Err(ActionError::Unknown(step.clone()));
        }
        Ok([aside(&self.path, cx.env().run).as_bytes(), b"\0"].concat())
    }
}
