//! The lab as a test sees it: brought up once, one test in it at a time, every host as it was before the test.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A lab, and nobody else in it while this lives.
pub(crate) struct Lab {
    _alone: File,
    tool: PathBuf,
    state: PathBuf,
    cache: PathBuf,
    /// Where the operator's files are, asked for once.
    inventory: OnceLock<BTreeMap<String, PathBuf>>,
}

/// How many labs there are for tests that run at the same time, unless `$RUNBOOK_LABS` says so. Most of the time, one waits for connections,
/// services and clocks.
const LABS: usize = 2;

fn labs() -> usize {
    std::env::var("RUNBOOK_LABS").map_or(LABS, |labs| labs.parse().expect("$RUNBOOK_LABS is a number"))
}

impl Lab {
    /// A lab in its 'before' state. None without root.
    pub(crate) fn before() -> Option<Self> {
        let lab = Self::alone()?;
        lab.tool(&["up"]);
        lab.tool(&["before", "old", "new", "mirror1", "mirror2", "ns1"]);
        Some(lab)
    }

    /// What was on hosts in that state.
    pub(crate) fn listing_before(&self, hosts: &[&str]) -> String {
        hosts.iter().map(|host| std::fs::read_to_string(self.state.join("listings").join(host)).unwrap()).collect()
    }

    /// Whether nothing has been done in it since.
    pub(crate) fn is_untouched(&self) -> bool {
        self.state.join("still-before").exists()
    }

    /// Takes it on the test's word that everything is as it was before, so that the next test need not begin with a reset.
    pub(crate) fn is_still_before(&self) {
        self.tool(&["still-before"]);
    }

    fn alone() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            use std::io::Write as _;
            // The test harness swallows what goes through `eprintln`.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: the lab makes network namespaces and mounts: run this as root");
            return None;
        }
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
        let place = |key: &str| succeed(Command::new(&tool).args(["inventory", key])).trim_end().to_owned();
        let (first, cache) = (place("state"), PathBuf::from(place("cache")));
        loop {
            for number in 1..=labs() {
                let state = PathBuf::from(if number == 1 { first.clone() } else { format!("{first}-{number}") });
                std::fs::create_dir_all(&state).unwrap();
                let lock = File::create(state.join("tests.lock")).unwrap();
                if lock.try_lock().is_ok() {
                    return Some(Self { _alone: lock, tool, state, cache, inventory: OnceLock::new() });
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What `lab` with these arguments prints; it must succeed.
    pub(crate) fn tool(&self, args: &[&str]) -> String {
        succeed(&mut self.command(args))
    }

    /// `lab` with these arguments, to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command.args(args).stdin(Stdio::null());
        command.env("RUNBOOK_LAB_DIR", &self.state).env("RUNBOOK_LAB_CACHE", &self.cache);
        command
    }

    /// What a script prints where the operator sits; it must succeed.
    pub(crate) fn operator(&self, script: &str) -> String {
        self.tool(&["run", "bash", "-euo", "pipefail", "-c", script])
    }

    /// What a script prints on a host, as root and past its network; it must succeed.
    pub(crate) fn on(&self, host: &str, script: &str) -> String {
        self.tool(&["exec", host, "bash", "-euo", "pipefail", "-c", script])
    }

    /// Whether a script succeeds on a host.
    pub(crate) fn holds(&self, host: &str, script: &str) -> bool {
        output(&mut self.command(&["exec", host, "bash", "-euo", "pipefail", "-c", script])).status.success()
    }

    /// What is on the hosts, all or some: a text that can be compared.
    pub(crate) fn listing(&self, hosts: &[&str]) -> String {
        self.tool(&[&["listing"], hosts].concat())
    }

    /// A file of the operator's.
    pub(crate) fn file(&self, key: &str) -> PathBuf {
        let entry = |line: &str| line.split_once('=').map(|(key, path)| (key.to_owned(), path.into()));
        self.inventory.get_or_init(|| self.tool(&["inventory"]).lines().filter_map(entry).collect())[key].clone()
    }

    /// Waits until a script succeeds on a host.
    pub(crate) fn eventually(&self, host: &str, seconds: u32, script: &str) {
        let begun = Instant::now();
        while !self.holds(host, script) {
            assert!(begun.elapsed().as_secs() < seconds.into(), "on {host}, after {seconds} s, still not: {script}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// What a command prints; it must succeed.
pub(crate) fn succeed(command: &mut Command) -> String {
    let said = output(command);
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{command:?}: {}\n{out}\n{err}", said.status);
    out.into_owned()
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}
