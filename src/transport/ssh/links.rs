//! The connections to one host: another when one is full, a new one when one is lost.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit};
use tokio::time::{Instant, sleep};

use crate::base::Role;
use crate::transport::TransportError;
use crate::transport::channel::{Channel, Opener};

use super::dial::Dialed;
use super::master::{Master, NoDial, NoSession, SESSIONS, Target};
use super::words::{Failure, Kind};

/// Connections to one host at most.
const CONNECTIONS: usize = 32;

/// Tries to reach a host that was never reached before.
const TRIES: u32 = 3;

/// The first pause between tries; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Refusals of a first session before they are believed.
const REFUSALS: u32 = 10;

/// How long a master may take to notice that its connection broke, after the sessions over it did.
const NOTICE: Duration = Duration::from_millis(100);

/// The connections to one host.
pub(crate) struct Links {
    role: Role,
    target: Target,
    state: Mutex<State>,
}

struct State {
    masters: Vec<Arc<Master>>,
    /// The numbers of the connections that are gone.
    gone: Vec<u64>,
    /// Sessions that a connection carries, as far as is known.
    sessions: usize,
    /// The key of the first connection: the others must have it too.
    key: Option<String>,
    /// Why the last connection was given up.
    lost: String,
    /// The last time that no connection could be had, and why: whoever has waited for that does not try again.
    failed: Option<(Instant, Failure)>,
    /// Whether the connections were ended for good: whoever still uses one finds it lost, and must not open another behind our back.
    closed: bool,
}

impl Links {
    pub(super) fn new(role: Role, target: Target) -> Self {
        let state = State {
            masters: Vec::new(),
            gone: Vec::new(),
            sessions: SESSIONS,
            key: None,
            lost: String::new(),
            failed: None,
            closed: false,
        };
        Self { role, target, state: Mutex::new(state) }
    }

    /// The fingerprint of the host's key, by the present connection.
    pub(super) async fn key(&self) -> Result<String, TransportError> {
        loop {
            let master = self.any().await?;
            if master.stands().await {
                return Ok(master.key.clone());
            }
            self.discard(master.number, "the connection broke".to_owned()).await;
        }
    }

    /// A connection to `to`, as the host sees it.
    pub(super) async fn dial(&self, to: &str) -> Result<Dialed, TransportError> {
        loop {
            let master = self.any().await?;
            match master.dial(to).await {
                Ok(stream) => return Ok(stream),
                Err(NoDial::Gone(why)) => self.discard(master.number, why).await,
                Err(NoDial::Refused(why)) => {
                    return Err(TransportError::Refused { host: self.role.clone(), to: to.to_owned(), why });
                }
            }
        }
    }

