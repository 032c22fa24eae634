//! The same work by the tool and by ssh.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use runbook::events::record::{Selection, Started};

use crate::sshd::{self, Sshd};
use crate::{ROUNDS, median};

/// How each book begins.
const HEAD: &str = "runbook: 1\nhosts: {box: box}\nsteps:\n";

/// How many steps, or commands.
const STEPS: usize = 50;

/// An sshd, and a folder for runbooks and state.
pub(crate) struct Work {
    sshd: Sshd,
    folder: tempfile::TempDir,
}

impl Work {
    /// None where this machine has no sshd: that was said.
    pub(crate) fn new() -> Option<Self> {
        let work = Self { sshd: sshd::start("")?, folder: tempfile::tempdir().unwrap() };
        work.know_strictly();
        Some(work)
    }

    /// The key is known beforehand: the tool insists on that, and ssh shall do no more than it.
    fn know_strictly(&self) {
        let config = self.sshd.path("ssh_config");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(config, text.replace("StrictHostKeyChecking no", "StrictHostKeyChecking yes")).unwrap();
    }

    /// Prints the medians of the tool doing `book` and of ssh doing as many commands, and of their ratios pair by pair.
    pub(crate) fn compare(&self, what: &str, goal: f64, book: &str) {
        let book = self.write("book.yaml", book);
        self.tool(&book);
        self.ssh();
        let pairs: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (self.tool(&book), self.ssh())).collect();
        let (tool, ssh): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let ratio = median(pairs.iter().map(|(tool, ssh)| tool / ssh).collect());
        println!("{what:<44} {:>9.0} {:>9.0} {ratio:>7.2} {goal:>6.1}", median(tool), median(ssh));
    }

    /// Files that are as they are asked to be.
    pub(crate) fn checks(&self) -> String {
        let mut book = HEAD.to_owned();
        for number in 0..STEPS {
            let path = self.folder.path().join(format!("file{number}"));
            std::fs::write(&path, "as asked\n").unwrap();
            let _ = writeln!(
                book,
                "  - {{id: s{number}, on: box, copy: {{content: \"as asked\\n\", dest: {}}}}}",
                path.display()
            );
        }
        book
    }

    /// Scripts that do nothing, durably.
    pub(crate) fn runs() -> String {
        let mut book = HEAD.to_owned();
        for number in 0..STEPS {
            let _ = writeln!(book, "  - {{id: s{number}, on: box, run: 'true', undo: nothing}}");
        }
        book
    }

    /// Checks a runbook with so many steps.
    pub(crate) fn check_of(&self, steps: usize) {
        let mut book = HEAD.replace("steps:", "vars: {site: www.example.org}\nsteps:");
        for number in 0..steps {
            let _ = writeln!(
                book,
                "  - id: s{number}\n    on: box\n    run: {{script: 'echo \"$SITE\"', env: {{SITE: '{{{{ site }}}}'}}}}\n    undo: nothing"
            );
        }
        let book = self.write("long.yaml", &book);
        let done = Command::new(env!("CARGO_BIN_EXE_runbook")).arg("check").arg(book).stdout(Stdio::null()).status();
        assert!(done.unwrap().success());
    }

    fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Milliseconds of a whole run, the connection included.
    fn tool(&self, book: &Path) -> f64 {
        let mut run = Command::new(env!("CARGO_BIN_EXE_runbook"));
        run.arg("run").arg(book).arg("--ssh-config").arg(self.sshd.path("ssh_config"));
        run.env("XDG_STATE_HOME", self.folder.path().join("state"));
        timed(&mut run)
    }

    /// Milliseconds of as many commands over one connection, which is opened and closed.
    fn ssh(&self) -> f64 {
        let ssh = |arguments: &[&str]| {
            let mut ssh = Command::new("ssh");
            ssh.arg("-F").arg(self.sshd.path("ssh_config")).arg("-S").arg(self.folder.path().join("m"));
            ssh.args(arguments).arg("box");
            ssh
        };
        let mut all = timed(ssh(&["-M", "-N", "-f"]).stderr(Stdio::null()));
        for _ in 0..STEPS {
            all += timed(ssh(&[]).arg("true"));
        }
        all + timed(ssh(&["-O", "exit"]).stderr(Stdio::null()))
    }
}

fn timed(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
    begun.elapsed().as_secs_f64() * 1000.0
}

/// The first record of a run.
pub(crate) fn started() -> Started {
    Started {
        run: "bench".into(),
        format: 1,
        tool: String::new(),
        name: String::new(),
        path: String::new(),
        files: BTreeMap::new(),
        vars: BTreeMap::new(),
        hosts: BTreeMap::new(),
        answers: serde_json::Value::Null,
        selection: Selection::default(),
        secrets: BTreeMap::new(),
        fingerprints: BTreeMap::new(),
        outline: Vec::new(),
        deadline: None,
    }
}
