//! Starting a job once, following it over lost connections, ending it, and clearing up after it.

use std::time::Duration;

use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::base::shell::quote;
use crate::transport::marks::nonce;
use crate::transport::{Become, Command, Output, Sink, Transport, TransportError};

use super::follow::Follower;
use super::program;
use super::spec::{Detach, JobEnd, JobRef, JobSpec, JobState, Offsets};

const FOLDER: &str = include_str!("folder.sh");
const FOLLOW: &str = include_str!("follow.sh");
const LAUNCH: &str = include_str!("launch.sh");
const END: &str = include_str!("end.sh");

/// Tenths of a second between SIGTERM and SIGKILL.
const GRACE: u32 = 50;

/// A job on a host, whether or not it has been started.
pub struct Job<'a> {
    transport: &'a dyn Transport,
    at: &'a JobRef,
    become_user: Option<&'a Become>,
}

impl<'a> Job<'a> {
    /// The job at that place, of the user that it runs as.
    #[must_use]
    pub fn new(transport: &'a dyn Transport, at: &'a JobRef, become_user: Option<&'a Become>) -> Self {
        Self { transport, at, become_user }
    }

    /// Starts the job, unless it was started before, and follows it to its end from `from`, which tells afterwards how far it was read. A
    /// lost connection is waited for, and the job goes on meanwhile; so it does when this future is dropped.
    ///
    /// # Errors
    /// `Unusable` where the host cannot start it, `TimedOut` where it was ended because it took too long, `Away` where it may run and
    /// nothing more can be known.
    pub async fn launch(
        &self,
        spec: &JobSpec,
        from: &mut Offsets,
        sink: &mut dyn Sink,
    ) -> Result<JobEnd, TransportError> {
        let witness = program::witness(spec, &self.at.dir).map_err(|why| self.unusable(why))?;
        let run = self.at.dir.rsplit_once('/').map_or("", |(run, _)| run);
        let base = run.rsplit_once('/').map_or("", |(base, _)| base);
        let script = format!(
            "base={} run={}\nprogram={}\n{}\n{FOLDER}{FOLLOW}{LAUNCH}",
            quote(base),
            quote(run),
            quote(&witness),
            detach(self.at.detach)
        );
        self.limited(How::Launch, &Zeroizing::new(script), spec.timeout, from, sink).await
    }

    /// Follows a job that was started before, by this process or another.
    ///
    /// # Errors
    /// As for `launch`.
    pub async fn attach(
        &self,
        timeout: Option<Duration>,
        from: &mut Offsets,
        sink: &mut dyn Sink,
    ) -> Result<JobEnd, TransportError> {
        self.limited(How::Attach, &attach(), timeout, from, sink).await
    }

    /// What the job is doing.
    ///
    /// # Errors
    /// Where the host cannot be reached.
    pub async fn probe(&self) -> Result<JobState, TransportError> {
        let script = format!("{FOLDER}look\nsay \"$k\"\n");
        self.state(&self.ask(Command::read(self.script(&script, &nonce(), Offsets::default()))).await?)
    }

    /// Ends the job and all of its process group, with force where it does not go. What it left can be read with `attach` afterwards.
    ///
    /// # Errors
    /// Where the host cannot be reached, or the job does not end.
    pub async fn end(&self) -> Result<JobEnd, TransportError> {
        self.stop().await.map(|(_, end)| end)
    }

    /// Ends the job. Whether it was us, and how it ended.
    async fn stop(&self) -> Result<(bool, JobEnd), TransportError> {
        let script = format!("grace={GRACE}\n{FOLDER}{END}");
        // Ending it twice is ending it: sent again after a lost connection.
        let said = self.ask(Command::read(self.script(&script, &nonce(), Offsets::default()))).await?;
        let (stopped, verdict) =
            said.strip_prefix("stopped ").map_or((false, said.as_str()), |verdict| (true, verdict));
        Ok((stopped, self.state(verdict)?.ended(self)?))
    }

    /// Removes the job's folder, and the run's when it was the last. The job must be over.
    ///
    /// # Errors
    /// Where the host cannot be reached, or the folder stays.
    pub async fn remove(&self) -> Result<(), TransportError> {
        let run = self.at.dir.rsplit_once('/').map_or("", |(run, _)| run);
        let base = run.rsplit_once('/').map_or("", |(base, _)| base);
        let script = format!(
            "rm -rf {}; rmdir {} 2>/dev/null && rmdir {} 2>/dev/null || :",
            quote(&self.at.dir),
            quote(run),
            quote(base)
        );
        let said = self.transport.exec(self.command(Command::read(script)), None).await?;
        if said.success() { Ok(()) } else { Err(self.unusable(said.error_text().trim().to_owned())) }
    }

