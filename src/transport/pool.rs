//! The shells kept open to one host, by user, and what a lost one means for the command that it had.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use crate::base::Role;

use super::channel::{Channel, Opener};
use super::escalate;
use super::process::{Ender, Process};
use super::shell::{Broken, Delivery, Facts, Shell, StartError};
use super::{Become, Command, Effect, Output, Sink, Tenure, TransportError};

/// What a script has between SIGTERM and SIGKILL.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// How often a command is sent again where its connection breaks each time.
const TRIES: u32 = 5;

/// The shells of one host. A shell is taken out for each command, so that commands side by side do not wait for each other.
pub(crate) struct Pool<O> {
    role: Role,
    opener: O,
    /// None: there is no run.
    tenure: Option<Tenure>,
    /// By user; nobody is whoever we log in as.
    idle: Mutex<HashMap<Option<String>, Vec<Shell>>>,
    login: Mutex<Option<Facts>>,
}

impl<O: Opener> Pool<O> {
    pub(crate) fn new(role: Role, opener: O, tenure: Option<Tenure>) -> Arc<Self> {
        Arc::new(Self { role, opener, tenure, idle: Mutex::default(), login: Mutex::default() })
    }

    pub(crate) fn role(&self) -> &Role {
        &self.role
    }

    pub(crate) fn opener(&self) -> &O {
        &self.opener
    }

    /// Runs a command: see `Transport::exec`.
    pub(crate) async fn exec(
        self: &Arc<Self>,
        command: &Command,
        sink: Option<&mut dyn Sink>,
    ) -> Result<Output, TransportError> {
        let mut delivery = Delivery::new(sink);
        let mut tries = 0;
        loop {
            tries += 1;
            let user = self.user(command.become_user.as_ref()).await?;
            let shell = self.take(user).await?;
            self.is_ours().await?;
            let (again, why) = match self.run(shell, user, command, &mut delivery).await? {
                Ok(status) => return Ok(Output { status, ..delivery.output }),
                Err(Broken::Malformed(why)) => return Err(self.unusable(why)),
                Err(Broken::TooMuch) => return Err(self.unusable("a command said more than fits in memory".to_owned())),
                Err(Broken::Unsent(why)) => (true, why),
                Err(Broken::Sent(why)) => (command.effect == Effect::Reads && !delivery.begun, why),
            };
            // The others went the same way: what is left of a connection that broke is of no use.
            self.forget();
            if !again || tries == TRIES {
                return Err(TransportError::Lost { host: self.role.clone(), why });
            }
            delivery.output = Output::default();
        }
    }

