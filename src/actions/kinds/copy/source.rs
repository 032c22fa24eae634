//! Where the content of a copy comes from.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{Hasher, Kind, Look, PIECE, Pieces, Question, SHOWN, sha256};
use crate::base::{Masker, Role, fs, secret};
use crate::transport::Command;

use super::action::Origin;

/// A content that was looked at.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) size: u64,
    pub(super) sha256: String,
    /// The mode of a new file with it.
    pub(super) mode: u32,
    pub(super) shown: Shown,
    /// Whether a secret is in it.
    pub(super) secret: bool,
}

/// What may be shown of it.
#[derive(Debug)]
pub(super) enum Shown {
    /// All of it: whatever is secret in it is masked where it is shown.
    Whole(Vec<u8>),
    /// It is too long.
    Long,
    /// Not everybody may read it where it comes from.
    Private,
    /// It holds a secret that is too short to be masked.
    Secret,
}

impl Source {
    /// Notices secrets that were copied by hand.
    fn noticing(self, masker: &Masker) -> Self {
        let secret = matches!(&self.shown, Shown::Whole(content) if masker.mask_bytes(content) != *content);
        Self { secret, ..self }
    }
}

/// A source that cannot be copied, in a sentence.
pub(super) type Obstacle = String;

/// The permission bits that a new file takes over from what it is copied from: as `cp` does under the usual umask.
const TAKEN_OVER: u32 = 0o755;

impl Origin {
    /// Looks at the source.
    pub(super) async fn look(&self, cx: &Read<'_>) -> Result<Result<Source, Obstacle>, ActionError> {
        match self {
            Self::Text(text) => of_text(text, cx).map(Ok),
            Self::Local(path) => {
                let source = of_local(cx.around().local_path(&path.span, path)).await?;
                Ok(Ok(source.noticing(cx.around().masker())))
            }
            Self::Host { role, path } => {
                let question = Question::about(path);
                let (look, _) = question.ask(question.command(), &cx.other(role).await?, cx).await?;
                Ok(of_host(&look, role).map(|source| source.noticing(cx.around().masker())))
            }
        }
    }
}

fn of_text(text: &str, cx: &Read<'_>) -> Result<Source, ActionError> {
    let content = cx.reveal(text)?;
    let content = content.expose();
    let sealed = secret::is_sealed(text);
    let masked = cx.around().masker().mask(content) != content;
    let shown = if sealed && !maskable(text, cx)? {
        Shown::Secret
    } else if content.len() as u64 > SHOWN {
        Shown::Long
    } else {
        Shown::Whole(content.as_bytes().to_vec())
    };
    let secret = sealed || masked;
    let mode = if secret { 0o600 } else { 0o644 };
    Ok(Source { size: content.len() as u64, sha256: sha256(content.as_bytes()), mode, shown, secret })
}

/// Whether every secret in `text` is long enough to be masked.
fn maskable(text: &str, cx: &Read<'_>) -> Result<bool, ActionError> {
    for name in text.split(secret::SEAL).skip(1).step_by(2) {
        let value = cx.reveal(&secret::sealed(name))?;
        let value = value.expose();
        if cx.around().masker().mask(value) == value && !value.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn of_local(path: PathBuf) -> Result<Source, ActionError> {
    let broken = |error: tokio::task::JoinError| ActionError::failed(format!("reading a local file: {error}"));
    tokio::task::spawn_blocking(move || local(&path)).await.map_err(broken)?
}

fn local(path: &Path) -> Result<Source, ActionError> {
    let facts = fs::facts(path)?;
    let mut hasher = Hasher::default();
    let mut size = 0;
    let mut first = Vec::new();
    loop {
        let piece = fs::read_piece(path, size, PIECE)?;
        if piece.is_empty() {
            break;
        }
        hasher.take(&piece);
        if size == 0 {
            first.clone_from(&piece);
        }
        size += piece.len() as u64;
    }
    let shown = if size > SHOWN { Shown::Long } else { Shown::Whole(first) };
    Ok(Source { size, sha256: hasher.finish(), mode: facts.mode & TAKEN_OVER, shown, secret: false })
}

fn of_host(look: &Look, role: &Role) -> Result<Source, Obstacle> {
    let path = &look.path;
    let Some(there) = &look.there else {
        return Err(format!("there is no {path} on {role}"));
    };
    match there.print.kind {
        Kind::File if there.print.sha256.is_empty() => {
            return Err(format!("{path} cannot be read on {role}: give the host a `become` that may"));
        }
        Kind::File => {}
        Kind::Directory => return Err(format!("{path} is a folder on {role}: `sync` copies folders")),
        other => return Err(format!("{path} is {} on {role}", other.in_words())),
    }
    let everybody = look.folder.everybody && there.print.mode & 0o004 != 0;
    let shown = match &there.content {
        Some(content) => Shown::Whole(content.clone()),
        None if everybody => Shown::Long,
        None => Shown::Private,
    };
    Ok(Source {
        size: there.size,
        sha256: there.print.sha256.clone(),
        mode: there.print.mode & TAKEN_OVER,
        shown,
        secret: false,
    })
}

/// A local file, to be read piece by piece.
pub(super) struct LocalPieces(pub(super) PathBuf);

#[async_trait]
impl Pieces for LocalPieces {
    async fn piece(&self, offset: u64, length: u64) -> Result<Vec<u8>, ActionError> {
        Ok(fs::read_piece(&self.0, offset, length)?)
    }
}

/// A file of another host, to be read piece by piece.
pub(super) struct HostPieces<'a> {
    pub(super) host: Host,
    pub(super) path: &'a str,
}

#[async_trait]
impl Pieces for HostPieces<'_> {
    async fn piece(&self, offset: u64, length: u64) -> Result<Vec<u8>, ActionError> {
        let script =
            r#"dd if="$P" skip="$AT" count="$LENGTH" iflag=skip_bytes,count_bytes,fullblock bs=65536 status=none"#;
        let command =
            Command::read(script).env("P", self.path).env("AT", offset.to_string()).env("LENGTH", length.to_string());
        let said = self.host.read(command).await?;
        if said.success() {
            return Ok(said.stdout);
        }
        let role = self.host.transport().role();
        Err(ActionError::failed(format!("reading {} on {role}: {}", self.path, said.error_text().trim())))
    }
}