    async fn limited(
        &self,
        how: How,
        script: &str,
        limit: Option<Duration>,
        from: &mut Offsets,
        sink: &mut dyn Sink,
    ) -> Result<JobEnd, TransportError> {
        let Some(limit) = limit else { return self.follow(how, script, from, sink).await };
        if let Ok(end) = timeout(limit, self.follow(how, script, from, sink)).await {
            return end;
        }
        let (stopped, _) = self.stop().await?;
        // What it said in the meantime is told all the same, and an end of its own is its end.
        let end = self.follow(How::Attach, &attach(), from, sink).await?;
        if stopped { Err(TransportError::TimedOut { host: self.transport.role().clone(), limit }) } else { Ok(end) }
    }

    /// Sends the script until it has told the end. It may be sent again: a job is started once by its folder, and read on from `from`.
    async fn follow(
        &self,
        how: How,
        script: &str,
        from: &mut Offsets,
        sink: &mut dyn Sink,
    ) -> Result<JobEnd, TransportError> {
        let mut lost = None;
        loop {
            let nonce = nonce();
            let command = Command::change(self.script(script, &nonce, *from));
            let mut follower = Follower::new(&nonce, from, sink);
            let said = self.transport.exec(self.command(command), Some(&mut follower)).await;
            let verdict = follower.verdict();
            match said {
                Ok(said) => {
                    let verdict = verdict.ok_or_else(|| self.silent(&said))?;
                    return self.state(verdict.trim())?.ended(self);
                }
                Err(TransportError::Lost { why, .. }) => lost = Some(why),
                Err(TransportError::Unreachable { host, why }) => {
                    return Err(match (how, lost) {
                        (How::Launch, None) => TransportError::Unreachable { host, why },
                        (_, Some(lost)) => TransportError::Away { host, why: format!("{lost}; then {why}") },
                        (How::Attach, None) => TransportError::Away { host, why },
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask(&self, command: Command) -> Result<String, TransportError> {
        let said = self.transport.exec(self.command(command), None).await?;
        // The nonce is not looked for: nothing but the verdict is said here.
        let text = said.text();
        let verdict = text.split_once(' ').map(|(_, verdict)| verdict.trim().to_owned());
        verdict.ok_or_else(|| self.silent(&said))
    }

    /// The script that looks after a job ended without a verdict.
    fn silent(&self, said: &Output) -> TransportError {
        self.unusable(format!("looking after a job ended with {}: {}", said.status, said.error_text().trim()))
    }

    fn state(&self, verdict: &str) -> Result<JobState, TransportError> {
        let (word, rest) = verdict.split_once(' ').unwrap_or((verdict, ""));
        match (word, rest.parse()) {
            ("running", _) => Ok(JobState::Running),
            ("ended", Ok(code)) => Ok(JobState::Over(JobEnd::Exited(code))),
            // A code that was never written whole is none.
            ("died" | "ended", _) => Ok(JobState::Over(JobEnd::DiedOnHost)),
            ("unbegun", _) => Ok(JobState::Over(JobEnd::NeverBegan)),
            ("missing", _) => Ok(JobState::Over(JobEnd::Missing)),
            _ => Err(self.unusable(format!("a job in {}: {rest}", self.at.dir))),
        }
    }

    fn script(&self, script: &str, nonce: &str, from: Offsets) -> String {
        format!("n={nonce} d={} o={} e={}\n{script}", quote(&self.at.dir), from.stdout, from.stderr)
    }

    fn command(&self, command: Command) -> Command {
        command.as_user(self.become_user.cloned())
    }

    fn unusable(&self, why: String) -> TransportError {
        TransportError::Unusable { host: self.transport.role().clone(), why }
    }
}

/// Whether a job has to be begun, or was.
#[derive(Clone, Copy)]
enum How {
    Launch,
    Attach,
}

impl JobState {
    fn ended(self, job: &Job<'_>) -> Result<JobEnd, TransportError> {
        match self {
            Self::Over(end) => Ok(end),
            Self::Running => Err(job.unusable("a job was left while it runs".to_owned())),
        }
    }
}

/// What follows a job that was started before.
fn attach() -> String {
    format!("{FOLDER}{FOLLOW}join\n")
}

/// What starts a shell that outlives the connection.
fn detach(how: Detach) -> &'static str {
    match how {
        Detach::Setsid => "detach() { exec setsid /bin/sh; }",
        Detach::Perl => r#"detach() { exec perl -e 'use POSIX; POSIX::setsid(); exec "/bin/sh"'; }"#,
        Detach::Scope => "detach() { exec systemd-run --quiet --collect --scope setsid /bin/sh; }",
        Detach::UserScope => "detach() { exec systemd-run --user --quiet --collect --scope setsid /bin/sh; }",
    }
}
