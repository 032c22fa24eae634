//! Reads the file that is edited, and puts it back.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::Leaves;
use crate::actions::remote_file::{Kept, Look, Question, Seen as File, change_fed, keep, sha256};
use crate::base::Role;
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::{Diagnostics, Form, Node};
use crate::transport::Command;

use super::place::{self, Plan};
use super::text::Lines;
use super::undo::Undo;

const READ: &str = include_str!("read.sh");
const AMEND: &str =
    concat!(include_str!("../remote_file/common.sh"), include_str!("../remote_file/put.sh"), include_str!("amend.sh"));

/// The longest file that is edited.
pub(super) const MOST: u64 = 4 << 20;

/// An edit of the lines of a file: all that one has to say to be an action, as [`Edited`].
pub trait Edit: Sized + Send + Sync + 'static {
    /// The YAML key.
    const KIND: &'static str;
    /// What its value looks like: see [`Action::FORM`].
    const FORM: Form;

    /// Reads it from its YAML value: see [`Action::decode`].
    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self>;

    /// The file.
    fn path(&self) -> &str;

    /// What would be done with the file's lines; none where there is no file. Pure: done twice is done once.
    fn plan(&self, lines: Option<&Lines>, role: &Role) -> Plan;

    /// Takes the edit that made `left` of `was` out of `now`, where others have changed the very lines of it. None: it cannot be told apart from
    /// what they did, as where a line is replaced as a whole.
    #[must_use]
    fn untangle(_was: &Lines, _left: &Lines, _now: &Lines) -> Option<Lines> {
        None
    }
}

/// An edit as an action.
#[derive(Debug)]
pub struct Edited<E> {
    pub(in crate::actions) edit: E,
    memo: Memo,
}

/// The content that a check has worked out, for the apply that follows in the same process: it is in no record, and read only once.
#[derive(Debug, Default)]
struct Memo(Mutex<Option<Vec<u8>>>);

impl Memo {
    fn set(&self, content: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(content);
    }

    fn content(&self, hash: &str) -> Option<Vec<u8>> {
        let content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        content.as_ref().filter(|content| sha256(content) == hash).cloned()
    }
}

/// A file that is not as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The file, before and after.
    pub(super) file: File,
    /// How it is written.
    pub(super) manner: Manner,
    /// What is done, in a few words.
    pub(super) what: String,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Manner {
    /// Beside it, and renamed over it.
    Renamed,
    /// Where it is: it is a mount point.
    InPlace,
    /// The same, where an earlier write was broken off.
    Finish,
}

impl Manner {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::InPlace => "in-place",
            Self::Finish => "finish",
        }
    }
}

/// What stands at the path.
pub(super) struct Found {
    pub(super) look: Look,
    /// Whether it can be written where it is.
    pub(super) writable: bool,
    /// Its content; none where it is too long.
    pub(super) content: Option<Vec<u8>>,
    /// The content that a write in place was to bring, where that was broken off.
    pub(super) unfinished: Option<Vec<u8>>,
}