    /// Starts a script with its pipes in our hands: see `Transport::open`. Its shell is its own from now on.
    pub(crate) async fn start(self: &Arc<Self>, command: &Command) -> Result<Process, TransportError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let user = self.user(command.become_user.as_ref()).await?;
            let shell = self.take(user).await?;
            self.is_ours().await?;
            let group = shell.facts().group.clone();
            let why = match shell.hand_over(command).await {
                Ok(piped) => {
                    let reins = Reins { pool: Arc::clone(self), user: user.cloned(), group };
                    return Ok(Process::new(self.role.clone(), piped, Box::new(reins)));
                }
                Err(Broken::Unsent(why)) if tries < TRIES => why,
                Err(Broken::Malformed(why)) => return Err(self.unusable(why)),
                Err(Broken::Unsent(why) | Broken::Sent(why)) => {
                    self.forget();
                    return Err(TransportError::Lost { host: self.role.clone(), why });
                }
                Err(Broken::TooMuch) => return Err(self.unusable("it does not say when it begins".to_owned())),
            };
            drop(why);
            self.forget();
        }
    }

    /// Runs a command in a shell, and keeps the shell where it can be used again.
    async fn run(
        self: &Arc<Self>,
        shell: Shell,
        user: Option<&Become>,
        command: &Command,
        delivery: &mut Delivery<'_>,
    ) -> Result<Result<i32, Broken>, TransportError> {
        let group = shell.facts().group.clone();
        let mut lease = Lease { pool: Arc::clone(self), user: user.cloned(), shell: Some(shell), state: State::Busy };
        let Some(shell) = &mut lease.shell else { return Ok(Err(Broken::Unsent("no shell".to_owned()))) };
        let limit = command.timeout.unwrap_or(Duration::MAX);
        let ran = {
            let mut run = pin!(shell.run(command, delivery));
            match timeout(limit, &mut run).await {
                Ok(ran) => Ok(ran),
                Err(_) => Err(self.end(user, &group, run).await),
            }
        };
        let ran = match ran {
            Ok(ran) => ran,
            Err(ended) => {
                lease.state = ended.map_err(|error| TransportError::Lost {
                    host: self.role.clone(),
                    why: format!("a command took longer than {limit:?} and could not be ended: {error}"),
                })?;
                return Err(TransportError::TimedOut { host: self.role.clone(), limit });
            }
        };
        lease.state = match &ran {
            Ok(_) => State::Idle,
            Err(Broken::TooMuch) => State::Busy,
            Err(_) => State::Gone,
        };
        Ok(ran)
    }

    /// Ends the script of a shell, with force if it must be. What is to become of the shell.
    async fn end(
        self: &Arc<Self>,
        user: Option<&Become>,
        group: &str,
        run: impl Future<Output = Result<i32, Broken>>,
    ) -> Result<State, TransportError> {
        self.signal(user, group, "TERM").await?;
        if matches!(timeout(GRACE, run).await, Ok(Ok(_))) {
            return Ok(State::Idle);
        }
        self.signal(user, group, "KILL").await?;
        Ok(State::Gone)
    }

    /// The user to become, where that is somebody else than we are.
    async fn user<'a>(self: &Arc<Self>, user: Option<&'a Become>) -> Result<Option<&'a Become>, TransportError> {
        let Some(user) = user else { return Ok(None) };
        Ok((self.login().await?.user != user.user).then_some(user))
    }

    /// Who we log in as.
    pub(crate) async fn login(self: &Arc<Self>) -> Result<Facts, TransportError> {
        let known = lock(&self.login).clone();
        if let Some(facts) = known {
            return Ok(facts);
        }
        let shell = self.open(None).await?;
        let facts = shell.facts().clone();
        self.keep(None, shell);
        Ok(facts)
    }

    async fn take(self: &Arc<Self>, user: Option<&Become>) -> Result<Shell, TransportError> {
        let name = user.map(|user| user.user.clone());
        let idle = lock(&self.idle).get_mut(&name).and_then(Vec::pop);
        match idle {
            Some(shell) => Ok(shell),
            None => self.open(user).await,
        }
    }

    async fn open(self: &Arc<Self>, user: Option<&Become>) -> Result<Shell, TransportError> {
        for _ in 1..TRIES {
            match self.open_once(user).await {
                Err(Opening::Again) => {}
                Err(Opening::Failed(error)) => return Err(error),
                Ok(shell) => return Ok(shell),
            }
        }
        let why = "the connection breaks while a shell is started".to_owned();
        Err(TransportError::Unreachable { host: self.role.clone(), why })
    }

    async fn open_once(self: &Arc<Self>, user: Option<&Become>) -> Result<Shell, Opening> {
        let Some(user) = user else {
            let channel = self.opener.open(&|link| format!("exec {}", self.command(link))).await?;
            let (link, first) = (channel.link, self.first(&channel));
            let shell = match Shell::start(channel, &first).await {
                Ok(shell) => shell,
                Err(error) => return Err(self.refused(link, |why| self.unusable(why), &error.words()).await),
            };
            *lock(&self.login) = Some(shell.facts().clone());
            return Ok(shell);
        };
        let fail = |why: String| TransportError::Become { host: self.role.clone(), user: user.user.clone(), why };
        if !escalate::is_user_name(&user.user) {
            return Err(Opening::Failed(fail("that is no user name".to_owned())));
        }
        if user.password.as_ref().is_some_and(|password| password.expose().contains(['\n', '\0'])) {
            return Err(Opening::Failed(fail("the password holds a line break".to_owned())));
        }
        let login = Box::pin(self.login()).await?;
        let start = escalate::start(&user.user, user.password.as_ref(), &login);
        let channel = self.opener.open(&|link| start.command(&self.command(link))).await?;
        let (link, first) = (channel.link, self.first(&channel));
        let started = match (&user.password, &start.dialogue) {
            (Some(password), Some(dialogue)) => Shell::start_with_password(channel, password, dialogue, &first).await,
            _ => Shell::start(channel, &first).await,
        };
        match started {
            Ok(shell) => Ok(shell),
            Err(error) => Err(self.refused(link, fail, &escalate::explain(&error.words(), &login)).await),
        }
    }

    /// What is started as a shell of the connection `link`. Here there is none that could break.
    fn command(&self, link: u64) -> String {
        let tenure = self.tenure.as_ref().filter(|_| !self.role.is_local());
        tenure.map_or_else(|| escalate::SHELL.to_owned(), |tenure| tenure.shell(link))
    }

    /// What such a shell does first.
    fn first(&self, channel: &Channel) -> String {
        let tenure = self.tenure.as_ref().filter(|_| !self.role.is_local());
        tenure.and_then(|tenure| tenure.succeed(&channel.gone)).unwrap_or_default()
    }

    /// Sees, once there is a way to the host, that nobody else has the run.
    pub(crate) async fn is_ours(&self) -> Result<(), TransportError> {
        let Some(tenure) = &self.tenure else { return Ok(()) };
        tenure.lease.is_held().await.map_err(|why| TransportError::Superseded { host: self.role.clone(), why })
    }

    /// A shell that did not start: because the connection broke, or because it was not let.
    async fn refused(&self, link: u64, fail: impl FnOnce(String) -> TransportError, why: &str) -> Opening {
        if self.opener.stands(link).await { Opening::Failed(fail(why.to_owned())) } else { Opening::Again }
    }

    /// Signals a process group by way of another shell of the same user.
    async fn signal(self: &Arc<Self>, user: Option<&Become>, group: &str, signal: &str) -> Result<(), TransportError> {
        let command = Command::change(format!("kill -{signal} -{group}"));
        let mut shell = self.take(user).await?;
        let why = match shell.run(&command, &mut Delivery::new(None)).await {
            Ok(_) => {
                self.keep(user.map(|user| user.user.clone()), shell);
                return Ok(());
            }
            Err(Broken::Malformed(why) | Broken::Unsent(why) | Broken::Sent(why)) => why,
            Err(Broken::TooMuch) => String::new(),
        };
        Err(TransportError::Lost { host: self.role.clone(), why })
    }

    fn keep(&self, user: Option<String>, shell: Shell) {
        lock(&self.idle).entry(user).or_default().push(shell);
    }

    /// Drops the idle shells.
    pub(crate) fn forget(&self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        drop(idle);
    }

    fn unusable(&self, why: String) -> TransportError {
        TransportError::Unusable { host: self.role.clone(), why }
    }
}

