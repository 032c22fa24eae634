//! What surrounds a run: its plan, the hosts it reaches, and which machines they are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::actions::ActionError;
use crate::actions::context::Family;
use crate::base::{Masker, Role, RunId, StepId};
use crate::events::record::Account;
use crate::events::view::Pin;
use crate::events::{Record, RunView};
use crate::journal::{Journal, JournalError};
use crate::plan::{Plan, PlannedHost, Situation};
use crate::transport::{Become, Identity, JobHome, Lease, Tenure, Transport, TransportError};

use super::controller::EngineError;
use super::setup::{Destination, Setup};

/// How many hosts are connected to at the same time where `--forks` does not say.
const CONNECTING: usize = 32;

/// A plan, and the hosts that it is about.
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) plan: Arc<Plan>,
    pub(super) run: RunId,
    pub(super) started: Timestamp,
    pub(super) masker: Masker,
    /// None where nothing may be journalled: a dry run.
    pub(super) journal: Option<Arc<Journal>>,
    /// What a dry run of a run that was begun goes by.
    seen: Arc<RunView>,
    /// Which machines a dry run has come to.
    machines: Mutex<BTreeMap<Role, Pin>>,
    /// Which hosts a dry run could not reach, and why.
    away: Mutex<BTreeMap<Role, String>>,
    open: Mutex<HashMap<Role, Cell<Arc<dyn Transport>>>>,
    homes: Mutex<HashMap<Account, Cell<JobHome>>>,
    fatal: Arc<Mutex<Option<EngineError>>>,
}

/// Is filled by whoever comes first; the others wait for that.
type Cell<T> = Arc<OnceCell<T>>;

impl World {
    /// The world of a run that is carried out.
    pub(super) fn of_run(setup: Setup, journal: Arc<Journal>, plan: Arc<Plan>) -> Self {
        let view = journal.view();
        let setup = Setup { signals: setup.signals.clone().until(journal.lost()), ..setup };
        Self { journal: Some(journal), ..Self::of_view(setup, view, plan) }
    }

    /// The world of a dry run.
    pub(super) fn of_view(setup: Setup, seen: Arc<RunView>, plan: Arc<Plan>) -> Self {
        let run = seen.started.as_ref().map_or_else(|| RunId::from("dry-run"), |started| started.run.clone());
        let started = seen.began.unwrap_or_else(|| setup.clock.now());
        let masker = Masker::new(setup.secrets.values());
        Self {
            masker,
            setup,
            plan,
            run,
            started,
            journal: None,
            seen,
            machines: Mutex::default(),
            away: Mutex::default(),
            open: Mutex::default(),
            homes: Mutex::default(),
            fatal: Arc::default(),
        }
    }

    /// The run as it stands.
    pub(super) fn view(&self) -> Arc<RunView> {
        self.journal.as_ref().map_or_else(|| self.seen.clone(), |journal| journal.view())
    }

    /// What templates may know of the run.
    pub(super) fn situation<'a>(&'a self, view: &'a RunView) -> Situation<'a> {
        Situation { run: &self.run, started: self.started, view: Some(view) }
    }

