//! One connection: an ssh master process of our own, and sessions over it.

use std::collections::HashMap;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Once};
use std::time::Duration;

use openssh::{ForwardType, Session, Socket};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::Command as Process;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::base::fs;
use crate::transport::channel::Channel;

use super::dial::{self, Dialed};
use super::options::SshOptions;
use super::words::{Failure, fingerprint};

/// Fits `<folder>/master` and the 17 characters that ssh adds to it while it makes the socket into the 108 that a socket's path may have.
const LONGEST_FOLDER: usize = 108 - 1 - 17 - "/runbook-xxxxxx/master".len();

/// How the folders of masters are called.
const PREFIX: &str = "runbook-";

/// A folder whose master is gone, and that nobody has touched for so long, was left by a controller that was killed.
const LEFT: Duration = Duration::from_mins(5);

static SWEPT: Once = Once::new();

/// Sessions on one connection. sshd's default is 10, and it frees slots late.
pub(super) const SESSIONS: usize = 8;

/// A master that nobody uses ends by itself after this: a controller that was killed leaves nothing for long.
const IDLE: &str = "60s";

/// How long a master may take to answer whether it is there.
const ANSWER: Duration = Duration::from_secs(2);

/// The largest log that is read.
const LOG: u64 = 1024 * 1024;

/// Where to connect to.
#[derive(Clone)]
pub(super) struct Target {
    /// What ssh accepts.
    pub(super) destination: String,
    /// The port, where ssh's configuration is not to decide.
    pub(super) port: Option<u16>,
    /// How.
    pub(super) options: SshOptions,
}

/// One connection.
pub(super) struct Master {
    /// Tells connections of one host apart.
    pub(super) number: u64,
    /// The fingerprint of the host's key.
    pub(super) key: String,
    /// One permit for each session that sshd lets us have.
    pub(super) slots: Arc<Semaphore>,
    capacity: AtomicUsize,
    session: Arc<Session>,
    /// Listening sockets by what they forward to.
    forwards: Mutex<HashMap<String, PathBuf>>,
}

/// Why a session was not opened.
pub(super) enum NoSession {
    /// sshd has no room for another.
    Full,
    /// The connection is gone.
    Gone(String),
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl Master {
    /// Connects. Returns once the host has let us in.
    pub(super) async fn start(target: &Target, slots: usize) -> Result<Self, Failure> {
        let folder = folder(target.options.control_dir.as_deref())?;
        let (socket, log) = (folder.path().join("master"), folder.path().join("log"));
        let mut ssh = target.ssh();
        ssh.args(["-M", "-N", "-f", "-x", "-v", "-E"]).arg(&log).arg("-S").arg(&socket);
        let persist = format!("ControlPersist={IDLE}");
        let mut options = vec![
            "BatchMode=yes",
            "ConnectTimeout=10",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            &persist,
        ];
        // Strict, whatever the configuration says, but for `accept-new`: that is the operator's word on hosts never seen.
        if target.configured("stricthostkeychecking").await?.as_deref() != Some("accept-new") {
            options.push("StrictHostKeyChecking=yes");
        }
        ssh.args(options.iter().flat_map(|option| ["-o", option]));
        ssh.arg("--").arg(&target.destination);
        ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Ctrl-C in the terminal is ours to act on.
        ssh.process_group(0).kill_on_drop(true);
        let mut child = ssh.spawn().map_err(|error| Failure::here(format!("starting ssh: {error}")))?;
        let status = child.wait().await.map_err(|error| Failure::here(format!("waiting for ssh: {error}")))?;
        let text = fs::read_text(&log, LOG).unwrap_or_default();
        if !status.success() {
            // Usage errors and proxies speak here, not in the log.
            let mut said = Vec::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _ = timeout(Duration::from_millis(200), stderr.read_to_end(&mut said)).await;
            }
            return Err(Failure::of(&format!("{}\n{text}", String::from_utf8_lossy(&said))));
        }
        Ok(Self {
            number: NUMBER.fetch_add(1, Relaxed),
            key: fingerprint(&text).ok_or_else(|| Failure::here("ssh does not tell the host's key".to_owned()))?,
            slots: Arc::new(Semaphore::new(slots)),
            capacity: AtomicUsize::new(slots),
            // Ends the master when the last of us lets go of it, and removes the folder.
            session: Arc::new(Session::new_native_mux(folder)),
            forwards: Mutex::default(),
        })
    }