#[async_trait]
impl<E: Edit> Action for Edited<E> {
    const KIND: &'static str = E::KIND;
    const NEEDS_HOST: bool = true;
    const FORM: Form = E::FORM;
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        E::decode(value, diagnostics).map(|edit| Self { edit, memo: Memo::default() })
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let host = cx.host()?;
        let role = host.transport().role();
        let found = look(self.edit.path(), cx).await?;
        Ok(match self.judge(&found, role, cx) {
            Err(why) => Check::Blocked(why),
            Ok(None) => Check::Satisfied,
            Ok(Some(seen)) => Check::Differs(seen),
        })
    }

    fn preview(&self, seen: &Seen) -> Preview {
        Preview {
            undo: "this edit is taken out again, whatever else changes in the file meanwhile".to_owned(),
            ..seen.file.preview()
        }
    }

    async fn leaves(&self, seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Ok(vec![seen.file.leaves(self.memo.content(&seen.file.after.sha256))])
    }

    /// Keeps the file as it is, on its host.
    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        let Some(before) = &seen.file.before else { return Ok(Reversible::Nothing) };
        let kept = keep(&seen.file.real, before, cx).await?;
        Ok(Reversible::By(Undo::new(&seen.file, kept, cx)))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let due = &seen.file.after.sha256;
        let content = match self.memo.content(due) {
            Some(content) => content,
            None => self.again(due, cx).await?,
        };
        change_fed(&seen.file, AMEND, &[("I", seen.manner.word())], content, cx).await
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(match self.check(cx).await? {
            Check::Satisfied => Verdict::Holds,
            Check::Differs(seen) => Verdict::Fails(format!("{} is not as asked: to {}", self.edit.path(), seen.what)),
            Check::Blocked(why) | Check::Unknowable(why) => Verdict::Fails(why),
        })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(E::untangle, cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    /// The file takes its place in one step, or a write in place that broke off is finished; and an edit made twice is one made once.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

impl<E: Edit> Edited<E> {
    fn judge(&self, found: &Found, role: &Role, cx: &Read<'_>) -> Result<Option<Seen>, String> {
        let there = place::lines_of(found, role)?;
        let (what, notes, content) = match (&found.unfinished, there) {
            (Some(content), _) => ("finish what was broken off".to_owned(), Vec::new(), content.clone()),
            (None, there) => {
                let lines = there.map(|(_, content)| Lines::of(content));
                match self.edit.plan(lines.as_ref(), role) {
                    Plan::AsAsked => return Ok(None),
                    Plan::Blocked(why) => return Err(why),
                    Plan::Edit { what, notes, lines } => (what, notes, lines.content()),
                }
            }
        };
        let Some(there) = there else { return Err(format!("there is no {} on {role}", self.edit.path())) };
        let seen = place::seen(found, there, &content, (&what, notes), (role, cx.around().masker()))?;
        self.memo.set(content);
        Ok(Some(seen))
    }

    /// Works out the content once more, where what was seen comes from another process.
    async fn again(&self, due: &str, cx: &Write<'_>) -> Result<Vec<u8>, ActionError> {
        self.check(cx).await?;
        self.memo.content(due).ok_or_else(|| {
            let path = self.edit.path();
            ActionError::failed_with_hint(
                format!("{path} was changed by somebody else since it was looked at"),
                "nothing was put in place; try again to see what it would do now",
            )
            .untouched()
        })
    }
}

async fn look(path: &str, cx: &Read<'_>) -> Result<Found, ActionError> {
    let question = Question { limit: 0, ..Question::about(path) };
    let command = question.command_and(READ).env("MOST", MOST.to_string());
    let (look, rest) = question.ask(command, &cx.host()?, cx).await?;
    if let Some(step) = &look.by {
        let content = look.there.as_ref().map(|there| there.content.clone());
        let content = content.map(|content| content.ok_or_else(|| ActionError::Unknown(step.clone()))).transpose()?;
        return Ok(Found { look, writable: true, content, unfinished: None });
    }
    let broken = || ActionError::failed(format!("cannot look at {path}: the answer breaks off"));
    let (writable, rest) = flag(&rest).ok_or_else(broken)?;
    let (read, content) = flag(rest).ok_or_else(broken)?;
    let content = read.then(|| content.to_vec());
    let hash = look.there.as_ref().map(|there| there.print.sha256.as_str()).unwrap_or_default();
    if content.as_ref().is_some_and(|content| sha256(content) != hash) {
        return Err(ActionError::failed_with_hint(format!("{path} was changed while it was looked at"), "try again"));
    }
    let mounted = look.there.as_ref().is_some_and(|there| there.mounted);
    let unfinished = match &content {
        Some(content) if mounted => unfinished(content, cx).await?,
        _ => None,
    };
    Ok(Found { look, writable, content, unfinished })
}

fn flag(answer: &[u8]) -> Option<(bool, &[u8])> {
    match answer {
        [flag, 0, rest @ ..] => Some((*flag == b'1', rest)),
        _ => None,
    }
}

/// What a write in place by this unit was to bring, if the file is a beginning of it.
async fn unfinished(content: &[u8], cx: &Read<'_>) -> Result<Option<Vec<u8>>, ActionError> {
    let kept = Kept::of(cx).await?;
    let command = Command::read("[ ! -f \"$K/place\" ] || cat <\"$K/place\"").env("K", kept.folder);
    let due = cx.sh(command).await?.stdout;
    Ok(Some(due).filter(|due| due.len() > content.len() && due.starts_with(content)))
}
