//! What an action is given: capabilities. `Read` cannot change a host, `Stash` may keep data for undo, `Write` needs an intent that the
//! journal made. A dry run can build only the first.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::base::{Clock, Masker, Role, RunId, Secret, Span, StepId, UnitId, secret};
use crate::events::Progress;
use crate::journal::Intent;
use crate::transport::{Become, Command, Effect, JobHome, Offsets, Output, Stream, Transport};

use super::contract::ActionError;
use super::expected::{Standing, Thing};

/// What surrounds every unit of a run; the engine provides it.
#[async_trait]
pub trait Surroundings: Send + Sync {
    /// The way to a host.
    ///
    /// # Errors
    /// Where the runbook has no such role, or the role turned out to be another machine.
    async fn transport(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError>;

    /// The user that the runbook's `hosts:` says to act as on `role`.
    fn become_on(&self, role: &Role) -> Option<Become>;

    /// The user to act as on a host that an action names itself: `user` where it says one, else the `become` of its step, else as
    /// [`Surroundings::become_on`].
    fn become_as(&self, role: &Role, user: Option<&str>) -> Option<Become> {
        user.map(|user| Become { user: user.to_owned(), password: None }).or_else(|| self.become_on(role))
    }

    /// Where a host keeps the jobs, and what is kept for undo, of the user that is acted as. Asked of the host once a run.
    ///
    /// # Errors
    /// Where the host was not reached, or cannot keep jobs.
    async fn job_home(&self, role: &Role, become_user: Option<&Become>) -> Result<JobHome, ActionError>;

    /// The address of a role, without a port: what its `vars` say (`ipv4`, `ipv6`), else the host part of its ssh destination. None where the
    /// runbook has no such role.
    fn address(&self, role: &Role, family: Option<Family>) -> Option<String>;

    /// The value of a secret by its name.
    fn secret(&self, name: &str) -> Option<Secret>;

    /// A template file's text, rendered with what is in scope for the unit. `name` is for errors.
    ///
    /// # Errors
    /// Where a name is not defined or the syntax is wrong; `ActionError::Unknown` where a step has to run first.
    fn render(&self, name: &str, template: &str) -> Result<String, ActionError>;

    /// The path of a local file that the runbook names: relative to the file that names it.
    fn local_path(&self, named_in: &Span, path: &str) -> PathBuf;

    /// How a thing of a host will be by the time that the unit has its turn, and by which step: in a dry run, where an earlier step would
    /// leave it otherwise than it is.
    fn expected(&self, _role: &Role, _thing: &Thing) -> Option<(StepId, Standing)> {
        None
    }

    /// The time.
    fn clock(&self) -> &dyn Clock;

    /// Masks what must not be shown or kept.
    fn masker(&self) -> &Masker;

    /// Tells the screen.
    fn progress(&self, progress: Progress);

    /// Keeps some output of the unit's present try, and shows it. It comes masked, secrets split over two reads included, and is kept byte
    /// for byte.
    ///
    /// # Errors
    /// Where the journal does not take it.
    async fn output(&self, unit: &UnitId, attempt: u32, stream: Stream, bytes: &[u8]) -> Result<(), ActionError>;

    /// How many bytes of the unit's try are kept already, of each stream, as `output` was given them. A job that is found again is read from
    /// its beginning: so much of it is not told twice.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    async fn kept(&self, unit: &UnitId, attempt: u32) -> Result<Offsets, ActionError>;

    /// Journals that a durable job of the unit is about to be launched.
    ///
    /// # Errors
    /// Where the journal does not take it: then it must not be launched.
    async fn sent(&self, unit: &UnitId, job: serde_json::Value) -> Result<(), ActionError>;

    /// Returns when the operator has pressed Ctrl-C a second time: let go of what runs as a durable job.
    async fn detached(&self);
}

/// The part of a run that its `watch` is.
const WATCH: &str = "watch";

/// Which of the two internets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// A unit's own surroundings.
#[derive(Clone)]
pub struct Env<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The unit.
    pub unit: &'a UnitId,
    /// The try, from 1; 0 where nothing is applied.
    pub attempt: u32,
    /// The first try since it was begun, or begun anew after it was taken back.
    pub first: u32,
    /// The try that its durable jobs are named after: see [`crate::events::state::Attempt`].
    pub named: u32,
    /// Which part of the unit this is, where it is not the step's own action: `undo0` for the first call of its `undo:`. Together
    /// with unit and try it names the durable job, so that the same part is found again and not run twice.
    pub part: Option<String>,
    /// The unit's host; none for actions that act on no host.
    pub host: Option<Arc<dyn Transport>>,
    /// The user to act as.
    pub become_user: Option<Become>,
    /// The time that one command may take.
    pub timeout: Option<Duration>,
    /// The rest of the run.
    pub around: &'a dyn Surroundings,
}

