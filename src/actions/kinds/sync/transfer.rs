//! The bytes of a sync on their way.

use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;

use crate::actions::context::{Host, Write};
use crate::actions::contract::ActionError;
use crate::actions::passage::{NOT_THROUGH, Via, sweep};
use crate::actions::remote_file::verdict;
use crate::base::Role;
use crate::events::record::Failure;
use crate::transport::{Command, TransportError};

use super::action::Sync;
use super::codes::{self, BROKEN, VANISHED};
use super::direct;
use super::hear;
use super::item::unescaped;
use super::keep;
use super::meter::Meter;
use super::options::{self, Pass};
use super::relay::{self, Ended};
use super::seen::Seen;
use super::shards::shards;

/// So often in a row a transfer may break off without having got any further.
const STUCK: u32 = 3;

/// How long to wait before it goes on.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes a list of files for rsync to go by.
const LIST: &str = concat!(
    include_str!("../../remote_file/common.sh"),
    "room \"$K\"\nmkdir -p -- \"${F%/*}\"\ncat >\"$F\"\nsay done\n"
);

/// Two ends between which one pass of rsync goes, and what the receiving one is told besides.
#[derive(Clone, Copy)]
struct Leg<'a> {
    from: &'a Host,
    to: &'a Host,
    source: &'a str,
    dest: &'a str,
    /// Whether owners are noted instead of given on the sending side: somebody who is not root has put them there so.
    from_notes: bool,
    more: &'a [String],
}

/// Brings everything over.
pub(super) async fn carry(
    sync: &Sync,
    seen: &Seen,
    running: Option<Value>,
    ends: (&Host, &Host),
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let meter = Meter::new(seen.tally.bytes, 1, cx);
    if seen.tally.is_empty() && running.is_none() {
        // All had come; what was left was the key.
        return Ok(());
    }
    if !seen.choice.why.is_empty() {
        meter.note(seen.way_in_words());
    }
    let (from, to) = ends;
    let route = seen.choice.direct().map(|(route, _)| route);
    // What runs was launched by an earlier try, when there was a way.
    if let (true, Some(key)) = (route.is_some() || running.is_some(), &seen.choice.key) {
        let sent = direct::carry(sync, seen, (route, key), running.as_ref(), from, &meter, cx).await;
        match worded(sync, sent) {
            Err(ActionError::Failed(failure)) if sync.via == Via::Auto && is_of_the_way(&failure) => {
                meter.note(format!("the direct way failed, and the relay goes on from there: {}", failure.why));
                keep::calm(seen, to, cx).await?;
            }
            sent => return sent,
        }
    }
    let more = options::receiving(seen);
    let source = sync.source(seen, Pass::Whole);
    let whole = Leg { from, to, source, dest: &seen.dest, from_notes: false, more: &more };
    if seen.staging.is_some() {
        staged(sync, seen, ends, &more, cx).await?;
    } else if sync.parallel > 1 && seen.dest.ends_with('/') {
        in_parts(sync, seen, ends, &more, cx).await?;
    }
    // What the parts have left: folders, links, what is to be deleted, and all that has changed meanwhile.
    pass(sync, seen, Pass::Whole, whole, (&meter, 0), cx).await
}

/// Sends the files by several rsyncs at the same time.
async fn in_parts(
    sync: &Sync,
    seen: &Seen,
    (from, to): (&Host, &Host),
    more: &[String],
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let parts = shards(&seen.files, sync.parallel as usize);
    if parts.len() < 2 {
        return Ok(());
    }
    let made = cx
        .change_on(to, Command::change("[ -d \"$B\" ] || mkdir -m 700 -- \"$B\"").env("B", seen.base.clone()))
        .await?;
    if !made.success() {
        return Err(ActionError::failed(format!("making {}: {}", seen.base, made.error_text().trim())));
    }
    let mut lists = Vec::new();
    for (number, names) in parts.iter().enumerate() {
        lists.push(list(kept_beside(&seen.lists, "/lists"), &seen.lists, number, names, from, cx).await?);
    }
    let meter = Meter::new(seen.tally.bytes, lists.len(), cx);
    let leg = Leg { from, to, source: &seen.listed_in, dest: &seen.dest, from_notes: false, more };
    let passes = lists.iter().enumerate();
    let passes = passes.map(|(number, list)| pass(sync, seen, Pass::Listed(list), leg, (&meter, number), cx));
    let sent = try_join_all(passes).await;
    sweep(from, &seen.lists, cx).await?;
    sent.map(drop)
}

