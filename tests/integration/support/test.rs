//! A folder with a runbook in it, and the command `runbook`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::transport::sshd::{self, Sshd};

use super::ran::Ran;
use super::typing::Typing;

/// How long anything may take before a test gives up.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// The commands that reach hosts, and of those the ones that read a book from a file.
const REACH: [&str; 10] = ["run", "plan", "check", "resume", "rollback", "done", "skip", "retry", "abandon", "clean"];
const READ: [&str; 3] = ["run", "plan", "check"];

/// A folder with a runbook in it, `book.yaml`, and a state folder beside it.
pub(crate) struct Test {
    dir: tempfile::TempDir,
    env: BTreeMap<String, String>,
    hosts: Vec<(String, Sshd)>,
}

/// A command that was started.
pub(crate) struct Going {
    child: Child,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    dir: PathBuf,
}

impl Test {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("runbook test ").tempdir().unwrap();
        for folder in ["home", "work"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        Self { dir, env: BTreeMap::new(), hosts: Vec::new() }
    }

    /// With this as `book.yaml`. The lines may be indented like the test; `runbook: 1` comes by itself.
    #[must_use]
    pub(crate) fn runbook(self, text: &str) -> Self {
        let text = format!("runbook: 1\n{}", unindented(text));
        self.file("book.yaml", &text)
    }

    /// With this file, whose lines may be indented like the test.
    #[must_use]
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.put(name, text);
        self
    }

    /// With this environment variable.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With this role as a host of its own, reached by ssh; nothing where this machine has no sshd.
    #[must_use]
    pub(crate) fn host(mut self, role: &str) -> Option<Self> {
        self.hosts.push((role.to_owned(), sshd::start("")?));
        let mut hosts = String::new();
        let mut config = String::new();
        for (role, sshd) in &self.hosts {
            let own = std::fs::read_to_string(sshd.path("ssh_config")).unwrap();
            config += &own.replace("Host box", &format!("Host {role}-box"));
            let folder = self.path(&format!("{role} state"));
            std::fs::create_dir_all(&folder).unwrap();
            writeln!(hosts, "{role}: {{ssh: {role}-box, state_dir: '{}'}}", folder.display()).unwrap();
        }
        self.put("hosts.yaml", &hosts);
        self.put("ssh_config", &config);
        Some(self)
    }

    /// The first of its hosts.
    pub(crate) fn sshd(&mut self) -> &mut Sshd {
        &mut self.hosts[0].1
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, unindented(text)).unwrap();
    }

    /// A file of the folder in which commands are typed.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    /// Carries out a command in a folder below.
    #[track_caller]
    pub(crate) fn run_in(&self, folder: &str, words: &str) -> Ran {
        self.start_in(folder, words).wait()
    }

    /// What a file holds.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The id of the newest run: in what is seen it is put aside.
    #[track_caller]
    pub(crate) fn newest(&self) -> String {
        self.newest_in("")
    }

    /// The same, of the runs in another state: `--state PATH`.
    #[track_caller]
    pub(crate) fn newest_in(&self, state: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        self.surround(command.args(["runs", "--output", "json"]).args(state.split_whitespace()));
        let said = command.stdin(Stdio::null()).output().unwrap().stdout;
        let line: serde_json::Value =
            serde_json::from_slice(said.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        line["run"].as_str().unwrap().to_owned()
    }

    /// The database of runs.
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join("state/runbook/journal.db")
    }

    /// Carries out a command, without a terminal. Words are told apart by spaces.
    #[track_caller]
    pub(crate) fn run(&self, words: &str) -> Ran {
        self.start(words).wait()
    }

    /// Starts a command, without a terminal.
    #[track_caller]
    pub(crate) fn start(&self, words: &str) -> Going {
        self.start_in("", words)
    }

    fn start_in(&self, folder: &str, words: &str) -> Going {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command.args(self.arguments(words));
        self.surround(&mut command);
        command.current_dir(self.path(folder));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (seen, reader) = heard(child.stdout.take().unwrap());
        // Folders are named with a slash at the end only where they are joined.
        Going { child, seen, reader, dir: self.path("").components().collect() }
    }

    /// Starts a command at a terminal of its own.
    #[track_caller]
    pub(crate) fn type_in(&self, words: &str) -> Typing {
        self.type_line(&format!("exec {}", self.line(words)))
    }

    /// A command as a shell takes it.
    pub(crate) fn line(&self, words: &str) -> String {
        let mut line = runbook::base::shell::quote(env!("CARGO_BIN_EXE_runbook"));
        for word in self.arguments(words) {
            write!(line, " {}", runbook::base::shell::quote(&word)).unwrap();
        }
        line
    }

    /// Starts a shell at a terminal of its own, with something to do.
    #[track_caller]
    pub(crate) fn type_line(&self, line: &str) -> Typing {
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", line, "/dev/null"]);
        self.surround(&mut command);
        Typing::new(command, &self.path(""))
    }

    fn arguments(&self, words: &str) -> Vec<String> {
        let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let verb = words.first().cloned().unwrap_or_default();
        if !self.hosts.is_empty() && REACH.contains(&verb.as_str()) {
            words.push("--ssh-config=ssh_config".to_owned());
            if READ.contains(&verb.as_str()) {
                words.push("--hosts-file=hosts.yaml".to_owned());
            }
        }
        words
    }

    fn surround(&self, command: &mut Command) {
        command.env_clear().current_dir(self.path(""));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path().join("home")).env("XDG_STATE_HOME", self.dir.path().join("state"));
        command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("TERM", "xterm").envs(&self.env);
    }
}

impl Going {
    /// Waits until the file is there: a step of the run has made it.
    #[track_caller]
    pub(crate) fn until(&mut self, path: &std::path::Path) {
        let since = Instant::now();
        while !path.exists() {
            if since.elapsed() > PATIENCE || self.child.try_wait().unwrap().is_some() {
                let _ = self.child.kill();
                panic!("{} never was there", path.display());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How much memory it has had at the most, in bytes; none once it has ended.
    pub(crate) fn memory(&mut self) -> Option<u64> {
        if self.child.try_wait().unwrap().is_some() {
            return None;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        Some(most.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has said this on stdout.
    #[track_caller]
    pub(crate) fn told(&mut self, text: &str) {
        let since = Instant::now();
        while !String::from_utf8_lossy(&self.seen.lock().unwrap()).contains(text) {
            if since.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("it never said `{text}`: {}", String::from_utf8_lossy(&self.seen.lock().unwrap()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end: the code, and what it has said to the byte, however much that is.
    pub(crate) fn bytes(mut self) -> (Option<i32>, Vec<u8>) {
        let code = self.child.wait().unwrap().code();
        self.reader.join().unwrap();
        let said = std::mem::take(&mut *self.seen.lock().unwrap());
        (code, said)
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        self.reader.join().unwrap();
        let stdout = self.seen.lock().unwrap().clone();
        Ran::new(&Output { stdout, ..output }, &self.dir)
    }
}

/// Everything that is written there, as it comes.
pub(super) fn heard(mut from: impl Read + Send + 'static) -> (Arc<Mutex<Vec<u8>>>, JoinHandle<()>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let reader = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            kept.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
    (seen, reader)
}

/// `text` without the indentation that all of its lines share, and without the empty line before the first.
fn unindented(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let shared = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let mut lines = String::new();
    for line in text.lines() {
        lines += line.get(shared..).unwrap_or("");
        lines.push('\n');
    }
    if !text.ends_with('\n') && !text.trim_end_matches(' ').ends_with('\n') {
        lines.pop();
    }
    lines
}
