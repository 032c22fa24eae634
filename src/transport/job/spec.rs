//! What a durable job is: its name, what it runs, and how it can end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{RunId, Secret, UnitId};

/// The name of a job: the run, and the unit with its try. The same name is the same job: it is started once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobId {
    run: String,
    name: String,
}

impl JobId {
    /// The job of a unit's try.
    #[must_use]
    pub fn new(run: &RunId, unit: &UnitId, attempt: u32) -> Self {
        Self { run: file_name(run.as_str()), name: format!("{}.{attempt}", file_name(&unit.to_string())) }
    }

    /// Another job of the same try: its undo, its verification.
    #[must_use]
    pub fn part(self, part: &str) -> Self {
        Self { name: format!("{}.{}", self.name, file_name(part)), ..self }
    }

    /// The run's part of the folder's path.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// The unit's part of the folder's path.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// A name as one part of a path: whatever is not plain is written as `%xx`, so that two names never become one.
pub(super) fn file_name(name: &str) -> String {
    use std::fmt::Write as _;
    let mut safe = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || b"_-@".contains(&byte) || (byte == b'.' && at > 0) {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02x}");
        }
    }
    safe
}

/// What a job runs. All of it reaches the host by pipe.
#[derive(Clone, Debug)]
pub struct JobSpec {
    /// The script or program.
    pub program: Program,
    /// Environment variables, secrets among them.
    pub env: Vec<(String, Secret)>,
    /// Where it starts; none: at home.
    pub cwd: Option<String>,
    /// What it reads; none: nothing.
    pub stdin: Option<Secret>,
    /// After this, counted from when it is followed, it is ended.
    pub timeout: Option<Duration>,
}

impl JobSpec {
    /// A job for `/bin/sh -eu`.
    #[must_use]
    pub fn script(text: impl Into<String>) -> Self {
        let program = Program::Script { text: text.into(), shell: Shell::Sh, args: Vec::new() };
        Self { program, env: Vec::new(), cwd: None, stdin: None, timeout: None }
    }
}

/// What a job runs.
#[derive(Clone, Debug)]
pub enum Program {
    /// A script. Its text is seen by its shell only.
    Script {
        /// The text.
        text: String,
        /// Who reads it.
        shell: Shell,
        /// Its arguments: these the host's process list shows.
        args: Vec<String>,
    },
    /// A program and its arguments, without a shell. The host's process list shows them.
    Argv(Vec<String>),
}

/// Who reads a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh -eu`.
    Sh,
    /// Another interpreter (`bash`, `python3`): it is given a file name to read the script from. Shells get `-eu` too.
    Named(String),
}

/// Where a job is: everything that finds it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRef {
    /// Its folder on the host.
    pub dir: String,
    /// The boot of the host in which its place was chosen: tells why a folder is missing.
    pub boot_id: String,
    /// How it outlives the connection.
    pub detach: Detach,
}

/// How a job outlives the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detach {
    /// By a session of its own.
    Setsid,
    /// The same, where only perl can make one.
    Perl,
    /// By a scope of its own: logind kills what is left of a session at logout.
    Scope,
    /// The same under the user's own manager, which lingers.
    UserScope,
}

/// How much of each stream the controller has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offsets {
    /// Bytes of stdout.
    pub stdout: u64,
    /// Bytes of stderr.
    pub stderr: u64,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// With this code; 128 + n for signal n.
    Exited(i32),
    /// It was killed, or the host went down, before it could end: how far it came is not known.
    DiedOnHost,
    /// Its folder was made, and then the host was too slow to begin it: it was given up, and will never begin.
    NeverBegan,
    /// There is no trace of it: it never began, or its folder did not survive (a tmpfs, a restored snapshot).
    Missing,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It runs.
    Running,
    /// It is over.
    Over(JobEnd),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_apart() {
        let unit = |item| UnitId { step: "dump-db".into(), item, host: Some("old".into()) };
        assert_eq!(JobId::new(&"r1".into(), &unit(None), 1).name(), "dump-db@old.1");
        assert_eq!(JobId::new(&"r1".into(), &unit(Some(2)), 3).part("undo").name(), "dump-db%5b2%5d@old.3.undo");
        assert_eq!(file_name("../x y/$(z)"), "%2e.%2fx%20y%2f%24%28z%29");
        assert_eq!(JobId::new(&".".into(), &unit(None), 1).run(), "%2e");
    }
}