    /// Starts `command` by the login shell.
    pub(super) async fn open(&self, command: &str, permit: OwnedSemaphorePermit) -> Result<Channel, NoSession> {
        let mut session = Arc::clone(&self.session).arc_raw_command(command);
        session.stdin(openssh::Stdio::piped()).stdout(openssh::Stdio::piped()).stderr(openssh::Stdio::piped());
        let mut child = match session.spawn().await {
            Ok(child) => child,
            Err(openssh::Error::SshMux(_)) if self.stands().await => return Err(NoSession::Full),
            Err(error) => return Err(NoSession::Gone(chain(&error))),
        };
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(NoSession::Gone("the session has no pipes".to_owned()));
        };
        Ok(Channel {
            input: Box::new(input),
            output: Box::new(output),
            errors: Box::new(errors),
            link: self.number,
            gone: Vec::new(),
            _keep: Box::new((child, permit)),
        })
    }

    /// Whether the master process is there and answers.
    pub(super) async fn stands(&self) -> bool {
        timeout(ANSWER, self.session.check()).await.is_ok_and(|answer| answer.is_ok())
    }

    /// A connection to `to`, as the host sees it.
    pub(super) async fn dial(&self, to: &str) -> Result<Dialed, NoDial> {
        let there = address(to).ok_or_else(|| NoDial::Refused("that is no host:port".to_owned()))?;
        if matches!(there, Socket::UnixSocket { .. }) {
            let socket = self.forward(to, there).await?;
            let stream = UnixStream::connect(socket).await.map_err(|error| NoDial::Gone(error.to_string()))?;
            return Ok(Dialed::plain(stream));
        }
        let socket = self.session.control_socket();
        let log = socket.with_file_name("log");
        let mark = dial::mark(&log);
        match Dialed::through(program(), socket, to).await {
            Ok(dialed) => Ok(dialed),
            Err(why) if self.stands().await => Err(NoDial::Refused(dial::why(&log, mark).unwrap_or(why))),
            Err(why) => Err(NoDial::Gone(why)),
        }
    }

    /// The socket that forwards to the socket `to` of the host.
    async fn forward(&self, to: &str, there: Socket<'_>) -> Result<PathBuf, NoDial> {
        let mut forwards = self.forwards.lock().await;
        if let Some(socket) = forwards.get(to) {
            return Ok(socket.clone());
        }
        let socket = self.session.control_socket().with_file_name(format!("f{}", forwards.len()));
        let from = Socket::from(socket.as_path());
        if let Err(error) = self.session.request_port_forward(ForwardType::Local, from, there).await {
            let why = chain(&error);
            return Err(if self.stands().await { NoDial::Refused(why) } else { NoDial::Gone(why) });
        }
        forwards.insert(to.to_owned(), socket.clone());
        Ok(socket)
    }

    /// Cuts what the connection was thought to carry down to the sessions that are open, and tells how many these are. Room for one is left
    /// in any case.
    pub(super) fn cut_down(&self) -> usize {
        let spare = self.slots.forget_permits(SESSIONS);
        let open = self.capacity.fetch_sub(spare, Relaxed) - spare;
        if open == 0 {
            self.capacity.store(1, Relaxed);
            self.slots.add_permits(1);
        }
        open
    }

    /// Ends the master, and with it every session.
    pub(super) async fn exit(&self) {
        let mut ssh = program();
        ssh.arg("-S").arg(self.session.control_socket()).args(["-O", "exit", "--", "master"]);
        ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        if let Ok(mut child) = ssh.spawn() {
            let _ = timeout(ANSWER, child.wait()).await;
        }
        // A session that somebody still holds keeps it, and the process may end before they let go.
        if let Some(folder) = self.session.control_socket().parent() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Why there is no forwarded connection.
pub(super) enum NoDial {
    /// The host, or ssh, does not want to.
    Refused(String),
    /// The connection is gone.
    Gone(String),
}

impl Target {
    fn ssh(&self) -> Process {
        let mut ssh = program();
        if let Some(config) = &self.options.config {
            ssh.arg("-F").arg(config);
        }
        if let Some(port) = self.port {
            ssh.arg("-p").arg(port.to_string());
        }
        ssh
    }

    /// What ssh's configuration says about an option.
    async fn configured(&self, option: &str) -> Result<Option<String>, Failure> {
        let mut ssh = self.ssh();
        ssh.arg("-G").arg("--").arg(&self.destination).stdin(Stdio::null()).kill_on_drop(true);
        let said = ssh.output().await.map_err(|error| Failure::here(format!("starting ssh: {error}")))?;
        if !said.status.success() {
            return Err(Failure::of(&String::from_utf8_lossy(&said.stderr)));
        }
        let text = String::from_utf8_lossy(&said.stdout);
        let value = text.lines().find_map(|line| line.strip_prefix(option)?.strip_prefix(' '));
        Ok(value.map(str::to_owned))
    }
}

/// A folder that only we may enter, with a path short enough for sockets.
fn folder(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let own = || std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir());
    let parent = parent.map(Path::to_owned).or_else(own).unwrap_or_else(|| "/tmp".into());
    if parent.as_os_str().len() > LONGEST_FOLDER {
        return Err(Failure::here(format!("{}: too long a path for control sockets", parent.display())));
    }
    SWEPT.call_once(|| sweep(&parent));
    let mut folder = tempfile::Builder::new();
    let folder = folder.prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir_in(&parent);
    folder.map_err(|error| Failure::here(format!("a folder for control sockets in {}: {error}", parent.display())))
}

/// Removes what controllers that were killed have left there.
fn sweep(parent: &Path) {
    // Of a forwarded connection, see `forward`.
    let is_known = |name: &str| name == "master" || name == "log" || name.strip_prefix('f').is_some_and(is_number);
    for folder in fs::idle_folders(parent, PREFIX, LEFT) {
        let gone = |error: std::io::Error| matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound);
        if std::os::unix::net::UnixStream::connect(folder.join("master")).is_err_and(gone) {
            // Somebody's own folder that is called so stays, and so does what cannot be removed.
            let _ = fs::remove_dir_of(&folder, is_known);
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `host:port`, `[v6]:port` or the path of a socket.
fn address(to: &str) -> Option<Socket<'static>> {
    if to.starts_with('/') {
        return Some(Socket::from(PathBuf::from(to)));
    }
    let (host, port) = to.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some(())?;
    Some(Socket::new(host.to_owned(), port.parse().ok()?))
}

/// An error with its causes: the crate's own words alone say little.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[expect(clippy::disallowed_methods, reason = "one of the homes of local processes")]
fn program() -> Process {
    Process::new("ssh")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let tcp = |host: &str, port| Some(Socket::new(host.to_owned(), port));
        assert_eq!(address("localhost:80"), tcp("localhost", 80));
        assert_eq!(address("[::1]:80"), tcp("::1", 80));
        assert_eq!(address("/run/x.sock"), Some(Socket::from(PathBuf::from("/run/x.sock"))));
        assert_eq!(address("localhost"), None);
        assert_eq!(address(":80"), None);
        assert_eq!(address("x:99999"), None);
    }
}
