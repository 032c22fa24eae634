//! The dump on its way: from host to host directly, or through this machine's memory; not on its disk. What has arrived whole is not sent
//! again.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::actions::Host;
use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable;
use crate::actions::passage::{Choice, Via};
use crate::base::shell::quote;
use crate::events::Progress;
use crate::events::record::Failure;
use crate::transport::{Command, Ended, JobEnd, JobState, Output, Process, TransportError};

use super::direct::{self, Sent};
use super::look::reason;
use super::place::Place;

const LAND: &str = concat!(include_str!("host/calm.sh"), include_str!("host/land.sh"));

/// What unpacks, in the folder where it does.
const UNPACK: &str = "exec tar -xf - --no-same-owner\n";

/// How much is handed on at a time.
const PIECE: usize = 256 * 1024;

/// How often a broken connection is taken up again.
const TRIES: u32 = 5;

/// How long to wait before that.
const PAUSE: Duration = Duration::from_secs(1);

type End = (Place, Host);

/// Sends all that the source's manifest lists to the target's folder, and sees by its digests that it is there. `job`: the one that an
/// earlier process has announced.
pub(super) async fn transfer(
    (from, to): (&End, &End),
    (via, choice): (Via, &Choice),
    job: Option<&Value>,
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let script = "cd \"$W\"; cat manifest; printf '\\0'; cat sizes; printf '%s dump/sizes\\n' \"$(wc -c <sizes)\"";
    let said = from.1.read(Command::read(script).env("W", from.0.folder.clone())).await?;
    let text = well(&said, &format!("reading the dump on {}", from.0.role), cx)?;
    let (manifest, sizes) = text.split_once('\0').unwrap_or((&text, ""));
    let sizes: HashMap<&str, u64> = sizes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(size, name)| Some((name, size.parse().ok()?)))
        .collect();
    let all: u64 = sizes.values().sum();
    if let Some(key) = &choice.key {
        let begun = match job {
            Some(job) => {
                let state = durable::state_of(job, &from.1).await?;
                !matches!(state, JobState::Over(JobEnd::Missing | JobEnd::NeverBegan))
            }
            None => false,
        };
        match job {
            Some(job) if begun => _ = direct::follow(from, key, job, all, cx).await?,
            // It was announced, and not begun.
            _ if job.is_some() || choice.leftover => key.remove(cx).await?,
            _ => {}
        }
    }
    let mut passage = choice.direct();
    let (mut tries, mut least) = (0, u64::MAX);
    loop {
        tries += 1;
        let missing = land(to, manifest, cx).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if tries > TRIES {
            let first = missing.lines().next().unwrap_or_default();
            return Err(ActionError::failed(format!(
                "the dump does not arrive on {} as it was sent: {first}",
                to.0.role
            )));
        }
        let left: u64 = missing.lines().filter_map(|name| sizes.get(name)).sum();
        let got_on = left < std::mem::replace(&mut least, left);
        let done = all.saturating_sub(left);
        let why = if let Some(way) = passage {
            match direct::send((from, to), way, missing, (done, all), cx).await? {
                Sent::Over => continue,
                Sent::BrokenOff(failure) if got_on && tries < TRIES => failure.why,
                Sent::BrokenOff(failure) if via == Via::Auto => {
                    passage = None;
                    note(&format!("the direct way failed, and the relay goes on from there: {}", failure.why), cx);
                    continue;
                }
                Sent::BrokenOff(failure) => return Err(ActionError::Failed(failure)),
            }
        } else {
            match send(from, to, missing, Counter { cx, done, of: all }).await {
                Ok(()) => continue,
                Err(ActionError::Transport(TransportError::Lost { why, .. })) if tries < TRIES => why,
                Err(error) => return Err(error),
            }
        };
        note(&format!("the transfer goes on where it was broken off: {why}"), cx);
        tokio::time::sleep(PAUSE).await;
    }
}

fn note(text: &str, cx: &Write<'_>) {
    let text = cx.around().masker().mask(text);
    cx.around().progress(Progress::Note { unit: cx.env().unit.clone(), text });
}

/// The script that unpacks what comes.
pub(super) fn unpacking(to: &Place) -> String {
    format!("umask 077; cd {} || exit 1\n{UNPACK}", quote(&format!("{}/in", to.folder)))
}

/// Makes the target ready; gives the names of the files that it lacks, a line each.
async fn land((place, host): &End, manifest: &str, cx: &Write<'_>) -> Result<String, ActionError> {
    let command = place.command(LAND, "").stdin(manifest);
    let said = cx.change_on(host, command).await?;
    well(&said, &format!("receiving the dump on {}", place.role), cx)
}

struct Counter<'a> {
    cx: &'a Write<'a>,
    done: u64,
    of: u64,
}

impl Counter<'_> {
    fn more(&mut self, bytes: usize) {
        // tar adds to each file: no more than all is ever told.
        self.done = (self.done + bytes as u64).min(self.of);
        let unit = self.cx.env().unit.clone();
        self.cx.around().progress(Progress::Amount { unit, done: self.done, of: Some(self.of) });
    }
}

async fn send(from: &End, to: &End, names: String, mut counter: Counter<'_>) -> Result<(), ActionError> {
    let pack = Command::read("cd \"$W\"; exec tar -cf - -T -").env("W", from.0.folder.clone());
    let unpack = Command::change(unpacking(&to.0));
    let start = async |(_, host): &End, command: Command| {
        host.transport().open(command.as_user(host.become_user().cloned())).await
    };
    let (sender, receiver) = tokio::try_join!(start(from, pack), start(to, unpack))?;
    let Process { input: mut list, output: mut bytes, errors: mut of_sender } = sender;
    let Process { input: mut sink, output: mut nothing, errors: mut of_receiver } = receiver;
    let listing = async move {
        // Where the sender does not read, its end says why.
        let _ = list.write_all(names.as_bytes()).await;
        let _ = list.shutdown().await;
    };
    let passing = async {
        let mut piece = vec![0; PIECE];
        while let Ok(count @ 1..) = bytes.read(&mut piece).await {
            if sink.write_all(&piece[..count]).await.is_err() {
                break;
            }
            counter.more(count);
        }
        drop(bytes);
        let _ = sink.shutdown().await;
        drop(sink);
    };
    let draining = async { while matches!(nothing.read(&mut [0; 512]).await, Ok(1..)) {} };
    let ((), (), (), packed, unpacked) = tokio::join!(listing, passing, draining, of_sender.end(), of_receiver.end());
    let (packed, unpacked) = (packed?, unpacked?);
    ended(&unpacked, &format!("unpacking the dump on {}", to.0.role), counter.cx)?;
    ended(&packed, &format!("packing the dump on {}", from.0.role), counter.cx)
}

fn ended(ended: &Ended, what: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = Output { status: ended.status, stdout: Vec::new(), stderr: ended.stderr.clone() };
    well(&said, what, cx).map(drop)
}

/// What a script said that has ended well.
fn well(said: &Output, what: &str, cx: &Write<'_>) -> Result<String, ActionError> {
    if said.success() {
        return Ok(said.text());
    }
    let masker = cx.around().masker();
    let (why, stderr) = (masker.mask(&format!("{what}: {}", reason(said))), masker.mask(said.error_text().trim()));
    Err(ActionError::Failed(Box::new(Failure { why, stderr, exit_code: Some(said.status), ..Failure::default() })))
}
