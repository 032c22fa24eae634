//! From host to host: a job of the source, which outlives us, calls the other end by a key that is made for that.

use std::fmt::Write as _;

use serde_json::Value;

use crate::actions::context::{Host, Write};
use crate::actions::contract::ActionError;
use crate::actions::durable::{self, Announced, Stage};
use crate::actions::passage::{self, Door, OneTimeKey, Route, WAY_GONE};
use crate::base::shell::quote;
use crate::events::record::Outputs;
use crate::transport::{Command, JobSpec};

use super::action::StreamAction;
use super::overheard::Overheard;
use super::relay::mark;
use super::report::judge;
use super::seen::Seen;

/// The name of the job.
const STAGE: &str = "direct";

/// The key leaves jobs alone: what became of one is asked of its folder until the journal has it.
pub(super) const NO_STAGE: &str = "";

const JOB: &str = include_str!("job.sh");
const SOURCE: &str = include_str!("source.sh");
const SINK: &str = concat!(include_str!("tail.sh"), include_str!("sink.sh"));
const FILE: &str = concat!(include_str!("tail.sh"), include_str!("file.sh"));

/// What comes first says what is wanted: to see whether the other end can be called, or all.
const LOOK: &str = "IFS= read -r x\n[ \"$x\" != look ] || exit 0\n[ \"$x\" = stream ] || exit 1\n";

impl StreamAction {
    /// Sends everything.
    pub(super) async fn directly(
        &self,
        (route, key): (&Route, &OneTimeKey),
        seen: &Seen,
        cx: &Write<'_>,
    ) -> Result<Outputs, ActionError> {
        let from = self.from.side.host(cx).await?;
        for attempt in cx.env().first..cx.env().named {
            durable::clear_up_stage(&from, STAGE, attempt, cx).await?;
        }
        self.follow(key, &from, None, self.open((route, key), seen, &from, cx), cx).await
    }

    /// Finds the job of an earlier process again.
    pub(super) async fn find_again(&self, job: &Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let (from, to) = (self.from.side.host(cx).await?, self.to.host(cx).await?);
        let door = Door::look(&from, &to, NO_STAGE, cx).await?.map_err(ActionError::failed)?;
        let key = door.key();
        let open = Box::pin(async {
            let seen = self.see(cx).await?;
            let (route, _) = seen.choice.direct().ok_or_else(|| ActionError::failed(WAY_GONE))?;
            self.open((route, key), &seen, &from, cx).await
        });
        self.placed(self.follow(key, &from, Some(job), open, cx).await)
    }

    /// Follows the job to its end: the one that an earlier process has announced, or else a new one.
    async fn follow(
        &self,
        key: &OneTimeKey,
        from: &Host,
        job: Option<&Value>,
        open: impl Future<Output = Result<JobSpec, ActionError>> + Send,
        cx: &Write<'_>,
    ) -> Result<Outputs, ActionError> {
        let command = format!("stream to {}", self.to.on());
        let mut ear = Overheard::new(cx.around().masker(), self.to.is_file());
        let stage = Stage { host: from, name: Some(STAGE), command: &command, ear: &mut ear };
        let output = passage::carry(key, stage, job, open, cx).await?;
        let (from, to) = self.names();
        judge(ear.outcome(output)?, from, to)
    }

    /// Removes what the job has left.
    pub(super) async fn clear(&self, job: &Value, cx: &crate::actions::Read<'_>) -> Result<(), ActionError> {
        let Announced { account: Some((role, user)), .. } = durable::announced(job)? else { return Ok(()) };
        let host = cx.other_as(&role, user.as_deref()).await?;
        durable::clear_up_stage(&host, STAGE, cx.env().named, cx).await
    }

    /// Makes the key for the one script of the other end.
    async fn open(
        &self,
        (route, key): (&Route, &OneTimeKey),
        seen: &Seen,
        from: &Host,
        cx: &Write<'_>,
    ) -> Result<JobSpec, ActionError> {
        let (own, tail) = (mark(), mark());
        let host = self.to.host(cx).await?;
        let sink = self.sink((SINK, FILE), seen, &host, cx).await?;
        key.open(route, &served(&sink.env("MARK", &*tail))?, None, cx).await?;
        let command = self.from.side.within(&JOB.replace("SOURCE\n", SOURCE), from, cx)?;
        let command = command
            .env("MARK", own)
            .env("TAIL", tail)
            .env("KEYS", key.folder())
            .env("SSH", route.ssh())
            .env("DEST", route.destination());
        Ok(JobSpec { env: command.env, timeout: cx.env().timeout, ..JobSpec::script(command.script) })
    }
}

/// A command as a script that stands by itself. No secret may be in it.
fn served(command: &Command) -> Result<String, ActionError> {
    let mut script = format!("{LOOK}unset x SSH_ORIGINAL_COMMAND\nset -eu\n");
    for (name, value) in &command.env {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
            return Err(ActionError::failed(format!("`{name}` is no name of an environment variable")));
        }
        let _ = writeln!(script, "export {name}={}", quote(value.expose()));
    }
    script.push_str(&command.script);
    Ok(script)
}
