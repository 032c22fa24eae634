//! Two rsyncs on two hosts, and the bytes between them carried by this process.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::actions::context::Host;
use crate::actions::contract::ActionError;
use crate::transport::process::{Errors, Heard};
use crate::transport::{Command, Process, TransportError};

use super::hear::{LastWords, Lines};

/// So much is carried at once.
const PIECE: usize = 256 * 1024;

/// More words than this, or longer ones, are no command line of rsync's.
const WORDS: usize = 200;
const LONGEST: usize = 4096;

/// How long one end may take to notice that the other is gone, before it is ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a transfer ended.
pub(super) struct Ended {
    /// The exit code of the source's rsync, which speaks for both.
    pub(super) status: i32,
    /// That of the destination's, where it was started.
    pub(super) other: Option<i32>,
    /// What both said that was no news of the transfer.
    pub(super) said: LastWords,
}

/// Runs the source's rsync with the bridge, starts the one that it asks for on the destination, and carries bytes until both have ended.
/// `hear` is given each line that the source's says, and takes what it knows.
pub(super) async fn carry(
    source: (&Host, Command),
    dest: &Host,
    server: &(dyn Fn(&[String]) -> Result<Command, String> + Send + std::marker::Sync),
    hear: &mut (dyn FnMut(&str) -> bool + Send),
) -> Result<Ended, ActionError> {
    let (host, command) = source;
    let Process { input, output, errors } = open(host, command).await?;
    let mut listening = std::pin::pin!(listen(errors, hear));
    let mut passing = std::pin::pin!(pass(input, output, dest, server));
    let (status, other) = tokio::select! {
        status = &mut listening => (status, timeout(PATIENCE, passing).await),
        other = &mut passing => {
            let Ok(status) = timeout(PATIENCE, &mut listening).await else {
                // It is ended as it is dropped.
                other?;
                return Err(ActionError::failed("the source's rsync did not end with the other one"));
            };
            (status, Ok(other))
        }
    };
    // The end whose connection broke is the reason of whatever the other one says.
    let other = match other {
        Ok(Err(error @ ActionError::Transport(TransportError::Lost { .. }))) => return Err(error),
        Ok(other) => Some(other),
        Err(_) => None,
    };
    let (status, mut said) = status?;
    let other = other.transpose()?.flatten();
    if let Some((_, words)) = &other {
        for line in words {
            said.add(line);
        }
    }
    Ok(Ended { status, other: other.map(|(status, _)| status), said })
}

async fn open(host: &Host, command: Command) -> Result<Process, ActionError> {
    Ok(host.transport().open(command.as_user(host.become_user().cloned())).await?)
}

/// Hears an rsync to its end, which is its exit code.
async fn listen(
    mut errors: Errors,
    hear: &mut (dyn FnMut(&str) -> bool + Send),
) -> Result<(i32, LastWords), ActionError> {
    let mut lines = Lines::default();
    let mut said = LastWords::default();
    let mut take = |line: &str| {
        if !hear(line) {
            said.add(line);
        }
    };
    loop {
        match errors.next().await? {
            Heard::Said(bytes) => lines.take(&bytes, &mut take),
            Heard::Ended(status) => {
                lines.end(&mut take);
                return Ok((status, said));
            }
        }
    }
}

type Input = Box<dyn AsyncWrite + Send + Unpin>;
type Output = Box<dyn AsyncRead + Send + Unpin>;

/// Starts the other rsync and carries bytes both ways. Its exit code and what it said; nothing where the first asked for none.
async fn pass(
    back: Input,
    mut forth: Output,
    dest: &Host,
    server: &(dyn Fn(&[String]) -> Result<Command, String> + Send + std::marker::Sync),
) -> Result<Option<(i32, Vec<String>)>, ActionError> {
    let Some(words) = words(&mut forth).await.map_err(ActionError::failed)? else { return Ok(None) };
    let command = server(&words).map_err(ActionError::failed)?;
    let Process { input, output, errors } = open(dest, command).await?;
    let mut keep = |_: &str| false;
    let (ended, (), ()) = tokio::join!(listen(errors, &mut keep), pump(forth, input), pump(output, back));
    let (status, said) = ended?;
    Ok(Some((status, said.lines())))
}

/// The command line that the bridge tells: a count, and so many words. None where it ended before that.
async fn words(from: &mut Output) -> Result<Option<Vec<String>>, String> {
    let Some(count) = word(from, b'\n').await? else { return Ok(None) };
    let count = count.parse().ok().filter(|count| *count <= WORDS);
    let count = count.ok_or("the source's rsync asks for nothing that makes sense at the destination")?;
    let mut words = Vec::with_capacity(count);
    while words.len() < count {
        let Some(word) = word(from, 0).await? else { return Ok(None) };
        words.push(word);
    }
    Ok(Some(words))
}

/// The bytes up to `end`. Read one by one: what comes behind is not for us.
async fn word(from: &mut Output, end: u8) -> Result<Option<String>, String> {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST {
        match from.read_u8().await {
            Ok(byte) if byte == end => {
                return String::from_utf8(bytes).map(Some).map_err(|_| "a word is not UTF-8".to_owned());
            }
            Ok(byte) => bytes.push(byte),
            Err(_) => return Ok(None),
        }
    }
    Err("the source's rsync asks for something endless at the destination".to_owned())
}

/// Carries bytes until there are none, or nobody takes them. What breaks here is told by the end that it breaks at.
async fn pump(mut from: Output, mut to: Input) {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        if to.write_all(&piece[..count]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
