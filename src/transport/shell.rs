//! A `/bin/sh` that is kept open and fed: one round trip a command.
//!
//! There is no protocol but the shell's own: it reads commands from its stdin, each a script in a subshell followed by a `printf` that marks
//! the end of both streams with a nonce. What the script does to itself (`exit`, `cd`, `set`, traps, closed files) ends with the subshell.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::base::Secret;

use super::channel::{Channel, Reader, Writer};
use super::escalate::Dialogue;
use super::marks::{Marked, nonce};
use super::request::{GO, Request};
use super::{Command, Output, Sink, Stream, request};

/// How long a shell may take to answer for the first time.
const START: Duration = Duration::from_secs(20);

/// How long the second stream of a shell may take to end after the first.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How much of what is said before the shell answers is kept, to tell why it did not.
const WORDS: usize = 4096;

/// The most that is gathered in memory for a command without a sink.
const MOST: usize = 256 * 1024 * 1024;

/// Who and what a shell is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its process group, which scripts share.
    pub(crate) group: String,
    /// The user's number.
    pub(crate) uid: String,
    /// The user's name.
    pub(crate) user: String,
    /// Whether there is a `sudo`.
    pub(crate) sudo: bool,
}

/// A shell kept open.
pub(crate) struct Shell {
    channel: Channel,
    streams: Streams,
    facts: Facts,
}

/// The streams of a shell that a script has taken over.
pub(crate) struct Piped {
    /// The script's stdin.
    pub(crate) input: Box<Writer>,
    /// The script's stdout.
    pub(crate) output: Box<Reader>,
    /// The script's stderr, and then its exit code.
    pub(crate) errors: Box<Reader>,
    /// Finds that code.
    pub(crate) marked: Marked,
    /// What must live until then.
    pub(crate) keep: Box<dyn std::any::Any + Send>,
}

/// Why a shell did not start.
#[derive(Debug)]
pub(crate) enum StartError {
    /// It ended, or kept silent. All it said.
    Failed(String),
    /// It asked for the password again.
    WrongPassword,
}

/// Why a command has no outcome.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The command cannot be put as a command.
    Malformed(String),
    /// The shell is gone, and nothing of the command ran.
    Unsent(String),
    /// The shell is gone, and the command may have run.
    Sent(String),
    /// The command says more than fits in memory; it may go on.
    TooMuch,
}

/// Where a command's output goes.
pub(crate) struct Delivery<'a> {
    /// The output, where there is no sink.
    pub(crate) output: Output,
    /// Whether any of it was handed on: then the command cannot be sent again unnoticed.
    pub(crate) begun: bool,
    sink: Option<&'a mut dyn Sink>,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(sink: Option<&'a mut dyn Sink>) -> Self {
        Self { output: Output::default(), begun: false, sink }
    }

    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(sink) = &mut self.sink {
            self.begun = true;
            sink.take(stream, bytes);
            return;
        }
        match stream {
            Stream::Stdout => self.output.stdout.extend_from_slice(bytes),
            Stream::Stderr => self.output.stderr.extend_from_slice(bytes),
        }
    }

    fn is_full(&self) -> bool {
        self.output.stdout.len() + self.output.stderr.len() > MOST
    }
}

