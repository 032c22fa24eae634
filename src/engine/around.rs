//! What an action sees of the run around its unit.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::actions::context::Family;
use crate::actions::{ActionError, Env, Read, Standing, Surroundings, Thing};
use crate::base::{Clock, Masker, Role, Secret, Span, StepId, UnitId};
use crate::events::{Progress, Record, RunView};
use crate::journal::JournalError;
use crate::plan::{RenderError, Scope};
use crate::transport::{Become, JobHome, Offsets, Stream, Transport};

use super::ahead::Ahead;
use super::prepare::{Prepared, Probe};
use super::signal::Wish;
use super::world::{World, lock};

/// The run as the actions of one unit see it.
pub(super) struct Around<'a> {
    world: &'a World,
    /// The unit, where its step is still in the book: what templates see.
    prepared: Option<&'a Prepared<'a>>,
    /// What earlier steps will have left, in a dry run.
    ahead: Option<&'a Ahead<'a>>,
    view: Arc<RunView>,
    streams: Mutex<HashMap<Stream, Told>>,
    job: Mutex<Option<serde_json::Value>>,
}

/// The beginning of a line whose end has not come.
#[derive(Default)]
struct Told {
    line: Vec<u8>,
}

/// A line that is longer is shown in pieces.
const LONGEST_LINE: usize = 8 * 1024;

impl<'a> Around<'a> {
    pub(super) fn new(world: &'a World, prepared: Option<&'a Prepared<'a>>) -> Self {
        Self { world, prepared, ahead: None, view: world.view(), streams: Mutex::default(), job: Mutex::default() }
    }

    /// The same in a dry run.
    pub(super) fn ahead(self, ahead: &'a Ahead<'a>) -> Self {
        Self { ahead: Some(ahead), ..self }
    }

