//! Durable jobs as actions use them: announced in the journal, started once, their output told as it comes, found again after a crash.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;

use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::base::{Role, duration};
use crate::events::Progress;
use crate::events::record::{Failure, Outputs};
use crate::transport::{Command, Job, JobEnd, JobId, JobRef, JobSpec, JobState, Offsets, Sink, Stream, TransportError};

use super::context::{Host, Read, Write};
use super::contract::ActionError;
use super::said::Said;

/// How much output may wait for the journal before the job's output is left unread.
const WAITING: usize = 1 << 20;

/// One of the durable jobs that a unit runs, one after the other: a dump on one host, a restore on another.
pub struct Stage<'a> {
    /// The host it runs on, as the user that it runs as.
    pub host: &'a Host,
    /// Its name within the unit; none: the unit's only job. The record `sent` says which of them was announced last.
    pub name: Option<&'static str>,
    /// For people.
    pub command: &'a str,
    /// Hears what it says.
    pub ear: &'a mut dyn Ear,
}

/// Hears what a job says, before anybody else does.
pub trait Ear: Send {
    /// Takes some bytes of a stream, in order, and gives what is to be kept and shown of them: progress that a program draws again and
    /// again is for the bar and not for the journal. The same bytes give the same, so that a job that is found again is not told twice.
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8>;
}

