//! The controller dies everywhere: at every record, before it is kept and after, and at every call of a host, before it is sent, after that, and
//! with its answer in hand. Each time the next one goes on, and dies at the next place. What it leaves is what a run leaves that nothing
//! disturbs; and taken back, dying everywhere again, it is as before.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::lab::{Lab, succeed};
use crate::operator::{Operator, SAMPLE, Said, eventually};

/// The share of all places that is tried where nobody asks for the whole.
const SHARE: &str = "0/80";

/// A step of each phase, without any way to see whether it was done, that leaves a line each time that it is done or taken back.
const COUNTED: &str = "      - id: counted-PHASE
        on: [old, new]
        run: echo 'PHASE done' >>/root/counted
        undo: echo 'PHASE undone' >>/root/counted
";

#[test]
fn a_migration_whose_controller_dies_everywhere_is_as_one_that_nothing_disturbs() {
    let Some(lab) = Lab::before() else { return };
    let (begun, share) = (Instant::now(), std::env::var("RUNBOOK_SWEEP").unwrap_or_else(|_| SHARE.to_owned()));
    let (book, doomed) = (Book::with_counters(), doomed());
    let before = Operator::new(&lab).everything_before();

    let undisturbed = operator(&lab, &book);
    undisturbed.run(None).ended(0);
    let done = undisturbed.everything().whoever_ran();
    let counted = lab.on("old", "cat /root/counted");
    undisturbed.roll_back();
    forget_counts(&lab);
    undisturbed.everything().must_be(&before);

    let mut operator = operator(&lab, &book);
    operator.binary = doomed;
    let mortal = Mortal { operator: &operator, share: &share };
    let died = mortal.until_it_lives("run", 0);
    operator.everything().whoever_ran().must_be(&done);
    let back = mortal.until_it_lives("rollback", 4);
    for host in ["old", "new"] {
        let lines = lab.on(host, "sort /root/counted | uniq -c | grep -v '^ *1 ' || true");
        assert_eq!(lines, "", "on {host}, something was done or undone twice");
        let undone = lab.on(host, "grep -c ' undone$' /root/counted");
        assert_eq!(undone.trim(), counted.lines().count().to_string(), "on {host}, something was not undone");
    }
    forget_counts(&lab);
    operator.everything().must_be(&before);
    nothing_is_left(&operator);
    operator.runbook(&["log", "--verify"]).ended(0);
    let seconds = begun.elapsed().as_secs();
    say(&format!("share {share}: died at {died} places of the run and at {back} of the rollback; {seconds} s"));
}

/// The sample, with a step in each phase that counts how often it is done.
struct Book {
    folder: tempfile::TempDir,
}

impl Book {
    fn with_counters() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runbooks = Path::new(SAMPLE).parent().unwrap();
        succeed(Command::new("cp").arg("-a").arg(runbooks).arg(folder.path()));
        // The templates stand beside the runbooks.
        succeed(Command::new("cp").arg("-a").arg(runbooks.with_file_name("templates")).arg(folder.path()));
        let book = Self { folder };
        let (mut text, mut phase) = (String::new(), String::new());
        for line in std::fs::read_to_string(SAMPLE).unwrap().lines() {
            text += line;
            text += "\n";
            if let Some(id) = line.strip_prefix("  - id: ") {
                id.clone_into(&mut phase);
            } else if line == "    steps:" {
                text += &COUNTED.replace("PHASE", &phase);
            }
        }
        std::fs::write(book.path(), text).unwrap();
        book
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("runbooks").join(Path::new(SAMPLE).file_name().unwrap())
    }
}

fn operator<'a>(lab: &'a Lab, book: &Book) -> Operator<'a> {
    Operator { book: book.path(), ..Operator::new(lab) }
}

fn forget_counts(lab: &Lab) {
    for host in ["old", "new"] {
        lab.on(host, "rm /root/counted");
    }
}

/// The tool that dies, as it is now: an example, which a test's own build leaves out.
fn doomed() -> PathBuf {
    succeed(
        Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--example", "doomed"])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    Path::new(env!("CARGO_BIN_EXE_runbook")).with_file_name("examples").join("doomed")
}

/// An operator whose tool dies.
struct Mortal<'a> {
    operator: &'a Operator<'a>,
    share: &'a str,
}

impl Mortal<'_> {
    /// Begins it, and goes on with it whenever it has died, until it lives to its end. How often it died.
    fn until_it_lives(&self, what: &str, code: i32) -> usize {
        let places = self.operator.state.path().join(what);
        let mut deaths = 0;
        loop {
            let begun = self.operator.has_run();
            let mut command = match what {
                "run" if begun => self.operator.resumption(None),
                "run" => self.operator.sample("run", None),
                _ => self.operator.command(&[what]),
            };
            command.env("RUNBOOK_DOOM", &places).env("RUNBOOK_DOOM_SHARE", self.share);
            let said = Said::of(&command.stdin(Stdio::null()).output().unwrap());
            let tried = std::fs::read_to_string(&places).unwrap_or_default();
            if tried.lines().count() == deaths {
                assert_eq!(said.code, code, "it died at these places:\n{tried}\nand then said:\n{}", said.text);
                return deaths;
            }
            deaths += 1;
            assert_eq!(tried.lines().count(), deaths, "{tried}");
        }
    }
}

/// No connection, no folder of a job, no key: neither here nor on the hosts.
fn nothing_is_left(operator: &Operator<'_>) {
    let lab = operator.lab;
    for host in ["old", "new", "mirror1", "mirror2"] {
        let left = lab.on(
            host,
            "find /root/.local/state/runbook /home/*/.local/state/runbook -type f 2>/dev/null || true
             find / -xdev -name '*.runbook-*'; grep -r runbook: /root/.ssh /home/*/.ssh 2>/dev/null || true",
        );
        assert_eq!(left, "", "left on {host}");
    }
    // The connection of a controller that was killed ends by itself, a minute after its last use.
    let connected =
        format!("ip netns pids {} | xargs ps -o args= -p | grep '/maste[r]' || true", lab.file("netns").display());
    eventually(90, "the connections of the dead end", || lab.operator(&connected).is_empty());
}

fn say(line: &str) {
    use std::io::Write as _;
    // The test harness swallows what goes through `eprintln`.
    let _ = writeln!(std::io::stderr(), "{line}");
}
