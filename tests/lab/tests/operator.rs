//! The operator at work: the real binary in the lab's namespace, with the sample, its variables, its answers and its secrets.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::lab::Lab;

/// An operator with a state folder of their own.
pub(crate) struct Operator<'a> {
    pub(crate) lab: &'a Lab,
    pub(crate) state: TempDir,
    /// `--var`, and whatever else `run` and `plan` are given.
    pub(crate) extra: Vec<String>,
    /// The runbook: the sample.
    pub(crate) book: PathBuf,
    /// The tool.
    pub(crate) binary: PathBuf,
}

/// What the binary did.
pub(crate) struct Said {
    /// Its exit code.
    pub(crate) code: i32,
    /// All it said.
    pub(crate) text: String,
}

/// What a run leaves on the operator's side and on the hosts, as far as anybody could tell.
#[derive(PartialEq)]
pub(crate) struct Everything {
    hosts: String,
    names: String,
    left: Vec<PathBuf>,
}

/// The sample.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/libravatar-migration.yaml");

impl<'a> Operator<'a> {
    pub(crate) fn new(lab: &'a Lab) -> Self {
        let binary = env!("CARGO_BIN_EXE_runbook").into();
        Self { lab, state: tempfile::tempdir().unwrap(), extra: Vec::new(), book: SAMPLE.into(), binary }
    }

    /// Gives a variable of the book another value.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.extra.extend(["--var".to_owned(), format!("{name}={value}")]);
        self
    }

    /// `runbook` with these arguments and the operator's state, to be run where the operator sits.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command(&["run"]);
        command.arg(&self.binary).args(args).arg("--state").arg(self.state.path().join("journal.db"));
        for line in std::fs::read_to_string(self.lab.file("env_file")).unwrap().lines() {
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            command.env(name, value);
        }
        command.env("HOME", self.state.path()).env_remove("XDG_STATE_HOME").stdin(Stdio::null());
        command
    }

    /// The same, to its end.
    pub(crate) fn runbook(&self, args: &[&str]) -> Said {
        Said::of(&self.command(args).output().unwrap())
    }

    /// `run` or `plan` with the sample and all that belongs to it. `until` is the gate that nobody answers: the run parks there.
    pub(crate) fn sample(&self, what: &str, until: Option<&str>) -> Command {
        let (hosts, vars) = (self.lab.file("hosts_file"), self.lab.file("vars_file"));
        let answers = self.answers(until);
        let mut command = self.command(&[what]);
        command
            .arg(&self.book)
            .arg("--hosts-file")
            .arg(hosts)
            .arg("--vars-file")
            .arg(vars)
            .arg("--answers")
            .arg(answers);
        command.args(&self.extra);
        command
    }

    /// Runs the sample until a gate that nobody answers, or to its end.
    pub(crate) fn run(&self, until: Option<&str>) -> Said {
        Said::of(&self.sample("run", until).output().unwrap())
    }

    /// Goes on with the run, until a gate that nobody answers or to its end.
    pub(crate) fn resume(&self, until: Option<&str>) -> Said {
        Said::of(&self.resumption(until).output().unwrap())
    }

    /// The same, to be run.
    pub(crate) fn resumption(&self, until: Option<&str>) -> Command {
        let answers = self.answers(until);
        let mut command = self.command(&["resume"]);
        command.arg("--answers").arg(answers);
        command
    }

    /// Begins to run the sample.
    pub(crate) fn begin(&self, until: Option<&str>) -> Child {
        self.start(self.sample("run", until))
    }

    /// Starts a command. What it says goes to the file `said` of the state folder, in place of what the one before has said.
    pub(crate) fn start(&self, mut command: Command) -> Child {
        let said = std::fs::File::create(self.state.path().join("said")).unwrap();
        command.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
    }

    /// Writes a runbook of the operator's own: its path.
    pub(crate) fn write_book(&self, text: &str) -> String {
        let path = self.state.path().join("book.yaml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the command that was started last has said so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.state.path().join("said")).unwrap()).into_owned()
    }

    /// Runs the sample, and presses Ctrl-C once a step of that name is done.
    pub(crate) fn interrupt_after(&self, step: &str) {
        let mut run = self.begin(None);
        let done = format!("\u{2713} {step} ");
        eventually(200, step, || {
            assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", self.said());
            self.said().contains(&done)
        });
        let pid = rustix::process::Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(130), "{}", self.said());
    }

    fn answers(&self, until: Option<&str>) -> PathBuf {
        let all = std::fs::read_to_string(self.lab.file("answers_file")).unwrap();
        let gate = |line: &&str| until.is_none_or(|until| !line.starts_with(&format!("{until}:")));
        let some: Vec<_> = all.lines().take_while(gate).collect();
        assert!(until.is_none() || some.len() < all.lines().count(), "the sample has no gate {until:?}");
        let path = self.state.path().join("answers.yaml");
        std::fs::write(&path, some.join("\n") + "\n").unwrap();
        path
    }

    /// Whether there is a run.
    pub(crate) fn has_run(&self) -> bool {
        !self.runbook(&["runs"]).ended(0).text.contains("there are no runs here")
    }

    /// The id of the one run.
    pub(crate) fn run_id(&self) -> String {
        let said = self.runbook(&["runs"]).ended(0);
        // Below the headings, the first column.
        said.text.lines().nth(1).and_then(|line| line.split_whitespace().next()).unwrap().to_owned()
    }

    /// The step that was begun last, as the journal has it.
    pub(crate) fn last_intended(&self) -> Option<String> {
        let journal = SqliteConnectOptions::new().filename(self.state.path().join("journal.db"));
        let last = "SELECT body ->> '$.record.unit.step' FROM entry WHERE body ->> '$.record.kind' = 'intended'
                    ORDER BY seq DESC LIMIT 1";
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut journal = SqliteConnection::connect_with(&journal).await.unwrap();
            sqlx::query_scalar(last).fetch_optional(&mut journal).await.unwrap()
        })
    }

    /// Takes the run back; it must succeed.
    pub(crate) fn roll_back(&self) {
        let said = self.runbook(&["rollback"]);
        assert_eq!(said.code, 4, "{}", said.text);
    }

    /// All that could have changed, once the mirrors have what the master has.
    pub(crate) fn everything(&self) -> Everything {
        for mirror in ["mirror1", "mirror2"] {
            let pull = "runuser -u libravatar-slave -- /usr/lib/libravatar-slave/pull";
            self.lab.on(mirror, &format!("{pull} avatar; {pull} user"));
        }
        self.everything_now()
    }

    /// What the hosts had when the test began, and the operator has now: as it was before.
    pub(crate) fn everything_before(&self) -> Everything {
        let all = ["old", "new", "mirror1", "mirror2", "ns1"];
        Everything { hosts: self.lab.listing_before(&all), ..self.operators() }
    }

    /// The same in the middle of a migration, when the mirrors may not be able to pull.
    pub(crate) fn everything_now(&self) -> Everything {
        Everything { hosts: self.lab.listing(&["all"]), ..self.operators() }
    }

    fn operators(&self) -> Everything {
        let passing = [self.lab.file("staging"), self.lab.file("backup")];
        Everything {
            hosts: String::new(),
            names: self.lab.operator("cat /etc/hosts"),
            left: passing.into_iter().filter(|path| path.exists()).collect(),
        }
    }
}