    /// Ends the connections for good.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        let masters = std::mem::take(&mut state.masters);
        state.closed = true;
        drop(state);
        futures::future::join_all(masters.iter().map(|master| master.exit())).await;
    }

    async fn any(&self) -> Result<Arc<Master>, TransportError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        match state.masters.first() {
            Some(master) => Ok(Arc::clone(master)),
            None => self.connect(&mut state, asked).await,
        }
    }

    /// A connection with room for another session.
    async fn with_room(&self) -> Result<(Arc<Master>, OwnedSemaphorePermit), TransportError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        let room =
            |master: &Arc<Master>| Some((Arc::clone(master), Arc::clone(&master.slots).try_acquire_owned().ok()?));
        if let Some(found) = state.masters.iter().find_map(room) {
            return Ok(found);
        }
        if state.masters.len() == CONNECTIONS {
            return Err(self.unusable(format!("{CONNECTIONS} connections are full: run fewer things at a time")));
        }
        let master = self.connect(&mut state, asked).await?;
        room(&master).ok_or_else(|| self.unusable("a new connection is full".to_owned()))
    }

    /// Connects, with as much patience as the host has earned.
    async fn connect(&self, state: &mut MutexGuard<'_, State>, asked: Instant) -> Result<Arc<Master>, TransportError> {
        if state.closed {
            return Err(self.error(Failure { kind: Kind::Passing, why: "its connections were ended".to_owned() }));
        }
        if let Some((when, failure)) = &state.failed
            && *when > asked
        {
            return Err(self.error(failure.clone()));
        }
        let lost = state.masters.is_empty() && state.key.is_some();
        let mut why = std::mem::take(&mut state.lost);
        let (mut attempt, mut pause, start) = (1, PAUSE, Instant::now());
        loop {
            if lost {
                (self.target.options.on_reconnect)(&self.role, attempt, &why);
            }
            let failure = match Master::start(&self.target, state.sessions).await {
                Ok(master) => return self.admit(state, master).await,
                Err(failure) => failure,
            };
            let patient = match (failure.kind, &state.key) {
                (Kind::HostKey | Kind::Here, _) | (Kind::Lasting, None) => false,
                (Kind::Passing, None) => attempt < TRIES,
                (_, Some(_)) => start.elapsed() < self.target.options.reconnect_timeout,
            };
            if !patient {
                state.failed = Some((Instant::now(), failure.clone()));
                return Err(self.error(failure));
            }
            sleep(pause).await;
            why = failure.why;
            (attempt, pause) = (attempt + 1, (pause * 2).min(LONGEST_PAUSE));
        }
    }

    /// Takes a new connection in, if it leads to the same machine as the first.
    async fn admit(&self, state: &mut MutexGuard<'_, State>, master: Master) -> Result<Arc<Master>, TransportError> {
        let known = state.key.get_or_insert_with(|| master.key.clone());
        if *known != master.key {
            let why = format!("it has {} now, and had {known} before", master.key);
            master.exit().await;
            return Err(TransportError::HostKey { host: self.role.clone(), why });
        }
        let master = Arc::new(master);
        state.masters.push(Arc::clone(&master));
        Ok(master)
    }

    async fn discard(&self, number: u64, why: String) {
        let mut state = self.state.lock().await;
        state.masters.retain(|master| master.number != number);
        if !state.gone.contains(&number) {
            state.gone.push(number);
        }
        state.lost = why;
    }

    /// Takes sshd's word for how many sessions a connection carries. Whether it carries any: where it does not, that is not about their
    /// number.
    async fn cut_down(&self, master: &Master) -> bool {
        let open = master.cut_down();
        if open > 0 {
            self.state.lock().await.sessions = open;
        }
        open > 0
    }

    fn error(&self, Failure { kind, why }: Failure) -> TransportError {
        let host = self.role.clone();
        match kind {
            Kind::HostKey => TransportError::HostKey { host, why },
            Kind::Passing | Kind::Lasting => TransportError::Unreachable { host, why },
            Kind::Here => TransportError::Unusable { host, why },
        }
    }

    fn unusable(&self, why: String) -> TransportError {
        TransportError::Unusable { host: self.role.clone(), why }
    }
}

#[async_trait]
impl Opener for Links {
    async fn open(&self, command: &(dyn Fn(u64) -> String + Send + Sync)) -> Result<Channel, TransportError> {
        let mut refused = 0;
        loop {
            let (master, permit) = self.with_room().await?;
            match master.open(&command(master.number), permit).await {
                Ok(channel) => return Ok(Channel { gone: self.state.lock().await.gone.clone(), ..channel }),
                Err(NoSession::Gone(why)) => self.discard(master.number, why).await,
                Err(NoSession::Full) if self.cut_down(&master).await => {}
                Err(NoSession::Full) if refused >= REFUSALS => {
                    return Err(self.unusable("its sshd refuses a session: see MaxSessions there".to_owned()));
                }
                // One that has just ended may still count.
                Err(NoSession::Full) => sleep(NOTICE).await,
            }
            refused += 1;
        }
    }

    async fn stands(&self, link: u64) -> bool {
        let state = self.state.lock().await;
        let master = state.masters.iter().find(|master| master.number == link).cloned();
        drop(state);
        let Some(master) = master else { return false };
        sleep(NOTICE).await;
        let stands = master.stands().await;
        if !stands {
            self.discard(link, "the connection broke".to_owned()).await;
        }
        stands
    }
}