/// What makes a shell ours: the real streams move to 3 and 4, so that its own remarks ('Terminated') mix with no script's; SIGTERM to its
/// process group ends the script and not the shell; and it says who it is.
const PREAMBLE: &str = r#"exec 3>&1 4>&2 2>/dev/null
trap : TERM
@FIRST
if IFS= read -r s </proc/$$/stat; then s=${s##*) }; set -- $s; g=$3; else g=$(ps -o pgid= -p $$); set -- $g; g=$1; fi
if command -v sudo >/dev/null; then s=sudo; else s=-; fi
printf '@ %s %s %s %s\n' "$g" "$(id -u)" "$s" "$(id -un)" >&3; printf '@\n' >&4
set --; unset s g
"#;

impl Shell {
    /// Takes over a `/bin/sh` that has just been started, and runs `first` in it. Whatever login shells and banners said before it answers is
    /// passed over.
    pub(crate) async fn start(channel: Channel, first: &str) -> Result<Self, StartError> {
        let mut shell = Self { channel, streams: Streams::new(), facts: Facts::unknown() };
        shell.greet(first).await?;
        Ok(shell)
    }

    /// The same behind a sudo that asks for a password: it says the prompt and a dot when it asks, and the hello and a line end when it was
    /// content.
    pub(crate) async fn start_with_password(
        channel: Channel,
        password: &Secret,
        dialogue: &Dialogue,
        first: &str,
    ) -> Result<Self, StartError> {
        let mut shell = Self { channel, streams: Streams::new(), facts: Facts::unknown() };
        shell.authenticate(password, dialogue).await?;
        shell.greet(first).await?;
        Ok(shell)
    }

    /// Who and what it is.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Runs a command to its end, and gives its exit code. A shell that was left in the middle of it must not be used again.
    pub(crate) async fn run(&mut self, command: &Command, delivery: &mut Delivery<'_>) -> Result<i32, Broken> {
        let nonce = nonce();
        let request = request::encode(command, &nonce).map_err(Broken::Malformed)?;
        if self.streams.expect(&nonce) {
            return Err(Broken::Unsent("a process left behind writes to the shell's output".to_owned()));
        }
        let Channel { input, output, errors, .. } = &mut self.channel;
        let (go, gone) = oneshot::channel();
        let handed_over = AtomicBool::new(false);
        let mut sending = pin!(send(input, &request, gone, &handed_over));
        let mut reading = pin!(async {
            let mut go = Some(go);
            loop {
                let read = self.streams.read(output, errors, |stream, bytes| delivery.take(stream, bytes)).await;
                match read.map_err(|error| Some(error.to_string()))? {
                    Some(word) if word == GO => drop(go.take().map(|go| go.send(()))),
                    Some(word) => {
                        return word
                            .trim()
                            .parse()
                            .map_err(|_| Some(format!("the shell ended a command with `{word}`")));
                    }
                    None if delivery.is_full() => return Err(None),
                    None => {}
                }
            }
        });
        let mut sent = false;
        let read = loop {
            tokio::select! {
                () = &mut sending, if !sent => sent = true,
                read = &mut reading => break read,
            }
        };
        match read {
            Ok(status) => {
                // The shell has read it all: this only lets the writer find out.
                if !sent {
                    sending.await;
                }
                Ok(status)
            }
            Err(None) => Err(Broken::TooMuch),
            Err(Some(why)) if handed_over.load(Relaxed) => Err(Broken::Sent(why)),
            Err(Some(why)) => Err(Broken::Unsent(why)),
        }
    }

    /// Starts a script that takes the shell's own streams over, and the shell with them.
    pub(crate) async fn hand_over(mut self, command: &Command) -> Result<Piped, Broken> {
        let nonce = nonce();
        let text = request::encode_piped(command, &nonce).map_err(Broken::Malformed)?;
        if self.streams.expect(&nonce) {
            return Err(Broken::Unsent("a process left behind writes to the shell's output".to_owned()));
        }
        let Self { channel: Channel { mut input, mut output, errors, _keep: keep, .. }, streams, .. } = self;
        let Streams { mut out, err: marked, .. } = streams;
        input.write_all(text.as_bytes()).await.map_err(|error| Broken::Unsent(error.to_string()))?;
        let sent = |error: std::io::Error| Broken::Sent(error.to_string());
        input.flush().await.map_err(sent)?;
        loop {
            match output.read(out.room()).await.map_err(sent)? {
                0 => return Err(Broken::Sent("the shell ended".to_owned())),
                count if out.took(count, |_| ()).is_some() => break,
                _ => {}
            }
        }
        // What the script has said already came with the word.
        let mut begun = Vec::new();
        out.rest(|bytes| begun.extend_from_slice(bytes));
        let output = Box::new(std::io::Cursor::new(begun).chain(output));
        Ok(Piped { input, output, errors, marked, keep })
    }

    /// Lets go of the shell: it ends once the script that it may still run has. True when that was within `limit`.
    pub(crate) async fn ends_within(mut self, limit: Duration) -> bool {
        let _ = self.channel.input.shutdown().await;
        drop(std::mem::replace(&mut self.channel.input, Box::new(tokio::io::sink())));
        let Channel { output, errors, .. } = &mut self.channel;
        let drain = async { while self.streams.read(output, errors, |_, _| ()).await.is_ok() {} };
        timeout(limit, drain).await.is_ok()
    }

    async fn greet(&mut self, first: &str) -> Result<(), StartError> {
        let nonce = nonce();
        self.streams.expect(&nonce);
        let preamble = PREAMBLE.replace("@FIRST\n", first).replace('@', &nonce);
        let mut words = Vec::new();
        let answer = async {
            // A shell that is not there is told by the end of its output, with what it said.
            let _ = self.channel.input.write_all(preamble.as_bytes()).await;
            let Channel { output, errors, .. } = &mut self.channel;
            loop {
                match self.streams.read(output, errors, |_, bytes| keep(&mut words, bytes)).await {
                    Ok(None) => {}
                    Ok(Some(word)) => break Some(word),
                    Err(_) => {
                        last_words(errors, &mut self.streams.err, &mut words).await;
                        break None;
                    }
                }
            }
        };
        // None: it kept silent for all that time. Empty: it ended.
        let answer = timeout(START, answer).await.ok().map(Option::unwrap_or_default);
        let facts = answer.as_deref().and_then(Facts::parse);
        self.facts = facts.ok_or_else(|| StartError::Failed(say(&words, answer.as_deref())))?;
        Ok(())
    }

    async fn authenticate(&mut self, password: &Secret, dialogue: &Dialogue) -> Result<(), StartError> {
        let Streams { out, err, .. } = &mut self.streams;
        out.expect(&dialogue.hello, b'\n');
        err.expect(&dialogue.prompt, b'.');
        let Channel { input, output, errors, .. } = &mut self.channel;
        let mut words = Vec::new();
        let mut asked = false;
        let dialogue = async {
            loop {
                let (stream, read) = tokio::select! {
                    read = output.read(out.room()) => (Stream::Stdout, read),
                    read = errors.read(err.room()) => (Stream::Stderr, read),
                };
                let Ok(count @ 1..) = read else {
                    match stream {
                        Stream::Stdout => last_words(errors, err, &mut words).await,
                        Stream::Stderr => last_words(output, out, &mut words).await,
                    }
                    return Err(None);
                };
                let marked = if stream == Stream::Stdout { &mut *out } else { &mut *err };
                match (marked.took(count, |bytes| keep(&mut words, bytes)), stream) {
                    (Some(_), Stream::Stdout) => return Ok(()),
                    (Some(_), Stream::Stderr) if asked => return Err(Some(StartError::WrongPassword)),
                    (Some(_), Stream::Stderr) => {
                        asked = true;
                        let line = zeroize::Zeroizing::new(format!("{}\n", password.expose()));
                        input.write_all(line.as_bytes()).await.map_err(|_| None)?;
                    }
                    (None, _) => {}
                }
            }
        };
        match timeout(START, dialogue).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Some(error))) => Err(error),
            Ok(Err(None)) => Err(StartError::Failed(say(&words, Some("")))),
            Err(_) => Err(StartError::Failed(say(&words, None))),
        }
    }
}