/// Why a shell was not opened.
enum Opening {
    /// The connection broke: another may do.
    Again,
    Failed(TransportError),
}

impl From<TransportError> for Opening {
    fn from(error: TransportError) -> Self {
        Self::Failed(error)
    }
}

impl StartError {
    fn words(&self) -> String {
        match self {
            Self::Failed(words) => words.clone(),
            Self::WrongPassword => "sudo does not accept the password".to_owned(),
        }
    }
}

/// A shell taken out of the pool for a command. One that is dropped in the middle of it, with the future that waited for it, is out of
/// step: its script is ended and the shell let go.
struct Lease<O: Opener> {
    pool: Arc<Pool<O>>,
    user: Option<Become>,
    shell: Option<Shell>,
    state: State,
}

/// What ends a script that was started with its pipes in our hands.
struct Reins<O: Opener> {
    pool: Arc<Pool<O>>,
    user: Option<Become>,
    group: String,
}

#[async_trait]
impl<O: Opener> Ender for Reins<O> {
    async fn signal(&self, signal: &'static str) -> Result<(), TransportError> {
        self.pool.signal(self.user.as_ref(), &self.group, signal).await
    }
}

/// What is to become of a shell.
enum State {
    /// It has a script that may still run.
    Busy,
    /// It is ready for another.
    Idle,
    /// It is no more.
    Gone,
}

impl<O: Opener> Drop for Lease<O> {
    fn drop(&mut self) {
        let Some(shell) = self.shell.take() else { return };
        let user = self.user.take();
        match self.state {
            State::Idle => return self.pool.keep(user.map(|user| user.user), shell),
            State::Gone => return,
            State::Busy => {}
        }
        let pool = Arc::clone(&self.pool);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let group = shell.facts().group.clone();
            let _ = pool.signal(user.as_ref(), &group, "TERM").await;
            if !shell.ends_within(GRACE).await {
                let _ = pool.signal(user.as_ref(), &group, "KILL").await;
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
