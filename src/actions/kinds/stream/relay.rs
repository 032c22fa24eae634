//! The bytes on their way: read at one end, written at the other, counted and hashed in between.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rand::RngExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout};

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::remote_file::Hasher;
use crate::actions::said::Said;
use crate::events::Progress;
use crate::events::record::Outputs;
use crate::transport::{Errors, Process, Stream};

use super::ear::{End, finish, listen, tell};

/// How much is read at a time.
const READ: usize = 64 * 1024;

/// How much is sent as a piece at most: for each the other end starts a program.
const PIECE: usize = 1 << 20;

/// How many reads may wait to be sent.
const WAITING: usize = 32;

/// How often it is told how far it is.
const TOLD: Duration = Duration::from_millis(200);

/// How long an end that was told to stop may take.
const STOPPING: Duration = Duration::from_secs(10);

/// How long what an end that is over has written may take to come.
const LAST_WORDS: Duration = Duration::from_secs(1);

type Reader = dyn AsyncRead + Send + Unpin;
type Writer = dyn AsyncWrite + Send + Unpin;

/// What nobody can guess: the beginning of an end's last word.
pub(super) fn mark() -> String {
    format!("runbook-{:016x}{:016x}", rand::rng().random::<u64>(), rand::rng().random::<u64>())
}

/// How it went.
#[derive(Debug)]
pub(super) struct Outcome {
    /// So many bytes were sent on.
    pub(super) bytes: u64,
    /// Whether the end where they went was told that this is all: before that it cannot end well.
    pub(super) told: bool,
    /// The end where they came from, and the hash of what came; none where it was stopped because the other had ended.
    pub(super) from: Option<(End, String)>,
    /// The end where they went to; none where it did not stop in time.
    pub(super) to: Option<End>,
    /// What that wrote to stdout.
    pub(super) output: Outputs,
}

/// How far it is.
#[derive(Default)]
struct Passing {
    bytes: AtomicU64,
    told: AtomicBool,
}

/// Lets what `from` writes be read by `to`. Each knows `mark` as the beginning of its last word. What `to` writes is shown as it comes, unless it
/// `answers`: then it is for us.
pub(super) async fn relay(
    from: Process,
    to: Process,
    mark: &str,
    answers: bool,
    cx: &Write<'_>,
) -> Result<Outcome, ActionError> {
    let passing = Passing::default();
    let mut output = Written { said: Said::default(), answers };
    let Process { input, output: to_output, errors: to_errors } = to;
    let (from, to) = {
        let mut sending = Box::pin(send(from, input, mark, &passing, cx));
        let mut arriving = pin!(arrive(to_output, to_errors, mark, &mut output, cx));
        tokio::select! {
            sent = &mut sending => {
                let sent = sent?;
                // What was told that it has all may take its time with it; what was not kills itself.
                let limit = if passing.told.load(Relaxed) { Duration::MAX } else { STOPPING };
                (Some(sent), timeout(limit, arriving).await.ok().transpose()?)
            }
            to = &mut arriving => {
                let to = to?;
                let told = passing.told.load(Relaxed);
                // Nobody reads any more: whoever still writes is ended by being let go of.
                let sent = if told { Some(sending.await?) } else { None };
                (sent, Some(to))
            }
        }
    };
    let Passing { bytes, told } = passing;
    Ok(Outcome { bytes: bytes.into_inner(), told: told.into_inner(), from, to, output: output.said.outputs(0) })
}

/// What the end where the bytes go to writes.
struct Written {
    said: Said,
    /// Whether that is for us, and not shown.
    answers: bool,
}

impl Written {
    async fn take(&mut self, bytes: &[u8], cx: &Write<'_>) -> Result<(), ActionError> {
        if self.answers {
            let _ = self.said.take(cx.around().masker(), Stream::Stdout, bytes);
            return Ok(());
        }
        tell(&mut self.said, Stream::Stdout, bytes, cx).await
    }

