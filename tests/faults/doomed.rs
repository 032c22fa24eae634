//! `runbook`, but for one thing: it dies where it has not died before. No last word, no clean-up: SIGKILL.
//!
//! A place is a record on its way into the journal (before it is kept, after it is), or a call of a host (before it is sent, after it was sent,
//! with its answer in hand). Where it has died is in the file `$RUNBOOK_DOOM`, a line each, so that whoever starts it again and again sees it
//! die everywhere once. `$RUNBOOK_DOOM_SHARE`, as in `3/20`, has it die at every 20th of these places only, the third share of them.

#![expect(clippy::disallowed_methods, reason = "what it notes is not the tool's")]

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;

use runbook::base::{Role, RunId};
use runbook::cli::{Around, main_around};
use runbook::journal::store::Result as StoreResult;
use runbook::journal::{Fence, Holder, OutputKey, Store};
use runbook::transport::{Command, Duplex, Effect, Identity, Output, Process, Sink, Transport, TransportError};

/// Enough for a host to have begun what it was sent; most of it takes longer than that to answer.
const ON_ITS_WAY: Duration = Duration::from_millis(15);

fn main() -> ExitCode {
    main_around(Arc::new(Doom::of_environment()))
}

/// Where it dies.
#[derive(Clone)]
struct Doom(Arc<Places>);

struct Places {
    /// None: nowhere.
    file: Option<PathBuf>,
    died: HashSet<String>,
    share: u64,
    of: u64,
}

impl Doom {
    fn of_environment() -> Self {
        let file = std::env::var_os("RUNBOOK_DOOM").map(PathBuf::from);
        let died = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let died = died.lines().map(str::to_owned).collect();
        let share = std::env::var("RUNBOOK_DOOM_SHARE").unwrap_or_else(|_| "0/1".to_owned());
        let (share, of) = share.split_once('/').expect("$RUNBOOK_DOOM_SHARE is as 3/20");
        let number = |text: &str| text.parse().expect("$RUNBOOK_DOOM_SHARE has two numbers");
        Self(Arc::new(Places { file, died, share: number(share), of: number(of) }))
    }

    /// Whether it dies here.
    fn is_due(&self, place: &str) -> bool {
        self.0.file.is_some() && !self.0.died.contains(place) && digest(place) % self.0.of == self.0.share
    }

    fn pass(&self, place: &str) {
        if self.is_due(place) {
            self.die(place);
        }
    }

    fn die(&self, place: &str) -> ! {
        let file = self.0.file.as_ref().expect("it is due");
        let file = std::fs::File::options().append(true).create(true).open(file);
        file.and_then(|mut file| file.write_all(format!("{place}\n").as_bytes())).expect("the place is written down");
        kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
        loop {
            std::thread::park();
        }
    }
}

impl Around for Doom {
    fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Journal { inner: store, doom: self.clone() })
    }

    fn transport(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Way { inner: transport, doom: self.clone() })
    }
}

/// The same text has the same digest in every process.
fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A script without what it is given anew each time: a nonce, the run's id, the number of a try. All of them have digits.
fn without_names(script: &str) -> String {
    let word = |word: &str| if word.contains(|c: char| c.is_ascii_digit()) { "#" } else { word }.to_owned();
    script.split(|c: char| !c.is_ascii_alphanumeric()).map(word).collect::<Vec<_>>().join(" ")
}

struct Journal {
    inner: Arc<dyn Store>,
    doom: Doom,
}