/// Keeps all.
impl Ear for () {
    fn hear(&mut self, _stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

/// What the journal says of a job of a unit that has several.
#[derive(serde::Serialize, serde::Deserialize)]
struct Staged {
    stage: String,
    host: Role,
    become_user: Option<String>,
    at: JobRef,
}

/// A job that the journal has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its host and the user that it runs as; none: those of its unit.
    pub account: Option<(Role, Option<String>)>,
    /// Where it is there.
    pub at: JobRef,
}

/// Reads what the journal says of a job.
///
/// # Errors
/// Where that is not what a job was announced with.
pub fn announced(job: &Value) -> Result<Announced, ActionError> {
    if let Ok(Staged { host, become_user, at, .. }) = Staged::deserialize(job) {
        return Ok(Announced { account: Some((host, become_user)), at });
    }
    let at = JobRef::deserialize(job)
        .map_err(|error| ActionError::failed(format!("what the journal says of the job cannot be read: {error}")))?;
    Ok(Announced { account: None, at })
}

/// Which stage a job is that the journal has: the stages before it have ended well, those after it were not begun.
#[must_use]
pub fn stage_of(job: &Value) -> Option<String> {
    job.get("stage")?.as_str().map(str::to_owned)
}

/// Runs a durable job of the unit's host to its end. `command` is for people.
///
/// # Errors
/// Where it does not exit with 0, or nothing is known of how it ended.
pub async fn launch(spec: &JobSpec, command: &str, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    let host = cx.host()?;
    launch_stage(spec, Stage { host: &host, name: None, command, ear: &mut () }, cx).await
}

/// Runs one of the durable jobs of a unit to its end.
///
/// # Errors
/// As [`launch`].
pub async fn launch_stage(spec: &JobSpec, stage: Stage<'_>, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    let at = place_of(stage.host, stage.name, cx).await?;
    cx.around().sent(cx.env().unit, told(stage.host, stage.name, &at)?).await?;
    follow(How::Launch(spec), &at, stage, cx).await
}

/// Finds a durable job again and follows it to its end.
///
/// One that left no trace in the boot in which it was announced never began: making its folder is the first thing that it does, and only an
/// outcome in the journal lets that go. It is launched then, under the same name, so that a launch that is still on its way cannot start it
/// a second time. Of another boot nothing can be said (a folder in memory, a restored disk): it is not started.
///
/// `spec` is asked for only then: a job that runs is followed even where its script is gone from the operator's machine.
///
/// # Errors
/// As [`launch`].
pub async fn reattach(
    job: &Value,
    spec: Result<JobSpec, ActionError>,
    command: &str,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let host = cx.host()?;
    reattach_stage(job, ready(spec), Stage { host: &host, name: None, command, ear: &mut () }, cx).await
}

/// The same for one of several jobs of a unit: the one that [`stage_of`] the job says. What it takes to know its `spec` is done only where it
/// is launched.
///
/// # Errors
/// As [`launch`].
pub async fn reattach_stage(
    job: &Value,
    spec: impl Future<Output = Result<JobSpec, ActionError>> + Send,
    stage: Stage<'_>,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let (host, at) = (stage.host, announced(job)?.at);
    let found = Job::new(&**host.transport(), &at, host.become_user()).probe().await?;
    // What was heard of did begin, whoever has removed it since. Of several jobs it is not known which was heard.
    let silent = stage.name.is_some() || cx.around().kept(cx.env().unit, cx.env().attempt).await? == Offsets::default();
    let never_began = silent && found == JobState::Over(JobEnd::Missing) && is_same_boot(&at, host).await?;
    if never_began {
        return follow(How::Launch(&spec.await?), &at, stage, cx).await;
    }
    follow(How::Attach, &at, stage, cx).await
}

/// The job of a stage that an earlier try of the unit has launched, where it still runs. The journal is told that it is this try's now: whoever
/// takes the unit back has to end it.
///
/// # Errors
/// Where the host was not reached, or the journal does not take it.
pub async fn adopt_stage(host: &Host, name: &'static str, cx: &Write<'_>) -> Result<Option<Value>, ActionError> {
    let env = cx.env();
    let home = cx.around().job_home(host.transport().role(), host.become_user()).await?;
    for attempt in (env.first..env.named).rev() {
        let at = home.job(&JobId::new(env.run, env.unit, attempt).part(name));
        match Job::new(&**host.transport(), &at, host.become_user()).probe().await? {
            JobState::Over(JobEnd::Missing) => {}
            JobState::Over(_) => return Ok(None),
            JobState::Running => {
                let job = told(host, Some(name), &at)?;
                cx.around().sent(env.unit, job.clone()).await?;
                return Ok(Some(job));
            }
        }
    }
    Ok(None)
}

/// What has become of a job that the journal has.
///
/// # Errors
/// Where the host was not reached.
pub async fn state_of(job: &Value, host: &Host) -> Result<JobState, ActionError> {
    Ok(Job::new(&**host.transport(), &announced(job)?.at, host.become_user()).probe().await?)
}

/// Removes what a job left on its host.
///
/// # Errors
/// Where the host cannot be reached, or the folder stays.
pub async fn clear_up(job: &Value, cx: &Read<'_>) -> Result<(), ActionError> {
    let host = cx.host()?;
    Ok(Job::new(&**host.transport(), &announced(job)?.at, host.become_user()).remove().await?)
}

/// Removes what the job of a stage left on its host, if it was ever begun.
///
/// # Errors
/// As [`clear_up`].
pub async fn clear_up_stage(host: &Host, name: &'static str, attempt: u32, cx: &Read<'_>) -> Result<(), ActionError> {
    let env = cx.env();
    let home = cx.around().job_home(host.transport().role(), host.become_user()).await?;
    let at = home.job(&JobId::new(env.run, env.unit, attempt).part(name));
    Ok(Job::new(&**host.transport(), &at, host.become_user()).remove().await?)
}

/// Where a job of the unit's present try is.
async fn place_of(host: &Host, name: Option<&str>, cx: &Read<'_>) -> Result<JobRef, ActionError> {
    let env = cx.env();
    let home = cx.around().job_home(host.transport().role(), host.become_user()).await?;
    let parts = env.part.as_deref().into_iter().chain(name);
    Ok(home.job(&parts.fold(JobId::new(env.run, env.unit, env.named), JobId::part)))
}

/// What the journal is told of a job.
fn told(host: &Host, name: Option<&str>, at: &JobRef) -> Result<Value, ActionError> {
    let told = match name {
        None => serde_json::to_value(at),
        Some(name) => serde_json::to_value(Staged {
            stage: name.to_owned(),
            host: host.transport().role().clone(),
            become_user: host.become_user().map(|user| user.user.clone()),
            at: at.clone(),
        }),
    };
    told.map_err(|error| ActionError::failed(error.to_string()))
}

enum How<'a> {
    Launch(&'a JobSpec),
    Attach,
}

/// Follows a job and tells what it says, both at the same time. Where the journal is slower than the job, the job's output is left on its
/// host meanwhile: it does not gather here.
async fn follow(how: How<'_>, at: &JobRef, stage: Stage<'_>, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    let Stage { host, name, command, ear } = stage;
    let (send, receive) = unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let mut feed = Feed { send, waiting: Arc::clone(&waiting) };
    let env = cx.env();
    // What was told before this process began is not told again. Other parts of a unit share its output, and are not told apart in it.
    let kept = match how {
        How::Attach if env.part.is_none() && name.is_none() => cx.around().kept(env.unit, env.attempt).await?,
        How::Attach | How::Launch(_) => Offsets::default(),
    };
    let following = async move {
        let job = Job::new(&**host.transport(), at, host.become_user());
        let mut from = Offsets::default();
        match how {
            How::Launch(spec) => job.launch(spec, &mut from, &mut feed).await,
            How::Attach => job.attach(env.timeout, &mut from, &mut feed).await,
        }
    };
    let mut following = pin!(following);
    let mut telling = pin!(tell(receive, &waiting, kept, ear, cx));
    let mut detached = pin!(cx.around().detached());
    let mut over = None;
    let said = loop {
        let unless_full = std::future::poll_fn(|task| {
            // Whoever empties the queue is polled just before this.
            if waiting.load(Relaxed) > WAITING { Poll::Pending } else { following.as_mut().poll(task) }
        });
        tokio::select! {
            biased;
            () = &mut detached => return Err(ActionError::Detached),
            said = &mut telling => break said?,
            end = unless_full, if over.is_none() => over = Some(end),
        }
    };
    for stream in said.cut() {
        let text = format!("it said more than 1 MiB on {stream}: later steps see the first of it only");
        cx.around().progress(Progress::Note { unit: env.unit.clone(), text });
    }
    let end = match over {
        Some(end) => end,
        // The queue ends with what fills it.
        None => following.await,
    };
    outcome(end, &said, command, at, host).await
}

async fn outcome(
    end: Result<JobEnd, TransportError>,
    said: &Said,
    command: &str,
    at: &JobRef,
    host: &Host,
) -> Result<Outputs, ActionError> {
    let failed = |why: String, exit_code: Option<i32>, hint: Option<String>| {
        let command = Some(command.to_owned());
        ActionError::Failed(Box::new(Failure {
            why,
            hint,
            command,
            exit_code,
            stderr: said.last_words(),
            ..Failure::default()
        }))
    };
    match end {
        Ok(JobEnd::Exited(0)) => Ok(said.outputs(0)),
        Ok(JobEnd::Exited(code)) => {
            let hint = match hint(code) {
                Some(hint) => Some(hint.to_owned()),
                None => no_room(at, host).await,
            };
            Err(failed(exited(code), Some(code), hint))
        }
        Ok(JobEnd::DiedOnHost) => {
            Err(ActionError::Died("it left no exit code: somebody killed it, or the host went down".to_owned()))
        }
        Ok(JobEnd::NeverBegan) => Err(ActionError::NeverBegan),
        Ok(JobEnd::Missing) => Err(ActionError::NoTrace(no_trace(at, host).await?)),
        Err(TransportError::TimedOut { limit, .. }) => Err(failed(
            format!("took longer than {} and was ended", duration::show(limit)),
            None,
            Some("`timeout:` of the step gives it more time".to_owned()),
        )),
        Err(error) => Err(error.into()),
    }
}

/// So much free space is none, in KiB.
const LITTLE: u64 = 16;

/// What a command cannot say itself whose words find no room on the disk.
async fn no_room(at: &JobRef, host: &Host) -> Option<String> {
    let look = Command::read("df -k --output=avail -- \"$D\" | tail -n 1").env("D", at.dir.clone());
    let free: u64 = host.read(look).await.ok()?.text().trim().parse().ok()?;
    let full = format!("the disk of {}, where what it says is kept, is full", at.dir);
    (free < LITTLE).then(|| format!("{full}: make room, or give the host another `state_dir`"))
}

/// Whether the host was not restarted since the job was announced. A host that cannot tell may have been.
async fn is_same_boot(at: &JobRef, host: &Host) -> Result<bool, ActionError> {
    let boot = host.read(Command::read("cat /proc/sys/kernel/random/boot_id 2>/dev/null || :")).await?.text();
    Ok(!boot.trim().is_empty() && boot.trim() == at.boot_id)
}

/// What can be said about a job of which nothing is there.
async fn no_trace(at: &JobRef, host: &Host) -> Result<String, ActionError> {
    let restarted = if is_same_boot(at, host).await? {
        "somebody has removed it"
    } else {
        "the host was restarted since, and it may have run before that"
    };
    Ok(format!("there is no trace of its job, whose folder was to be {}; {restarted}", at.dir))
}

/// How a script ended, in words.
#[must_use]
pub fn exited(code: i32) -> String {
    let signal = match code - 128 {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => return format!("exited with {code}"),
    };
    format!("exited with {code}: it was ended by SIG{signal}")
}

/// What helps where a script ended with `code`.
pub(super) fn hint(code: i32) -> Option<&'static str> {
    match code {
        126 => Some(
            "a command was found and could not be run: is it executable, and is its file system mounted without `noexec`?",
        ),
        127 => Some(
            "a command was not found: is it installed there, and in the PATH of a shell that is not a login shell?",
        ),
        137 => Some("nobody kills that way but a person or the kernel that is out of memory: see `dmesg` there"),
        _ => None,
    }
}

