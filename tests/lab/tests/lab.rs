//! The lab as a test sees it: brought up once, one test at a time, every host as it was before the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The lab, and nobody else in it while this lives.
pub(crate) struct Lab {
    _alone: File,
    tool: PathBuf,
}

impl Lab {
    /// The lab in its 'before' state. None without root.
    pub(crate) fn before() -> Option<Self> {
        let lab = Self::alone()?;
        lab.tool(&["up"]);
        lab.tool(&["reset"]);
        Some(lab)
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
        let state = PathBuf::from(succeed(Command::new(&tool).args(["inventory", "state"])).trim_end());
        std::fs::create_dir_all(&state).unwrap();
        let lock = File::create(state.join("tests.lock")).unwrap();
        lock.lock().unwrap();
        Some(Self { _alone: lock, tool })
    }

    /// What `lab` with these arguments prints; it must succeed.
    pub(crate) fn tool(&self, args: &[&str]) -> String {
        succeed(&mut self.command(args))
    }

    /// `lab` with these arguments, to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command.args(args).stdin(Stdio::null());
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
        self.tool(&["inventory", key]).trim_end().into()
    }

    /// Waits until a script succeeds on a host.
    pub(crate) fn eventually(&self, host: &str, seconds: u32, script: &str) {
        let begun = std::time::Instant::now();
        while !self.holds(host, script) {
            assert!(begun.elapsed().as_secs() < seconds.into(), "on {host}, after {seconds} s, still not: {script}");
            std::thread::sleep(std::time::Duration::from_millis(200));
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