    async fn finish(&mut self, cx: &Write<'_>) -> Result<(), ActionError> {
        if self.answers {
            let _ = self.said.finish(cx.around().masker(), Stream::Stdout);
            return Ok(());
        }
        finish(&mut self.said, Stream::Stdout, cx).await
    }
}

/// Sends what comes. Only what ended well, and has come as it left, is said to be all.
async fn send(
    from: Process,
    mut to: Box<Writer>,
    mark: &str,
    passing: &Passing,
    cx: &Write<'_>,
) -> Result<(End, String), ActionError> {
    let Process { input, output, mut errors } = from;
    drop(input);
    let (send, receive) = channel(WAITING);
    let (end, (), written) =
        futures::join!(listen(&mut errors, mark, cx), read(output, send), write(&mut *to, receive, passing, cx));
    let end = end?;
    let Ok(sha256) = written else { return Ok((end, String::new())) };
    let whole = end.word.as_ref().is_some_and(|word| word.status == 0 && word.sha256 == sha256)
        && end.word.as_ref().is_some_and(|word| word.bytes == passing.bytes.load(Relaxed));
    if whole {
        passing.told.store(true, Relaxed);
        let end = format!("end {sha256}\n");
        let last = async {
            to.write_all(end.as_bytes()).await?;
            to.flush().await?;
            to.shutdown().await
        };
        // Where that does not arrive, the other end says how it ended.
        let _ = last.await;
    }
    Ok((end, sha256))
}

/// Reads all that comes, as long as somebody wants it.
async fn read(mut from: Box<Reader>, send: Sender<Vec<u8>>) {
    loop {
        let mut piece = Vec::with_capacity(READ);
        match from.read_buf(&mut piece).await {
            Ok(1..) => {}
            // A connection that was lost is told by the end itself.
            Ok(0) | Err(_) => return,
        }
        if send.send(piece).await.is_err() {
            return;
        }
    }
}

/// Writes what was read, several reads at once. The hash of all of it.
async fn write(
    to: &mut Writer,
    mut receive: Receiver<Vec<u8>>,
    passing: &Passing,
    cx: &Write<'_>,
) -> std::io::Result<String> {
    let mut hasher = Hasher::default();
    let (mut done, mut told) = (0_u64, None::<Instant>);
    let tell = |done| cx.around().progress(Progress::Amount { unit: cx.env().unit.clone(), done, of: None });
    while let Some(mut piece) = receive.recv().await {
        while piece.len() + READ <= PIECE {
            let Ok(more) = receive.try_recv() else { break };
            piece.extend_from_slice(&more);
        }
        hasher.take(&piece);
        to.write_all(format!("{}\n", piece.len()).as_bytes()).await?;
        to.write_all(&piece).await?;
        done += piece.len() as u64;
        passing.bytes.store(done, Relaxed);
        if told.is_none_or(|told| told.elapsed() >= TOLD) {
            told = Some(Instant::now());
            tell(done);
        }
    }
    to.flush().await?;
    tell(done);
    Ok(hasher.finish())
}

/// Listens to the end where the bytes go to.
async fn arrive(
    mut output: Box<Reader>,
    mut errors: Errors,
    mark: &str,
    written: &mut Written,
    cx: &Write<'_>,
) -> Result<End, ActionError> {
    let hearing = async {
        let mut buffer = vec![0; READ];
        while let Ok(count @ 1..) = output.read(&mut buffer).await {
            written.take(&buffer[..count], cx).await?;
        }
        written.finish(cx).await
    };
    let mut hearing = pin!(hearing);
    let mut listening = pin!(listen(&mut errors, mark, cx));
    tokio::select! {
        heard = &mut hearing => {
            heard?;
            listening.await
        }
        end = &mut listening => {
            // One that failed says so before all that belongs to it has ended.
            if let Ok(heard) = timeout(LAST_WORDS, hearing).await {
                heard?;
            }
            end
        }
    }
}
