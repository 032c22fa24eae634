//! A host for tests: a folder of this machine. Scripts really run, in a shell that is at home there; what the link to a host can do to
//! a command is done on demand.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::net::TcpStream;

use crate::base::Role;

use super::command::{Duplex, Identity};
use super::local::Spawner;
use super::pool::Pool;
use super::{Become, Command, Effect, Output, Process, Sink, Transport, TransportError};

/// A host that is a folder. Becoming another user is recorded and not done.
pub struct Fake {
    pool: Arc<Pool<Spawner>>,
    state: Mutex<State>,
}

/// What the link does to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no connection: `Unreachable`, and the command does not run.
    Unreachable,
    /// The connection breaks as the command is sent: `Lost`, and it does not run.
    BeforeSending,
    /// The connection breaks as soon as the command is sent: `Lost`, while it runs on.
    AfterSending,
    /// The connection breaks before the answer is read: `Lost`, and the command has run to its end.
    BeforeAnswer,
}

/// A command that the host was given, whether or not it ran.
#[derive(Clone, Debug)]
pub struct Given {
    /// The command.
    pub command: Command,
    /// What the link did to it.
    pub fault: Option<Fault>,
}

struct State {
    given: Vec<Given>,
    /// What is to happen to the next commands, one each.
    faults: VecDeque<Option<Fault>>,
    identity: Identity,
}

impl Fake {
    /// A host at home in `folder`, which must exist. Commands in its `bin` go before the machine's own.
    #[must_use]
    pub fn new(role: Role, folder: &Path) -> Self {
        let identity = Identity { host_key: format!("SHA256:{role}"), machine_id: format!("machine-{role}") };
        let spawner = Spawner { role: role.clone(), home: Some(folder.to_owned()) };
        let state = State { given: Vec::new(), faults: VecDeque::new(), identity };
        Self { pool: Pool::new(role, spawner, None), state: Mutex::new(state) }
    }

    /// Every command so far, in order.
    #[must_use]
    pub fn given(&self) -> Vec<Given> {
        self.state().given.clone()
    }

    /// Lets `fault` happen to the `nth` command from now, from 1.
    pub fn fail_nth(&self, nth: usize, fault: Fault) {
        let faults = &mut self.state().faults;
        let length = faults.len().max(nth);
        faults.resize(length, None);
        if let Some(place) = nth.checked_sub(1).and_then(|index| faults.get_mut(index)) {
            *place = Some(fault);
        }
    }

    /// Lets `fault` happen to the next `count` commands.
    pub fn fail_next(&self, count: usize, fault: Fault) {
        (1..=count).for_each(|nth| self.fail_nth(nth, fault));
    }

    /// Takes back the faults that did not happen yet.
    pub fn mend(&self) {
        self.state().faults.clear();
    }

    /// Lets it be another machine from now on.
    pub fn be(&self, identity: Identity) {
        self.state().identity = identity;
    }

    /// Who the commands so far acted as, each once, in order.
    #[must_use]
    pub fn users(&self) -> Vec<String> {
        let mut users: Vec<String> = Vec::new();
        for Become { user, .. } in self.given().into_iter().filter_map(|given| given.command.become_user) {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        users
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, command: &Command) -> Option<Fault> {
        let mut state = self.state();
        let fault = state.faults.pop_front().flatten();
        state.given.push(Given { command: command.clone(), fault });
        fault
    }

    /// What comes back from a command that a fault happened to. Reading ones are sent again after a lost connection, as over a real link.
    async fn fail(&self, fault: Fault, command: &Command) -> Option<TransportError> {
        let host = self.role().clone();
        let plain = Command { become_user: None, ..command.clone() };
        let why = "the test cut the connection".to_owned();
        match fault {
            Fault::Unreachable => return Some(TransportError::Unreachable { host, why }),
            Fault::BeforeSending => {}
            Fault::AfterSending => {
                let pool = Arc::clone(&self.pool);
                tokio::spawn(async move { pool.exec(&plain, None).await });
            }
            Fault::BeforeAnswer => drop(self.pool.exec(&plain, None).await),
        }
        (command.effect == Effect::Changes).then_some(TransportError::Lost { host, why })
    }
}

#[async_trait]
impl Transport for Fake {
    fn role(&self) -> &Role {
        self.pool.role()
    }

    async fn exec(&self, command: Command, sink: Option<&mut dyn Sink>) -> Result<Output, TransportError> {
        while let Some(fault) = self.next(&command) {
            if let Some(error) = self.fail(fault, &command).await {
                return Err(error);
            }
        }
        self.pool.exec(&Command { become_user: None, ..command }, sink).await
    }

    async fn open(&self, command: Command) -> Result<Process, TransportError> {
        while let Some(fault) = self.next(&command) {
            // Unlike a script with an answer, one with pipes is never started by itself again.
            let as_change = Command { effect: Effect::Changes, ..command.clone() };
            if let Some(error) = self.fail(fault, &as_change).await {
                return Err(error);
            }
        }
        self.pool.start(&Command { become_user: None, ..command }).await
    }

    async fn identity(&self) -> Result<Identity, TransportError> {
        Ok(self.state().identity.clone())
    }

    async fn dial(&self, to: &str) -> Result<Box<dyn Duplex>, TransportError> {
        let refused = |error: std::io::Error| TransportError::Refused {
            host: self.role().clone(),
            to: to.to_owned(),
            why: error.to_string(),
        };
        Ok(Box::new(TcpStream::connect(to).await.map_err(refused)?))
    }

    async fn close(&self) {
        self.pool.forget();
    }
}