/// Reads hosts, and cannot do anything else.
#[derive(Clone)]
pub struct Read<'a> {
    env: Env<'a>,
}

/// Reads hosts, and keeps what undo will need.
#[derive(Clone)]
pub struct Stash<'a> {
    read: Read<'a>,
}

/// Changes hosts. Only with an intent, which only the journal makes, once the way back is durable.
pub struct Write<'a> {
    read: Read<'a>,
    intent: &'a Intent,
}

/// A host seen through a `Read`: another one than the unit's own, or as another user.
#[derive(Clone)]
pub struct Host {
    transport: Arc<dyn Transport>,
    become_user: Option<Become>,
    timeout: Option<Duration>,
}

impl<'a> Read<'a> {
    /// The capability to look.
    #[must_use]
    pub fn new(env: Env<'a>) -> Self {
        Self { env }
    }

    /// The unit's surroundings.
    #[must_use]
    pub fn env(&self) -> &Env<'a> {
        &self.env
    }

    /// The same for a part of the unit that is not the step's own action.
    #[must_use]
    pub fn part(mut self, part: String) -> Self {
        self.env.part = Some(part);
        self
    }

    /// The same for a unit that acts on that host, as that user.
    #[must_use]
    pub fn at(&self, host: &Host) -> Self {
        let (transport, become_user) = (Some(Arc::clone(&host.transport)), host.become_user.clone());
        Self { env: Env { host: transport, become_user, ..self.env.clone() } }
    }

    /// The same for a probe of the book's `watch`.
    #[must_use]
    pub fn watching(self) -> Self {
        self.part(WATCH.to_owned())
    }

    /// Whether this is a probe of the book's `watch`: it is not to be fooled by what somebody did to this machine's own names.
    #[must_use]
    pub fn watches(&self) -> bool {
        self.env.part.as_deref() == Some(WATCH)
    }

    /// The run's surroundings.
    #[must_use]
    pub fn around(&self) -> &'a dyn Surroundings {
        self.env.around
    }

    /// The unit's own host, as the user that the step acts as.
    ///
    /// # Errors
    /// Where the unit has none.
    pub fn host(&self) -> Result<Host, ActionError> {
        let transport =
            self.env.host.clone().ok_or_else(|| ActionError::failed("the step has no host: give it `on`"))?;
        Ok(Host { transport, become_user: self.env.become_user.clone(), timeout: self.env.timeout })
    }

    /// Another host, as the user that its entry in `hosts:` says.
    ///
    /// # Errors
    /// Where there is no such role.
    pub async fn other(&self, role: &Role) -> Result<Host, ActionError> {
        let transport = self.env.around.transport(role).await?;
        Ok(Host { transport, become_user: self.env.around.become_on(role), timeout: self.env.timeout })
    }

    /// Another host that the action names itself, as `user` where it says one too: see [`Surroundings::become_as`].
    ///
    /// # Errors
    /// Where there is no such role.
    pub async fn other_as(&self, role: &Role, user: Option<&str>) -> Result<Host, ActionError> {
        let transport = self.env.around.transport(role).await?;
        Ok(Host { transport, become_user: self.env.around.become_as(role, user), timeout: self.env.timeout })
    }

    /// Whether what stands at a path of a host, and below it, is what the unit will find in its turn.
    ///
    /// # Errors
    /// Where an earlier step of a dry run leaves something else, and it cannot be known what until that has run.
    pub fn stands(&self, role: &Role, path: &str) -> Result<(), ActionError> {
        match self.env.around.expected(role, &Thing::Tree(path.trim_end_matches('/').to_owned())) {
            Some((step, _)) => Err(ActionError::Unknown(step)),
            None => Ok(()),
        }
    }

    /// `text` with the secrets that it holds by name.
    ///
    /// # Errors
    /// Where a secret has no value in this process.
    pub fn reveal(&self, text: &str) -> Result<Secret, ActionError> {
        let unknown = |name| ActionError::failed(format!("the secret `{name}` has no value"));
        secret::unseal(text, |name| self.env.around.secret(name)).map_err(unknown)
    }

    /// Runs a reading script on the unit's host, as the step's user.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub async fn sh(&self, command: Command) -> Result<Output, ActionError> {
        self.host()?.read(command).await
    }
}