    /// The way to a host: connected to, and known to be the machine that it was when the run began.
    pub(super) async fn transport(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError> {
        let cell = lock(&self.open).entry(role.clone()).or_default().clone();
        cell.get_or_try_init(|| self.connect_once(role)).await.cloned()
    }

    /// A dry run tries a host that is not there once: each of its units would wait for it anew.
    async fn connect_once(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError> {
        if let Some(why) = lock(&self.away).get(role) {
            return Err(TransportError::Unreachable { host: role.clone(), why: why.clone() }.into());
        }
        let connected = self.connect(role).await;
        if let (Err(ActionError::Transport(TransportError::Unreachable { why, .. })), None) =
            (&connected, &self.journal)
        {
            lock(&self.away).insert(role.clone(), why.clone());
        }
        connected
    }

    async fn connect(&self, role: &Role) -> Result<Arc<dyn Transport>, ActionError> {
        let (ssh, port) = if role.is_local() {
            (String::new(), None)
        } else {
            let host = self.host(role)?;
            (host.ssh.clone(), host.port)
        };
        let destination = Destination { role: role.clone(), ssh, port, tenure: self.tenure() };
        let transport = self.setup.connector.connect(&destination).await?;
        if !role.is_local() {
            let identity = transport.identity().await?;
            self.hold_to_pin(role, &identity).await.map_err(|error| self.give_up(error))?;
        }
        Ok(transport)
    }

    /// This process's time at the run; a dry run has none.
    fn tenure(&self) -> Option<Tenure> {
        let journal = self.journal.clone()?;
        let fence = journal.fence().0;
        Some(Tenure { run: self.run.clone(), fence, lease: Arc::new(Held { journal, fatal: self.fatal.clone() }) })
    }

    /// Which machines a dry run has come to.
    pub(super) fn machines(&self) -> BTreeMap<Role, Pin> {
        lock(&self.machines).clone()
    }

    /// Which hosts a dry run could not reach.
    pub(super) fn away(&self) -> Vec<Role> {
        lock(&self.away).keys().cloned().collect()
    }

    /// Sees that a host is the machine it was, and keeps which one it is where that was not known.
    async fn hold_to_pin(&self, role: &Role, identity: &Identity) -> Result<(), EngineError> {
        let view = self.view();
        if let Some(pin) = view.pins.get(role) {
            if pin.host_key == identity.host_key {
                return Ok(());
            }
            if !self.may_be_replaced(role, &view) {
                return Err(another_machine(role, pin, identity));
            }
        }
        let Identity { host_key, machine_id } = identity.clone();
        match &self.journal {
            Some(journal) => {
                journal.append(Record::Pinned { role: role.clone(), host_key, machine_id }).await?;
            }
            None => drop(lock(&self.machines).insert(role.clone(), Pin { host_key, machine_id })),
        }
        Ok(())
    }

    /// Whether the run has come to the step from which on the role may be another machine.
    fn may_be_replaced(&self, role: &Role, view: &RunView) -> bool {
        let Some(from) = self.plan.host(role).and_then(|host| host.replaced_at.as_ref()) else { return false };
        let position = |id: &StepId| self.plan.steps().position(|step| step.id() == id);
        let reached = view.units.keys().filter_map(|unit| position(&unit.step)).max();
        // The step itself is about to begin when everything before it is over.
        position(from).is_some_and(|from| reached.is_some_and(|reached| reached + 1 >= from))
    }

    /// Connects to all of these hosts, at the same time.
    pub(super) async fn connect_all(&self, roles: Vec<Role>) -> Result<(), EngineError> {
        let forks = self.setup.manner.forks.unwrap_or(CONNECTING).max(1);
        let connected = futures::stream::iter(roles)
            .map(|role| async move { self.transport(&role).await.map(drop) })
            .buffer_unordered(forks)
            .collect::<Vec<_>>()
            .await;
        let mut failures = connected.into_iter().filter_map(Result::err);
        let Some(first) = failures.next() else { return Ok(()) };
        let all = std::iter::once(first.to_string()).chain(failures.map(|error| error.to_string()));
        let all = all.collect::<Vec<_>>().join("; ");
        Err(self.fatal().unwrap_or(EngineError::Unreachable(format!("no step was begun: {all}"))))
    }

    /// Forgets the connection to a host that is another machine from now on.
    pub(super) fn forget(&self, role: &Role) {
        lock(&self.open).remove(role);
        lock(&self.homes).retain(|account, _| account.host != *role);
    }

    /// Ends the connections.
    pub(super) async fn close(&self) {
        let open: Vec<Cell<Arc<dyn Transport>>> = lock(&self.open).drain().map(|(_, cell)| cell).collect();
        for transport in open.iter().filter_map(|cell| cell.get()) {
            transport.close().await;
        }
    }

    /// Where a host keeps the jobs of a user.
    pub(super) async fn job_home(&self, role: &Role, become_user: Option<&Become>) -> Result<JobHome, ActionError> {
        let key = Account { host: role.clone(), become_user: become_user.map(|user| user.user.clone()) };
        let cell = lock(&self.homes).entry(key).or_default().clone();
        let home = cell.get_or_try_init(|| async {
            let transport = self.transport(role).await?;
            let state_dir = self.plan.host(role).and_then(|host| host.state_dir.as_deref());
            JobHome::locate(&*transport, become_user, state_dir).await.map_err(ActionError::from)
        });
        home.await.cloned()
    }

    /// The user to act as on `role` where a step says `user`, or nothing.
    pub(super) fn become_on(&self, role: &Role, user: Option<&str>) -> Option<Become> {
        let host = self.plan.host(role);
        let of_host = || host.and_then(|host| host.become_user.as_deref());
        // The book's default is about its hosts: nobody becomes root on the operator's machine by omission.
        let of_book = || {
            let default = self.plan.book.defaults.become_user.as_ref().filter(|_| !role.is_local());
            default.map(|user| user.value.as_str())
        };
        let user = user.or_else(of_host).or_else(of_book)?;
        Some(Become { user: user.to_owned(), password: host.and_then(|host| self.password(host)) })
    }

    /// The address of a role: what its variables say, else where ssh goes.
    pub(super) fn address(&self, role: &Role, family: Option<Family>) -> Option<String> {
        if role.is_local() {
            return Some(if family == Some(Family::Ipv6) { "::1" } else { "127.0.0.1" }.to_owned());
        }
        let host = self.plan.host(role)?;
        let names: &[&str] = match family {
            Some(Family::Ipv4) => &["ipv4"],
            Some(Family::Ipv6) => &["ipv6"],
            None => &["ipv4", "ipv6"],
        };
        let said = names.iter().find_map(|name| host.vars.get(*name)?.as_str().map(str::to_owned));
        said.or_else(|| {
            let destination = host.ssh.strip_prefix("ssh://").unwrap_or(&host.ssh);
            let after_user = destination.rsplit_once('@').map_or(destination, |(_, host)| host);
            Some(after_user.to_owned())
        })
    }

    fn password(&self, host: &PlannedHost) -> Option<crate::base::Secret> {
        host.become_password.as_ref().and_then(|name| self.setup.secrets.get(name)).cloned()
    }

    fn host(&self, role: &Role) -> Result<&PlannedHost, ActionError> {
        self.plan.host(role).ok_or_else(|| ActionError::failed(format!("the runbook has no host `{role}`")))
    }

    /// Keeps an error that ends the run, and gives what the action is told meanwhile.
    pub(super) fn give_up(&self, error: impl Into<EngineError>) -> ActionError {
        let error = error.into();
        let told = ActionError::Journal(error.to_string());
        lock(&self.fatal).get_or_insert(error);
        told
    }

    /// What ends the run, if anything does.
    pub(super) fn fatal(&self) -> Option<EngineError> {
        lock(&self.fatal).take()
    }
}

/// The lease that the journal has. That it is lost ends the run of this process.
struct Held {
    journal: Arc<Journal>,
    fatal: Arc<Mutex<Option<EngineError>>>,
}

#[async_trait]
impl Lease for Held {
    async fn is_held(&self) -> Result<(), String> {
        self.journal.is_held().await.map_err(|error| {
            let why = error.to_string();
            lock(&self.fatal).get_or_insert(error.into());
            why
        })
    }
}

impl From<TransportError> for EngineError {
    fn from(error: TransportError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl EngineError {
    /// Whether another operator has the run.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Held { .. } | JournalError::Fenced(_)))
    }
}

fn another_machine(role: &Role, pin: &Pin, now: &Identity) -> EngineError {
    let clone = if pin.machine_id == now.machine_id && !now.machine_id.is_empty() {
        "; its machine id is the same: its host key was changed, or it is a clone"
    } else {
        ""
    };
    EngineError::Identity(format!(
        "`{role}` is another machine than when the run began: its host key was {}, now it is {}{clone}; nothing more is done. Where it was \
         replaced on purpose, `replaced_at` beside it in the runbook says from which step on",
        pin.host_key, now.host_key
    ))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
