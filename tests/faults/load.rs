//! What the faults happen to: the sample, with steps that count how often they are done.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Lab, succeed};
use crate::operator::{Operator, SAMPLE, eventually};

/// A step of each phase, without any way to see whether it was done, that leaves a line each time that it is done or taken back.
/// Its file is where no listing looks: how often it was done differs.
const COUNTER: &str = "      - id: counted-PHASE
        on: [old, new]
        run: echo 'PHASE done' >>/var/lib/counted
        undo: echo 'PHASE undone' >>/var/lib/counted
";

/// The sample, with such a step in each of its phases.
pub(super) struct Counted {
    folder: tempfile::TempDir,
    phases: Vec<String>,
}

impl Counted {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runbooks = Path::new(SAMPLE).parent().unwrap();
        succeed(Command::new("cp").arg("-a").arg(runbooks).arg(folder.path()));
        // The templates stand beside the runbooks.
        succeed(Command::new("cp").arg("-a").arg(runbooks.with_file_name("templates")).arg(folder.path()));
        let mut book = Self { folder, phases: Vec::new() };
        let mut text = String::new();
        for line in std::fs::read_to_string(SAMPLE).unwrap().lines() {
            let _ = writeln!(text, "{line}");
            if let Some(phase) = line.strip_prefix("  - id: ") {
                book.phases.push(phase.to_owned());
            } else if line == "    steps:" {
                text += &COUNTER.replace("PHASE", book.phases.last().unwrap());
            }
        }
        std::fs::write(book.path(), text).unwrap();
        book
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("runbooks").join(Path::new(SAMPLE).file_name().unwrap())
    }

    pub(super) fn operator<'a>(&self, lab: &'a Lab) -> Operator<'a> {
        Operator { book: self.path(), ..Operator::new(lab) }
    }

    /// Each was done once, and taken back once; what has counted that is removed.
    pub(super) fn were_done_and_undone_once(&self, lab: &Lab) {
        let mut due: Vec<_> =
            self.phases.iter().flat_map(|phase| [format!("{phase} done"), format!("{phase} undone")]).collect();
        due.sort();
        for host in ["old", "new"] {
            let counted = lab.on(host, "LC_ALL=C sort /var/lib/counted; rm /var/lib/counted");
            assert_eq!(counted.lines().collect::<Vec<_>>(), due, "on {host}");
        }
    }

    /// None was done again before it was taken back, and all are taken back; what has counted that is removed.
    pub(super) fn were_taken_back_each_time(&self, lab: &Lab) {
        for host in ["old", "new"] {
            let counted = lab.on(host, "cat /var/lib/counted; rm /var/lib/counted");
            for phase in &self.phases {
                let (done, undone) = (format!("{phase} done"), format!("{phase} undone"));
                let lines: Vec<_> = counted.lines().filter(|line| **line == done || **line == undone).collect();
                assert!(lines.contains(&done.as_str()), "on {host}, {phase} was never done:\n{counted}");
                assert_eq!(lines.last(), Some(&undone.as_str()), "on {host}:\n{counted}");
                assert!(!lines.windows(2).any(|pair| pair == [done.as_str(); 2]), "on {host}:\n{counted}");
            }
        }
    }

    /// None was done twice, none taken back twice, and whatever was done was taken back; what has counted that is removed. `when`: for people.
    pub(super) fn were_taken_back(&self, lab: &Lab, when: &str) {
        for host in ["old", "new"] {
            let counted = lab.on(host, "[ ! -e /var/lib/counted ] || { cat /var/lib/counted; rm /var/lib/counted; }");
            let times = |what: String| counted.lines().filter(|line| **line == what).count();
            for phase in &self.phases {
                let (done, undone) = (times(format!("{phase} done")), times(format!("{phase} undone")));
                assert!(done <= undone && undone <= 1, "on {host}:\n{counted}after a death at the last of:\n{when}");
            }
        }
    }
}

/// No connection, no folder of a job, no key: neither here nor on the hosts.
pub(super) fn nothing_is_left(operator: &Operator<'_>) {
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

/// The share of all places that is asked for, as in `3/20`.
pub(super) fn share(otherwise: &str) -> String {
    std::env::var("RUNBOOK_SWEEP").unwrap_or_else(|_| otherwise.to_owned())
}

/// Tells what was tried, in a line that `tests/faults/all` gathers.
pub(super) fn say(line: &str) {
    use std::io::Write as _;
    // The test harness swallows what goes through `eprintln`.
    let _ = writeln!(std::io::stderr(), "tried: {line}");
}