/// What a record says, and of which unit: the same in every run of a book.
fn named(entry: &str) -> String {
    let entry: Value = serde_json::from_str(entry).expect("an entry is JSON");
    let record = &entry["record"];
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let unit = &record["unit"];
    let words = [&record["kind"], &unit["step"], &unit["host"], &unit["item"]];
    words.into_iter().filter(|word| !word.is_null()).map(word).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl Store for Journal {
    async fn create(&self, run: &RunId, holder: &Holder) -> StoreResult<Fence> {
        self.inner.create(run, holder).await
    }

    async fn runs(&self) -> StoreResult<Vec<RunId>> {
        self.inner.runs().await
    }

    async fn entries(&self, run: &RunId) -> StoreResult<Vec<String>> {
        self.inner.entries(run).await
    }

    async fn append(&self, run: &RunId, fence: Fence, seq: u64, entry: &str) -> StoreResult<()> {
        let name = named(entry);
        self.doom.pass(&format!("before the record {name}"));
        self.inner.append(run, fence, seq, entry).await?;
        self.doom.pass(&format!("after the record {name}"));
        Ok(())
    }

    async fn acquire(&self, run: &RunId, holder: &Holder, take_over: bool) -> StoreResult<Fence> {
        self.inner.acquire(run, holder, take_over).await
    }

    async fn renew(&self, run: &RunId, fence: Fence, now: Timestamp) -> StoreResult<()> {
        self.inner.renew(run, fence, now).await
    }

    async fn is_newest(&self, run: &RunId, fence: Fence) -> StoreResult<()> {
        self.inner.is_newest(run, fence).await
    }

    async fn release(&self, run: &RunId, fence: Fence) -> StoreResult<()> {
        self.inner.release(run, fence).await
    }

    async fn holder(&self, run: &RunId) -> StoreResult<Option<Holder>> {
        self.inner.holder(run).await
    }

    async fn append_output(&self, run: &RunId, fence: Fence, key: &OutputKey, bytes: &[u8]) -> StoreResult<()> {
        self.inner.append_output(run, fence, key, bytes).await
    }

    async fn output_length(&self, run: &RunId, key: &OutputKey) -> StoreResult<u64> {
        self.inner.output_length(run, key).await
    }

    async fn read_output(&self, run: &RunId, key: &OutputKey, from: i64, limit: u32) -> StoreResult<(Vec<u8>, i64)> {
        self.inner.read_output(run, key, from, limit).await
    }
}

struct Way {
    inner: Arc<dyn Transport>,
    doom: Doom,
}

impl Way {
    /// What is asked of whom: of a script with other values for its variables it is the same.
    fn named(&self, command: &Command) -> String {
        let what = if command.effect == Effect::Reads { "look" } else { "change" };
        format!("{what} {:08x} on {}", digest(&without_names(&command.script)) >> 32, self.role())
    }
}

#[async_trait]
impl Transport for Way {
    fn role(&self) -> &Role {
        self.inner.role()
    }

    async fn exec(&self, command: Command, sink: Option<&mut dyn Sink>) -> Result<Output, TransportError> {
        let name = self.named(&command);
        self.doom.pass(&format!("before {name} is sent"));
        let sent = format!("after {name} was sent");
        let mut answer = pin!(self.inner.exec(command, sink));
        if self.doom.is_due(&sent) {
            let _ = timeout(ON_ITS_WAY, &mut answer).await;
            self.doom.die(&sent);
        }
        let answer = answer.await?;
        self.doom.pass(&format!("with the answer to {name}"));
        Ok(answer)
    }

    async fn open(&self, command: Command) -> Result<Process, TransportError> {
        let name = self.named(&command);
        self.doom.pass(&format!("before {name} is opened"));
        let process = self.inner.open(command).await?;
        self.doom.pass(&format!("after {name} was opened"));
        let flowing = format!("with the first bytes of {name}");
        let output = Box::new(Flow { inner: process.output, doom: self.doom.clone(), place: flowing });
        Ok(Process { output, ..process })
    }

    async fn identity(&self) -> Result<Identity, TransportError> {
        self.doom.pass(&format!("before {} is reached", self.role()));
        let identity = self.inner.identity().await?;
        self.doom.pass(&format!("after {} was reached", self.role()));
        Ok(identity)
    }

    async fn dial(&self, to: &str) -> Result<Box<dyn Duplex>, TransportError> {
        self.doom.pass(&format!("before {to} is dialled from {}", self.role()));
        let line = self.inner.dial(to).await?;
        self.doom.pass(&format!("after {to} was dialled from {}", self.role()));
        Ok(line)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// What a script writes, on its way through.
struct Flow {
    inner: Box<dyn AsyncRead + Send + Unpin>,
    doom: Doom,
    place: String,
}

impl AsyncRead for Flow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(task, buffer);
        if polled.is_ready() && !buffer.filled().is_empty() {
            self.doom.pass(&self.place);
        }
        polled
    }
}
