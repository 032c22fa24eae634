//! An sshd of our own: on loopback, as the present user, with its own keys and configuration, ended with the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runbook::base::Role;
use runbook::transport::{Ssh, SshOptions};

/// An sshd, and all that ssh needs to reach it.
pub(crate) struct Sshd {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) port: u16,
    /// Each try to reconnect.
    pub(crate) reconnects: Arc<Mutex<Vec<String>>>,
    process: Child,
}

/// Starts one whose configuration has these lines too; none where this machine has no sshd.
pub(crate) fn start(lines: &str) -> Option<Sshd> {
    let sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().map(Path::new).find(|path| path.exists());
    let Some(sshd) = sshd else {
        skip("there is no sshd on this machine: install openssh-server");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for key in ["host_key", "id", "other_key"] {
        run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.path().join(key)));
    }
    std::fs::copy(dir.path().join("id.pub"), dir.path().join("authorized_keys")).unwrap();
    if rustix::process::geteuid().is_root() {
        std::fs::create_dir_all("/run/sshd").unwrap();
    }
    let path = dir.path().display();
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {path}/host_key\nAuthorizedKeysFile {path}/authorized_keys\nPidFile none\nUsePAM no\n\
         StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nMaxStartups 100\n{lines}\n"
    );
    std::fs::write(dir.path().join("sshd_config"), config).unwrap();
    let config = format!(
        "Host box\nHostName 127.0.0.1\nPort {port}\nIdentityFile {path}/id\nIdentitiesOnly yes\nIdentityAgent none\n\
         UserKnownHostsFile {path}/known_hosts\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking no\n"
    );
    std::fs::write(dir.path().join("ssh_config"), config).unwrap();
    let process = spawn(sshd, dir.path());
    let sshd = Sshd { dir, port, reconnects: Arc::default(), process };
    sshd.know("host_key");
    sshd.wait();
    Some(sshd)
}

/// Says loudly that a test did not test.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    // The test harness swallows what goes through `eprintln`.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

fn spawn(sshd: &Path, dir: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(dir.join("sshd_log")).unwrap();
    let mut command = Command::new(sshd);
    command.arg("-D").arg("-e").arg("-f").arg(dir.join("sshd_config"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn run(command: &mut Command) {
    assert!(command.stdin(Stdio::null()).status().unwrap().success(), "{command:?}");
}

impl Sshd {
    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets ssh know the host by this key.
    pub(crate) fn know(&self, key: &str) {
        let key = std::fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        std::fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    /// The fingerprint of its host key.
    pub(crate) fn fingerprint(&self) -> String {
        let said = Command::new("ssh-keygen").arg("-lf").arg(self.path("host_key.pub")).output().unwrap();
        String::from_utf8(said.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> SshOptions {
        let reconnects = Arc::clone(&self.reconnects);
        SshOptions {
            config: Some(self.path("ssh_config")),
            reconnect_timeout: Duration::from_secs(20),
            on_reconnect: Arc::new(move |role, attempt, why| {
                reconnects.lock().unwrap().push(format!("{role} {attempt} {why}"));
            }),
            ..SshOptions::default()
        }
    }

    /// A way there.
    pub(crate) fn transport(&self) -> Ssh {
        Ssh::new(Role::from("box"), "box", None, self.options())
    }

    /// The processes of our ssh masters to it: their command line holds the log's path, or the socket's.
    pub(crate) fn masters(&self) -> Vec<u32> {
        let config = self.path("ssh_config").display().to_string();
        let all =
            std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let ours = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.starts_with(b"ssh") && String::from_utf8_lossy(&line).contains(&config)
        };
        all.filter(ours).collect()
    }

    /// The processes that serve its connections.
    pub(crate) fn sessions(&self) -> Vec<u32> {
        let under = |parent: u32| {
            let said = Command::new("pgrep").args(["-P", &parent.to_string(), "^sshd"]).output().unwrap();
            String::from_utf8(said.stdout).unwrap().lines().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>()
        };
        let mut sessions = under(self.process.id());
        let below: Vec<u32> = sessions.iter().flat_map(|session| under(*session)).collect();
        sessions.extend(below);
        sessions
    }

    /// None of our masters to it is left: one that was told to end takes a moment.
    pub(crate) async fn loses_its_masters(&self) {
        let since = std::time::Instant::now();
        while !self.masters().is_empty() {
            assert!(since.elapsed().as_secs() < 10, "a master is still there");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Is another machine from now on, which ssh knows as it knew this one.
    pub(crate) fn become_another(&mut self) {
        self.stop();
        for half in ["", ".pub"] {
            std::fs::copy(self.path(&format!("other_key{half}")), self.path(&format!("host_key{half}"))).unwrap();
        }
        self.know("host_key");
        self.start_again();
    }

    /// Ends, with the connections that stand.
    pub(crate) fn go_away(&mut self) {
        let sessions = self.sessions();
        self.stop();
        sessions.into_iter().for_each(kill);
    }

    /// Ends the sshd that listens; connections that stand stay.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(Path::new("/usr/sbin/sshd"), self.dir.path());
        self.wait();
    }

    fn wait(&self) {
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("sshd does not listen: {}", std::fs::read_to_string(self.path("sshd_log")).unwrap());
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Kills a process that the test has started.
pub(crate) fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