impl Everything {
    /// The same without what differs from run to run: its id in the names of what it keeps aside, and the salt of a password that it sets.
    pub(crate) fn whoever_ran(self) -> Self {
        let its_own = regex::Regex::new(r"(?m)(\.runbook-)[0-9a-z]+|^(role .*  )[0-9a-f]{32}$").unwrap();
        Self { hosts: its_own.replace_all(&self.hosts, "${1}${2}OF-THE-RUN").into_owned(), ..self }
    }

    /// The same without what dpkg puts beside the mirrors' jobs, which it keeps. It does so once their package, which had to be rebuilt, was put back:
    /// a file that was changed by hand counts from then on as changed from whatever version.
    pub(crate) fn whatever_dpkg_offered(self) -> Self {
        let offered = regex::Regex::new(r"(?m)^/etc/cron\.d/libravatar-slave\.dpkg-dist  .*\n").unwrap();
        Self { hosts: offered.replace_all(&self.hosts, "").into_owned(), ..self }
    }

    /// It is the same; where it is not, the difference is shown.
    #[track_caller]
    pub(crate) fn must_be(&self, before: &Self) {
        let changed = similar::TextDiff::from_lines(&before.hosts, &self.hosts);
        let changed = changed.unified_diff().context_radius(0).to_string();
        assert!(self.hosts == before.hosts, "the hosts have changed:\n{changed}");
        assert_eq!(self.names, before.names);
        assert_eq!(self.left, before.left);
    }
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
        Self { code: output.status.code().unwrap_or(-1), text }
    }

    /// It ended with this code.
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    /// It says this somewhere.
    pub(crate) fn says(self, what: &str) -> Self {
        assert!(self.text.contains(what), "nowhere `{what}` in:\n{}", self.text);
        self
    }
}

/// Waits until something holds.
pub(crate) fn eventually(seconds: u64, what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "after {seconds} s, still not: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Cuts the controller off, with no time for a last word.
pub(crate) fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What dumps a database on the hosts.
pub(crate) const PG_DUMP: &str = "/usr/lib/postgresql/15/bin/pg_dump";

/// Makes a program of a host slow and countable: each start leaves a line in `/run/NAME.starts`. What asks for its version only does not count.
pub(crate) fn slow_down(lab: &Lab, host: &str, program: &str, seconds: u32) {
    let name = Path::new(program).file_name().unwrap().to_str().unwrap();
    lab.on(
        host,
        &format!(
            "mv {program} {program}.real
             printf '%s\\n' '#!/bin/sh' 'case \"$*\" in *--version*) ;; *) echo start >>/run/{name}.starts; sleep {seconds} ;; esac' 'exec {program}.real \"$@\"' >{program}
             chmod 755 {program}; : >/run/{name}.starts; chmod 666 /run/{name}.starts"
        ),
    );
}

/// How often it was started.
pub(crate) fn starts(lab: &Lab, host: &str, name: &str) -> usize {
    lab.on(host, &format!("cat /run/{name}.starts")).lines().count()
}

/// Undoes `slow_down`.
pub(crate) fn quicken(lab: &Lab, host: &str, program: &str) {
    let name = Path::new(program).file_name().unwrap().to_str().unwrap();
    lab.on(host, &format!("mv {program}.real {program}; rm /run/{name}.starts"));
}