impl Facts {
    fn unknown() -> Self {
        Self { group: String::new(), uid: String::new(), user: String::new(), sudo: false }
    }

    /// `group uid sudo user`; names may hold spaces, numbers decide what is signalled.
    fn parse(word: &str) -> Option<Self> {
        let mut parts = word.trim_start().splitn(4, ' ');
        let group = parts.next().filter(|group| group.parse::<u32>().is_ok_and(|group| group > 1))?;
        let uid = parts.next().filter(|uid| uid.parse::<u32>().is_ok())?;
        let sudo = parts.next()? == "sudo";
        let user = parts.next()?;
        Some(Self { group: group.to_owned(), uid: uid.to_owned(), user: user.to_owned(), sudo })
    }
}

/// Sends a request. `handed_over` tells when the text has left: from then on it may run.
async fn send(input: &mut Writer, request: &Request<'_>, go: oneshot::Receiver<()>, handed_over: &AtomicBool) {
    if input.write_all(request.text.as_bytes()).await.is_err() {
        return;
    }
    handed_over.store(true, Relaxed);
    let _ = input.flush().await;
    let Some((bytes, end)) = &request.raw else { return };
    // What goes wrong from here on shows on the other side, as the end of the script's output.
    if go.await.is_ok() && input.write_all(bytes).await.is_ok() && input.write_all(end.as_bytes()).await.is_ok() {
        let _ = input.flush().await;
    }
}

/// Both streams of a shell, read together: neither may fill up while the other is waited for.
struct Streams {
    out: Marked,
    err: Marked,
    status: Option<String>,
    err_ended: bool,
}

impl Streams {
    fn new() -> Self {
        Self { out: Marked::new(), err: Marked::new(), status: None, err_ended: false }
    }

    fn expect(&mut self, nonce: &str) -> bool {
        (self.status, self.err_ended) = (None, false);
        let stray = self.out.expect(nonce, b'\n');
        self.err.expect(nonce, b'\n') || stray
    }