    /// The capability to look, for the unit's own action.
    pub(super) async fn read(&'a self, prepared: &'a Prepared<'a>, attempt: u32) -> Result<Read<'a>, ActionError> {
        let read = self.read_on(&prepared.unit, prepared.unit.host.as_ref(), prepared.become_user.clone(), attempt);
        let env = Env { timeout: prepared.timeout, ..read.await?.env().clone() };
        Ok(Read::new(env))
    }

    /// The same for a check of the unit, which may look elsewhere.
    pub(super) async fn probe(&'a self, prepared: &'a Prepared<'a>, probe: &Probe) -> Result<Read<'a>, ActionError> {
        self.read_on(&prepared.unit, probe.host.as_ref(), probe.become_user.clone(), 0).await
    }

    /// The same on any host.
    pub(super) async fn read_on(
        &'a self,
        unit: &'a UnitId,
        host: Option<&Role>,
        become_user: Option<Become>,
        attempt: u32,
    ) -> Result<Read<'a>, ActionError> {
        let host = match host {
            Some(role) => Some(self.world.transport(role).await?),
            None => None,
        };
        let run = &self.world.run;
        let view = self.world.view();
        let (first, named) = view.under_way(unit, attempt).map_or((attempt, attempt), |at| (at.first, at.named));
        Ok(Read::new(Env {
            run,
            unit,
            attempt,
            first,
            named,
            part: None,
            host,
            become_user,
            timeout: None,
            around: self,
        }))
    }

    /// Shows what has no line end.
    pub(super) fn end_output(&self, unit: &UnitId) {
        for (stream, told) in lock(&self.streams).drain().filter(|(_, told)| !told.line.is_empty()) {
            self.show(unit, stream, &told.line);
        }
    }

    /// The durable job that was launched last, if one was.
    pub(super) fn last_job(&self) -> Option<serde_json::Value> {
        lock(&self.job).take()
    }

    fn show(&self, unit: &UnitId, stream: Stream, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.progress(Progress::Output { unit: unit.clone(), stderr: stream == Stream::Stderr, line });
    }
}

#[async_trait]
impl Surroundings for Around<'_> {
    async fn transport(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError> {
        self.world.transport(role).await
    }

    fn become_on(&self, role: &Role) -> Option<Become> {
        self.world.become_on(role, None)
    }

    fn become_as(&self, role: &Role, user: Option<&str>) -> Option<Become> {
        let of_step = self.prepared.and_then(|prepared| prepared.user.as_deref());
        self.world.become_on(role, user.or(of_step))
    }

    async fn job_home(&self, role: &Role, become_user: Option<&Become>) -> Result<JobHome, ActionError> {
        self.world.job_home(role, become_user).await
    }

    fn address(&self, role: &Role, family: Option<Family>) -> Option<String> {
        self.world.address(role, family)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.world.setup.secrets.get(name).cloned()
    }

    fn render(&self, name: &str, template: &str) -> Result<String, ActionError> {
        let Some(prepared) = self.prepared else {
            return Err(ActionError::failed(format!("{name}: its step is no longer in the runbook")));
        };
        let situation = self.world.situation(&self.view);
        let host = prepared.unit.host.as_ref();
        let scope = Scope::of(&self.world.plan, prepared.step, situation, host, prepared.item.as_ref());
        scope.file(name, template, &self.world.setup.secrets).map_err(|error| match error {
            RenderError::Unknown(step) => ActionError::Unknown(step),
            RenderError::Wrong(diagnostic) => match diagnostic.hint {
                Some(hint) => ActionError::failed_with_hint(diagnostic.message, hint),
                None => ActionError::failed(diagnostic.message),
            },
        })
    }

    fn local_path(&self, named_in: &Span, path: &str) -> PathBuf {
        std::path::Path::new(named_in.file.as_ref()).parent().unwrap_or(std::path::Path::new("")).join(path)
    }

    fn expected(&self, role: &Role, thing: &Thing) -> Option<(StepId, Standing)> {
        self.ahead?.expected(role, thing)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.world.setup.clock
    }

    fn masker(&self) -> &Masker {
        &self.world.masker
    }

    fn progress(&self, progress: Progress) {
        self.world.setup.screen.progress(&progress);
    }

    async fn output(&self, unit: &UnitId, attempt: u32, stream: Stream, bytes: &[u8]) -> Result<(), ActionError> {
        if let Some(journal) = self.world.journal.as_ref().filter(|_| !bytes.is_empty()) {
            let kept = journal.append_output(unit, attempt, stream == Stream::Stderr, bytes).await;
            kept.map_err(|error| self.world.give_up(error))?;
        }
        let lines = lock(&self.streams).entry(stream).or_default().lines(bytes);
        for line in lines {
            self.show(unit, stream, &line);
        }
        Ok(())
    }

    async fn kept(&self, unit: &UnitId, attempt: u32) -> Result<Offsets, ActionError> {
        let Some(journal) = &self.world.journal else { return Ok(Offsets::default()) };
        let length = async |stderr| journal.output_length(unit, attempt, stderr).await;
        let lengths = async { Ok(Offsets { stdout: length(false).await?, stderr: length(true).await? }) };
        lengths.await.map_err(|error: JournalError| self.world.give_up(error))
    }

    async fn sent(&self, unit: &UnitId, job: serde_json::Value) -> Result<(), ActionError> {
        let Some(journal) = &self.world.journal else {
            return Err(ActionError::failed("nothing is launched in a dry run"));
        };
        let sent = journal.append(Record::Sent { unit: unit.clone(), job: job.clone() }).await;
        sent.map_err(|error| self.world.give_up(error))?;
        *lock(&self.job) = Some(job);
        Ok(())
    }

    async fn detached(&self) {
        self.world.setup.signals.wanted(Wish::Detach).await;
    }
}

impl Told {
    /// The lines that have come whole with `bytes`.
    fn lines(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.line.extend_from_slice(bytes);
        let mut lines = Vec::new();
        let mut rest = self.line.as_slice();
        loop {
            match memchr::memchr(b'\n', rest) {
                Some(at) => {
                    lines.push(rest[..at].to_vec());
                    rest = &rest[at + 1..];
                }
                None if rest.len() > LONGEST_LINE => {
                    lines.push(rest[..LONGEST_LINE].to_vec());
                    rest = &rest[LONGEST_LINE..];
                }
                None => break,
            }
        }
        self.line = rest.to_vec();
        lines
    }
}
