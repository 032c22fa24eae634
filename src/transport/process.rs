//! A script on a host with its pipes in our hands.

use std::any::Any;
use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::base::Role;

use super::TransportError;
use super::channel::{Reader, Writer};
use super::marks::Marked;
use super::pool::GRACE;
use super::shell::Piped;

/// How much of the end of stderr is kept.
const LAST_WORDS: usize = 16 * 1024;

/// A script that runs on a host. Dropped before it has ended, it is ended: with it `errors`, which stands for it.
pub struct Process {
    /// What it reads. Dropped or shut down, it reads the end.
    pub input: Box<Writer>,
    /// What it writes to stdout.
    pub output: Box<Reader>,
    /// What it writes to stderr, and how it ends.
    pub errors: Errors,
}

/// What a script writes to stderr, and how it ends.
pub struct Errors {
    role: Role,
    reader: Box<Reader>,
    marked: Marked,
    /// How it ended, where that came together with its last words.
    status: Option<i32>,
    over: bool,
    ender: Option<Box<dyn Ender>>,
    keep: Box<dyn Any + Send>,
}

/// Something heard of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Some bytes of its stderr.
    Said(Vec<u8>),
    /// It has ended with this exit code; nothing more comes.
    Ended(i32),
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; a death by signal n is 128 + n.
    pub status: i32,
    /// The last of its stderr.
    pub stderr: Vec<u8>,
}

/// Signals a script.
#[async_trait]
pub(crate) trait Ender: Send + Sync {
    /// Signals its process group.
    async fn signal(&self, signal: &'static str) -> Result<(), TransportError>;
}

impl Process {
    pub(crate) fn new(role: Role, piped: Piped, ender: Box<dyn Ender>) -> Self {
        let Piped { input, output, errors: reader, marked, keep } = piped;
        let errors = Errors { role, reader, marked, status: None, over: false, ender: Some(ender), keep };
        Self { input, output, errors }
    }
}

impl Errors {
    /// The next that is heard of the script. May be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// `Lost` where the connection broke before the script ended.
    pub async fn next(&mut self) -> Result<Heard, TransportError> {
        while self.status.is_none() {
            let count = match self.reader.read(self.marked.room()).await {
                Ok(count @ 1..) => count,
                Ok(0) => return Err(self.lost("its shell ended before the script did")),
                Err(error) => return Err(self.lost(&error.to_string())),
            };
            let mut said = Vec::new();
            if let Some(word) = self.marked.took(count, |bytes| said.extend_from_slice(bytes)) {
                self.status = Some(word.trim().parse().map_err(|_| self.lost("its shell gave no exit code"))?);
            }
            if !said.is_empty() {
                return Ok(Heard::Said(said));
            }
        }
        self.over = true;
        Ok(Heard::Ended(self.status.unwrap_or_default()))
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// As for `next`.
    pub async fn end(&mut self) -> Result<Ended, TransportError> {
        let mut last = VecDeque::new();
        loop {
            match self.next().await? {
                Heard::Said(bytes) => {
                    last.extend(bytes);
                    last.drain(..last.len().saturating_sub(LAST_WORDS));
                }
                Heard::Ended(status) => return Ok(Ended { status, stderr: last.into() }),
            }
        }
    }

    /// Ends the script by force, before it can take the end of its input for the end of what it was to read.
    ///
    /// # Errors
    /// Where the host cannot be reached: what has lost its connection reads the end of its input there.
    pub async fn kill(&mut self) -> Result<(), TransportError> {
        match self.ender.as_ref().filter(|_| !self.over) {
            Some(ender) => ender.signal("KILL").await,
            None => Ok(()),
        }
    }

    fn lost(&mut self, why: &str) -> TransportError {
        self.over = true;
        TransportError::Lost { host: self.role.clone(), why: why.to_owned() }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let Some(ender) = self.ender.take().filter(|_| !self.over) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut reader = std::mem::replace(&mut self.reader, Box::new(tokio::io::empty()));
        let keep = std::mem::replace(&mut self.keep, Box::new(()));
        runtime.spawn(async move {
            let _ = ender.signal("TERM").await;
            let drained = async { while matches!(reader.read(&mut [0; 4096]).await, Ok(1..)) {} };
            // Its number may be somebody else's once it has ended.
            if timeout(GRACE, drained).await.is_err() {
                let _ = ender.signal("KILL").await;
            }
            drop(keep);
        });
    }
}
