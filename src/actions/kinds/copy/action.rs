//! What `copy` does.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::expected::Leaves;
use crate::actions::remote_file::{
    self, Look, New, PIECE, Pieces, Placement, Question, SHOWN, Seen, Text, Undo, sha256,
};
use crate::base::{Role, Spanned};
use crate::events::Preview;
use crate::events::record::{Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::source::{HostPieces, LocalPieces, Shown, Source};

/// A file with the content of another.
#[derive(Debug)]
pub struct Copy {
    pub(super) from: Origin,
    place: Placement,
    /// The source as it was when it was applied: to verify it does not have to be read again.
    applied: OnceLock<(u64, String, u32)>,
}

/// Where the content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file of the operator's machine.
    Local(Spanned<String>),
    /// The runbook itself.
    Text(String),
    /// A file of a host.
    Host {
        /// The host.
        role: Role,
        /// The path there.
        path: String,
    },
}

#[async_trait]
impl Action for Copy {
    const KIND: &'static str = "copy";
    const NEEDS_HOST: bool = true;
    const FORM: Form = super::decode::FORM;
    const SECRETS: &'static [&'static str] = &["content"];
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let (source, look) = tokio::try_join!(self.from.look(cx), self.look(cx))?;
        match source {
            Err(why) => Ok(Check::Blocked(why)),
            Ok(source) => self.judge(&source.as_new(), &look, cx),
        }
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let preview = seen.preview();
        match &self.from {
            Origin::Host { role, path } if seen.writes() => {
                Preview { summary: format!("{} from {role}:{path}", preview.summary), ..preview }
            }
            Origin::Local(path) if seen.writes() => {
                Preview { summary: format!("{} from {}", preview.summary, path.value), ..preview }
            }
            _ => preview,
        }
    }

    async fn leaves(&self, seen: &Seen, cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        // What is not kept is not read a second time.
        if seen.size > SHOWN || !seen.everybody {
            return Ok(vec![seen.leaves(None)]);
        }
        let source = self.from.look(cx).await?.ok();
        let content = source.and_then(|source| match source.shown {
            Shown::Whole(content) => Some(content),
            Shown::Long | Shown::Private | Shown::Secret => None,
        });
        Ok(vec![seen.leaves(content)])
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        remote_file::capture(seen, cx).await
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let outputs = if seen.writes() { self.write(seen, cx).await? } else { remote_file::dress(seen, cx).await? };
        let _ = self.applied.set((seen.size, seen.after.sha256.clone(), seen.after.mode));
        Ok(outputs)
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let Some((size, sha256, mode)) = self.applied.get().cloned() else {
            return Ok(remote_file::holds(&self.check(cx).await?));
        };
        let new = New { size, sha256, mode, text: Text::Private, secret: true };
        Ok(remote_file::holds(&self.judge(&new, &self.look(cx).await?, cx)?))
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

    /// A file takes its place in one step: it is there or it is not. What was on its way goes on from where it was.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn local_files(&self) -> Vec<LocalFile> {
        match &self.from {
            Origin::Local(path) => vec![LocalFile { path: path.clone(), template: false }],
            Origin::Text(_) | Origin::Host { .. } => Vec::new(),
        }
    }
}

impl Copy {
    pub(super) fn new(from: Origin, place: Placement) -> Self {
        Self { from, place, applied: OnceLock::new() }
    }

    async fn look(&self, cx: &Read<'_>) -> Result<Look, ActionError> {
        let question = Question { space: true, ..self.place.question() };
        Ok(question.ask(question.command(), &cx.host()?, cx).await?.0)
    }

    fn judge(&self, new: &New<'_>, look: &Look, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let host = cx.host()?;
        Ok(Seen::judge(&self.place, look, new, host.transport().role(), cx.around().masker()))
    }

    async fn write(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let validate = self.place.validate.as_deref();
        let pieces: Box<dyn Pieces + Send + '_> = match &self.from {
            Origin::Text(text) => {
                let content = cx.reveal(text)?;
                return remote_file::put(seen, validate, content.expose().as_bytes(), cx).await;
            }
            Origin::Local(path) => Box::new(LocalPieces(cx.around().local_path(&path.span, path))),
            Origin::Host { role, path } => Box::new(HostPieces { host: cx.other(role).await?, path }),
        };
        if seen.size > PIECE {
            return remote_file::put_pieces(seen, validate, &*pieces, cx).await;
        }
        // One byte more than is due tells a file that has grown.
        let content = pieces.piece(0, seen.size + 1).await?;
        if sha256(&content) != seen.after.sha256 {
            return Err(ActionError::failed_with_hint(
                format!("what is copied to {} was changed since it was looked at", seen.path),
                "nothing was put in place; try again",
            ));
        }
        remote_file::put(seen, validate, &content, cx).await
    }
}

impl Source {
    fn as_new(&self) -> New<'_> {
        let text = match &self.shown {
            Shown::Whole(content) => Text::Whole(content),
            Shown::Long => Text::Long,
            Shown::Private => Text::Private,
            Shown::Secret => Text::Secret,
        };
        New { size: self.size, sha256: self.sha256.clone(), mode: self.mode, text, secret: self.secret }
    }
}