/// Sends the files to a folder of this machine, and from there.
async fn staged(
    sync: &Sync,
    seen: &Seen,
    (from, to): (&Host, &Host),
    more: &[String],
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    // One file by another name is sent by its name alone.
    let by_list = !seen.files.is_empty() && seen.dest.ends_with('/');
    let Some(staging) = seen.staging.as_deref().filter(|_| by_list) else { return Ok(()) };
    let here = cx.other(&Role::local()).await?.as_user(None);
    let names: Vec<&str> = shards(&seen.files, 1).concat();
    let there = list(kept_beside(&seen.lists, "/lists"), &seen.lists, 0, &names, from, cx).await?;
    let locally = list(kept_beside(staging, "/staging"), &format!("{staging}/lists"), 0, &names, &here, cx).await?;
    // Whoever is not root cannot give files away: rsync notes whose they are.
    let root = here.read(Command::read("id -u")).await?.text().trim() == "0";
    let notes: Vec<String> = if root { Vec::new() } else { vec!["--fake-super".to_owned()] };
    let tree = format!("{staging}/tree/");
    let first = Leg { from, to: &here, source: &seen.listed_in, dest: &tree, from_notes: false, more: &notes };
    pass(sync, seen, Pass::Listed(&there), first, (&Meter::new(seen.tally.bytes, 1, cx), 0), cx).await?;
    let second = Leg { from: &here, to, source: &tree, dest: &seen.dest, from_notes: !root, more };
    pass(sync, seen, Pass::Listed(&locally), second, (&Meter::new(seen.tally.bytes, 1, cx), 0), cx).await?;
    sweep(from, &seen.lists, cx).await?;
    sweep(&here, staging, cx).await
}

/// The unit's folder on a host, of a folder of ours in it. Only that is taken off: a step may be called `staging` itself.
fn kept_beside<'f>(folder: &'f str, ours: &str) -> &'f str {
    folder.strip_suffix(ours).unwrap_or(folder)
}

/// Writes a list of files into a folder that is below the unit's own. Its path.
async fn list(
    kept: &str,
    folder: &str,
    number: usize,
    names: &[&str],
    host: &Host,
    cx: &Write<'_>,
) -> Result<String, ActionError> {
    let path = format!("{folder}/{number}");
    let bytes: Vec<u8> = names.iter().flat_map(|name| [unescaped(name), vec![0]].concat()).collect();
    let command = Command::change(LIST).env("R", kept).env("K", kept).env("N", "").env("F", path.clone()).stdin(bytes);
    verdict(&cx.change_on(host, command).await?, "writing a list of files", cx.around().masker())?;
    Ok(path)
}

/// One pass, over as many connections as it takes: what has come so far is kept, and it goes on from there.
async fn pass(
    sync: &Sync,
    seen: &Seen,
    pass: Pass<'_>,
    leg: Leg<'_>,
    (meter, part): (&Meter<'_>, usize),
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let mut stuck = 0;
    loop {
        let mut most = 0;
        let ended = once(sync, seen, pass, leg, (meter, part), &mut most).await;
        stuck = if most > 0 { 0 } else { stuck + 1 };
        let why = match ended {
            // The last pass says what is missing.
            Ok(Ended { status: 23 | VANISHED, .. }) if matches!(pass, Pass::Listed(_)) => return Ok(()),
            Ok(ended) if !BROKEN.contains(&ended.status) || stuck >= STUCK => return judge(sync, &ended, cx),
            Ok(ended) => codes::words(ended.status, &ended.said.text()).0,
            Err(error @ ActionError::Transport(TransportError::Lost { .. })) if stuck < STUCK => error.to_string(),
            Err(error) => return Err(error),
        };
        meter.note(format!("{why}: it goes on from where it was"));
        tokio::time::sleep(PAUSE).await;
        // Others may be at it where the pass is one of several.
        if matches!(pass, Pass::Whole) {
            keep::calm(seen, leg.to, cx).await?;
        }
    }
}

async fn once(
    sync: &Sync,
    seen: &Seen,
    pass: Pass<'_>,
    leg: Leg<'_>,
    (meter, part): (&Meter<'_>, usize),
    most: &mut u64,
) -> Result<Ended, ActionError> {
    let mut hear = |line: &str| match hear::progress(line) {
        Some(done) => {
            *most = done;
            meter.set(part, done);
            true
        }
        None => false,
    };
    let mut arguments = sync.arguments(seen, pass);
    if leg.from_notes {
        arguments.push("--fake-super".to_owned());
    }
    let client = options::bridged(&arguments, leg.source);
    let server = |words: &[String]| options::server(words, leg.more, leg.dest);
    relay::carry((leg.from, client), leg.to, &server, &mut hear).await
}

/// What an end of rsync's means.
fn judge(sync: &Sync, ended: &Ended, cx: &Write<'_>) -> Result<(), ActionError> {
    // Where the destination has none, the source knows of a broken stream only.
    let status = match (ended.status, ended.other) {
        (0, _) => return Ok(()),
        (_, Some(127)) => 127,
        (status, _) => status,
    };
    let stderr = cx.around().masker().mask(&ended.said.text());
    worded(sync, Err(ActionError::Failed(Box::new(Failure { exit_code: Some(status), stderr, ..Failure::default() }))))
}

/// An end of rsync's in words.
fn worded(sync: &Sync, ended: Result<(), ActionError>) -> Result<(), ActionError> {
    match ended {
        Err(ActionError::Failed(failure)) => match failure.exit_code {
            Some(VANISHED) if sync.live => Ok(()),
            Some(code) => {
                let (why, hint) = codes::words(code, &failure.stderr);
                let hint = hint.map(str::to_owned);
                Err(ActionError::Failed(Box::new(Failure { why, hint, ..*failure })))
            }
            None => Err(ActionError::Failed(failure)),
        },
        ended => ended,
    }
}

/// Whether a failure is about the way, and not about what went over it.
fn is_of_the_way(failure: &Failure) -> bool {
    failure.exit_code.is_some_and(|code| code == NOT_THROUGH || BROKEN.contains(&code))
}