impl<'a> Stash<'a> {
    /// The capability to keep data for undo: the engine's, before it intends.
    #[must_use]
    pub fn new(read: Read<'a>) -> Self {
        Self { read }
    }

    /// The same for a unit that acts on that host, as that user.
    #[must_use]
    pub fn at(&self, host: &Host) -> Self {
        Self { read: self.read.at(host) }
    }

    /// Runs a script on the unit's host that may write to the run's own stash folder and nowhere else.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub async fn keep(&self, command: Command) -> Result<Output, ActionError> {
        // Keeping is repeatable: the stash is the run's own, and a copy made twice is the same copy.
        self.read.host()?.send(Command { effect: Effect::Reads, ..command }).await
    }

    /// The same on another host.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub async fn keep_on(&self, host: &Host, command: Command) -> Result<Output, ActionError> {
        host.send(Command { effect: Effect::Reads, ..command }).await
    }
}

impl<'a> Write<'a> {
    /// The capability to change: needs the journal's word that the way back is durable.
    #[must_use]
    pub fn new(read: Read<'a>, intent: &'a Intent) -> Self {
        Self { read, intent }
    }

    /// The same for a unit that acts on that host, as that user.
    #[must_use]
    pub fn at(&self, host: &Host) -> Self {
        Self { read: self.read.at(host), intent: self.intent }
    }

    /// Runs a changing script on the unit's host, as the step's user.
    ///
    /// # Errors
    /// Where the host was not reached, or may not have done it.
    pub async fn change(&self, command: Command) -> Result<Output, ActionError> {
        self.read.host()?.send(Command { effect: Effect::Changes, ..command }).await
    }

    /// Runs a changing script on another host.
    ///
    /// # Errors
    /// Where the host was not reached, or may not have done it.
    pub async fn change_on(&self, host: &Host, command: Command) -> Result<Output, ActionError> {
        host.send(Command { effect: Effect::Changes, ..command }).await
    }
}

impl<'a> Deref for Stash<'a> {
    type Target = Read<'a>;

    fn deref(&self) -> &Read<'a> {
        &self.read
    }
}

impl<'a> Deref for Write<'a> {
    type Target = Read<'a>;

    fn deref(&self) -> &Read<'a> {
        &self.read
    }
}

impl Host {
    /// The way there, for durable jobs and streams.
    #[must_use]
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The user that commands act as.
    #[must_use]
    pub fn become_user(&self) -> Option<&Become> {
        self.become_user.as_ref()
    }

    /// The same host as another user.
    #[must_use]
    pub fn as_user(self, become_user: Option<Become>) -> Self {
        Self { become_user, ..self }
    }

    /// Runs a reading script.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub async fn read(&self, command: Command) -> Result<Output, ActionError> {
        self.send(Command { effect: Effect::Reads, ..command }).await
    }

    async fn send(&self, command: Command) -> Result<Output, ActionError> {
        let timeout = command.timeout.or(self.timeout);
        let command = Command { become_user: self.become_user.clone(), timeout, ..command };
        Ok(self.transport.exec(command, None).await?)
    }
}