/// Queues what a job says.
struct Feed {
    send: UnboundedSender<(Stream, Vec<u8>)>,
    waiting: Arc<AtomicUsize>,
}

impl Sink for Feed {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        self.waiting.fetch_add(bytes.len(), Relaxed);
        // Nobody listens where the unit was let go of.
        let _ = self.send.send((stream, bytes.to_vec()));
    }
}

/// Hands on what comes, masked, until nothing more does. So much of it as is `kept` is not handed on.
async fn tell(
    mut receive: UnboundedReceiver<(Stream, Vec<u8>)>,
    waiting: &AtomicUsize,
    mut kept: Offsets,
    ear: &mut dyn Ear,
    cx: &Write<'_>,
) -> Result<Said, ActionError> {
    let masker = cx.around().masker();
    let mut said = Said::default();
    while let Some((stream, bytes)) = receive.recv().await {
        let length = bytes.len();
        let told = said.take(masker, stream, &ear.hear(stream, bytes));
        hand_on(stream, &told, &mut kept, cx).await?;
        waiting.fetch_sub(length, Relaxed);
    }
    for stream in [Stream::Stdout, Stream::Stderr] {
        let told = said.finish(masker, stream);
        hand_on(stream, &told, &mut kept, cx).await?;
    }
    Ok(said)
}

async fn hand_on(stream: Stream, told: &[u8], kept: &mut Offsets, cx: &Write<'_>) -> Result<(), ActionError> {
    let kept = match stream {
        Stream::Stdout => &mut kept.stdout,
        Stream::Stderr => &mut kept.stderr,
    };
    let known = told.len().min(usize::try_from(*kept).unwrap_or(usize::MAX));
    *kept -= known as u64;
    if known == told.len() {
        return Ok(());
    }
    cx.around().output(cx.env().unit, cx.env().attempt, stream, &told[known..]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_told_with_the_signal_that_they_stand_for() {
        assert_eq!(exited(3), "exited with 3");
        assert_eq!(exited(143), "exited with 143: it was ended by SIGTERM");
        assert_eq!(exited(255), "exited with 255");
        assert!(hint(127).is_some() && hint(1).is_none());
    }
}