    /// Reads once. The word of stdout's mark comes when stderr's has come too; `GO` comes at once.
    async fn read(
        &mut self,
        output: &mut Reader,
        errors: &mut Reader,
        mut emit: impl FnMut(Stream, &[u8]),
    ) -> std::io::Result<Option<String>> {
        let Self { out, err, status, err_ended } = self;
        let (stream, count) = tokio::select! {
            count = output.read(out.room()), if status.is_none() => (Stream::Stdout, count?),
            count = errors.read(err.room()), if !*err_ended => (Stream::Stderr, count?),
        };
        let marked = if stream == Stream::Stdout { out } else { err };
        if count == 0 {
            marked.rest(|bytes| emit(stream, bytes));
            if stream == Stream::Stderr && status.is_none() {
                // A script's last words may still come on stdout.
                *err_ended = true;
                return Ok(None);
            }
            return Err(std::io::Error::other("the shell ended"));
        }
        let word = marked.took(count, |bytes| emit(stream, bytes));
        match (word, stream) {
            (Some(word), Stream::Stdout) if word == GO => return Ok(Some(word)),
            (Some(word), Stream::Stdout) => *status = Some(word),
            (Some(_), Stream::Stderr) => *err_ended = true,
            (None, _) => {}
        }
        Ok(if *err_ended { status.take() } else { None })
    }
}

/// What is still to come on a stream when the other one has ended: which of the two is read first is chance.
async fn last_words(reader: &mut Reader, marked: &mut Marked, words: &mut Vec<u8>) {
    let rest = async {
        while let Ok(count @ 1..) = reader.read(marked.room()).await {
            let _ = marked.took(count, |bytes| keep(words, bytes));
        }
    };
    let _ = timeout(LAST_WORDS, rest).await;
    marked.rest(|bytes| keep(words, bytes));
}

fn keep(words: &mut Vec<u8>, bytes: &[u8]) {
    let room = WORDS.saturating_sub(words.len());
    words.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn say(words: &[u8], answer: Option<&str>) -> String {
    let words = String::from_utf8_lossy(words);
    let words = words.trim();
    match (answer, words) {
        (None, "") => format!("the shell kept silent for {} s", START.as_secs()),
        (_, "") => "the shell ended without a word".to_owned(),
        (_, words) => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that ends at once, and says why.
    fn refusing() -> Channel {
        Channel {
            input: Box::new(tokio::io::sink()),
            output: Box::new(tokio::io::empty()),
            errors: Box::new(std::io::Cursor::new(b"sudo: unknown user nobody\n".to_vec())),
            link: 0,
            gone: Vec::new(),
            _keep: Box::new(()),
        }
    }

    #[tokio::test]
    async fn a_shell_that_ends_at_once_kept_silent_for_no_time() {
        let ended = Channel { errors: Box::new(tokio::io::empty()), ..refusing() };
        let Err(StartError::Failed(why)) = Shell::start(ended, "").await else { panic!("it cannot start") };
        assert_eq!(why, "the shell ended without a word");
    }

    #[tokio::test]
    async fn a_shell_that_does_not_start_says_why_whichever_stream_ends_first() {
        let said = |started: Result<Shell, StartError>| match started {
            Err(StartError::Failed(why)) => why,
            Err(StartError::WrongPassword) => "the password".to_owned(),
            Ok(_) => "nothing is wrong".to_owned(),
        };
        for _ in 0..20 {
            assert_eq!(said(Shell::start(refusing(), "").await), "sudo: unknown user nobody");
            let password = Secret::new("secret".to_owned());
            let dialogue = Dialogue { prompt: "prompt".to_owned(), hello: "hello".to_owned() };
            let started = Shell::start_with_password(refusing(), &password, &dialogue, "").await;
            assert_eq!(said(started), "sudo: unknown user nobody");
        }
    }

    #[test]
    fn facts_are_believed_only_whole() {
        let facts = Facts::parse(" 42 1000 sudo ann lee").unwrap();
        assert_eq!((facts.group.as_str(), facts.uid.as_str(), facts.user.as_str()), ("42", "1000", "ann lee"));
        assert!(facts.sudo);
        assert_eq!(Facts::parse(" 1 0 - root"), None, "signalling group 1 would signal everything");
        assert_eq!(Facts::parse(" x 0 - root"), None);
        assert_eq!(Facts::parse(""), None);
    }
}
