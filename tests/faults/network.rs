//! The network at its worst, again and again, while the sample is carried out and taken back.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::operator::{Everything, Operator};

use super::load::{Counted, nothing_is_left, say};

/// Whose cable is pulled.
const HOSTS: [&str; 5] = ["old", "new", "mirror1", "mirror2", "ns1"];

/// How often a run may fail and be gone on with.
const FAILURES: u32 = 60;

/// How long a run may go on without a host before it has said so and ended: silence, tries, and what it does elsewhere meanwhile.
const BOUND: Duration = Duration::from_mins(3);

/// How many lines of a rollback are taken for a phase: it has none.
const LINES: usize = 12;

/// The cable of each host is out for five seconds, once in each phase.
#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn cables_that_are_pulled_cost_time_and_nothing_else() {
    in_each_phase("out for 5 s", &[], |lab, host, _| without_cable(lab, host, || pause(5.0)));
}

/// For a minute: longer than the silence after which a connection is given up.
#[test]
#[ignore = "takes an hour: a part of tests/faults/all"]
fn cables_that_are_out_for_a_minute_are_waited_for() {
    in_each_phase("out for 60 s", &[], |lab, host, _| without_cable(lab, host, || pause(60.0)));
}

/// For good: whatever it was at, the run ends, and goes on once the cable is in again.
#[test]
#[ignore = "takes an hour: a part of tests/faults/all"]
fn cables_that_stay_out_end_the_run_in_bounded_time() {
    let mut longest = Duration::ZERO;
    in_each_phase("out until the run has ended", &["--reconnect-timeout", "5s"], |lab, host, run| {
        let cut = Instant::now();
        without_cable(lab, host, || {
            while run.try_wait().unwrap().is_none() {
                assert!(cut.elapsed() < BOUND, "it goes on and on");
                pause(0.1);
            }
        });
        longest = longest.max(cut.elapsed());
    });
    say(&format!("a run without a host ends after {} s at most", longest.as_secs()));
}

/// Does it to each host, once in each phase that a run comes to and each stretch of its rollback: a migration, forth and back, for each host.
fn in_each_phase(what: &str, with: &[&str], mut happens: impl FnMut(&Lab, &str, &mut Child)) {
    for host in HOSTS {
        let Some(lab) = Lab::before() else { return };
        let mut seen = BTreeSet::new();
        plague_in(&lab, &format!("in each phase, the cable of {host} is {what}"), with, |operator, _, run| {
            let stretch = stretch(&operator.said());
            if seen.insert(stretch) {
                happens(operator.lab, host, run);
                // What it came to meanwhile has had it, too.
                seen.insert(self::stretch(&operator.said()));
                return true;
            }
            pause(0.1);
            false
        });
    }
}

/// Where a run is, by what it has said: the last phase that it has named, or how many stretches of a rollback it has taken back.
fn stretch(said: &str) -> String {
    let is_phase = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(". ");
    let undone = said.lines().filter(|line| line.trim_start().starts_with('↶')).count();
    let phase = said.lines().rfind(is_phase).unwrap_or_default();
    if undone > 0 { format!("back {}", undone / LINES) } else { phase.to_owned() }
}

/// A wide-area line at its worst: 200 ms each way, and of three packets one is lost.
#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn a_line_that_is_slow_and_loses_much_costs_time_and_nothing_else() {
    let far = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/far.py");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ssh_config");
    let Some(lab) = Lab::before() else { return };
    let own = std::fs::read_to_string(lab.file("ssh_config")).unwrap();
    std::fs::write(&config, format!("{own}    ProxyCommand python3 {far} %h %p 0.2 0.3\n")).unwrap();
    let with = ["--ssh-config", config.to_str().unwrap()];
    plague_in(&lab, "200 ms each way, 30 % loss", &with, |_, _, _| {
        pause(1.0);
        false
    });
}

/// sshd is restarted, and then whatever connections it has are ended: both as updates do it.
#[test]
fn connections_that_hosts_end_are_made_again() {
    plague("sshd is restarted and its connections are killed", &[], |lab, turn| {
        let host = ["old", "new"][turn % 2];
        lab.on(host, "systemctl restart ssh.service");
        signal_connections(lab, host, "TERM");
        pause(1.5);
    });
}

/// Connections that stay open and say nothing any more: what only silence tells of.
#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn connections_that_fall_silent_are_given_up_and_made_again() {
    plague("all connections of a host fall silent", &[], |lab, turn| {
        let host = ["new", "old"][turn % 2];
        signal_connections(lab, host, "STOP");
        pause(25.0);
        signal_connections(lab, host, "KILL");
        pause(5.0);
    });
}

/// A session at a time, and no more.
#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn a_session_at_a_time_will_do() {
    let Some(lab) = Lab::before() else { return };
    let limit = "echo 'MaxSessions 1' >/etc/ssh/sshd_config.d/sessions.conf; systemctl reload ssh.service";
    for host in ["old", "new", "mirror1", "mirror2"] {
        lab.on(host, limit);
    }
    let before = Operator::new(&lab).everything_now();
    let tally = Tally::of(&lab, &before, &[], &mut |_, _, _| {
        pause(0.2);
        false
    });
    assert_eq!(tally.failures, 0);
    say(&format!("MaxSessions 1 on every host; {} s", tally.seconds));
}

/// A host that takes connections and never says a word is told of, in bounded time.
#[test]
fn a_host_that_never_answers_is_told_of() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let step = "{id: a, on: mute, run: 'true', undo: nothing}";
    let host = "mute: {ssh: root@192.0.2.12, port: 2222}";
    let book = operator.write_book(&format!("runbook: 1\nname: Mute\nhosts: {{{host}}}\nsteps:\n  - {step}\n"));
    let listen = "import socket, time
s = socket.create_server(('0.0.0.0', 2222))
open('/run/listens', 'w')
kept = []
while True: kept.append(s.accept())";
    lab.on("new", &format!("setsid python3 -c \"{listen}\" </dev/null >/dev/null 2>&1 & echo $! >/run/listener"));
    lab.eventually("new", 10, "[ -e /run/listens ]");
    let begun = Instant::now();
    operator.runbook(&["run", &book]).ended(1).says("mute");
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    lab.on("new", "kill $(cat /run/listener); rm /run/listens /run/listener");
}

/// How a migration went that something happened to.
#[derive(Default)]
struct Tally {
    /// How often it happened.
    turns: usize,
    /// How often the run failed, and was gone on with.
    failures: u32,
    seconds: u64,
}

/// What happens to a run again and again: who carries it out, how often it has happened already, and the run. Whether it has happened.
type Happens<'a> = &'a mut dyn FnMut(&Operator<'_>, usize, &mut Child) -> bool;

/// Something happens again and again: forth and back, the migration gets where it is to get, and nothing is done twice. `with` is what each
/// command is given besides.
fn plague(what: &str, with: &[&str], mut happens: impl FnMut(&Lab, usize)) {
    if let Some(lab) = Lab::before() {
        plague_in(&lab, what, with, |operator, turn, _| {
            happens(operator.lab, turn);
            true
        });
    }
}

fn plague_in(lab: &Lab, what: &str, with: &[&str], mut happens: impl FnMut(&Operator<'_>, usize, &mut Child) -> bool) {
    let before = Operator::new(lab).everything_before();
    let Tally { turns, failures, seconds } = Tally::of(lab, &before, with, &mut happens);
    let often = if turns > 0 { format!(": {turns} times") } else { String::new() };
    let failed = match failures {
        0 => "no run failed".to_owned(),
        1 => "1 run failed and was gone on with".to_owned(),
        _ => format!("{failures} runs failed and were gone on with"),
    };
    say(&format!("{what}{often}, {failed}; {seconds} s"));
}

impl Tally {
    /// Carries the sample out and takes it back: then all is as `before`.
    fn of(lab: &Lab, before: &Everything, with: &[&str], happens: Happens<'_>) -> Self {
        let begun = Instant::now();
        let (mut tally, book) = (Self::default(), Counted::new());
        let operator = book.operator(lab);
        tally.until(&operator, 0, with, happens, |first| {
            if first { operator.sample("run", None) } else { operator.resumption(None) }
        });
        lab.operator("[ $(dig +short @ns1 libravatar.org A) = 192.0.2.12 ]; curl -sSf https://www.libravatar.org/ | grep '412 users' >/dev/null");
        tally.until(&operator, 4, with, happens, |_| operator.command(&["rollback"]));
        // A host that was away when all but the tidying up was done there: the last lines say so, and another rollback does it.
        if operator.said().contains("until another rollback") {
            operator.roll_back();
        }
        book.were_done_and_undone_once(lab);
        nothing_is_left(&operator);
        operator.runbook(&["log", "--verify"]).ended(0);
        operator.everything().must_be(before);
        tally.seconds = begun.elapsed().as_secs();
        tally
    }

    /// Starts one command after the other until one ends with `code`; meanwhile it happens.
    fn until(
        &mut self,
        operator: &Operator<'_>,
        code: i32,
        with: &[&str],
        happens: Happens<'_>,
        command: impl Fn(bool) -> Command,
    ) {
        for try_ in 0..FAILURES {
            let mut command = command(try_ == 0);
            command.args(with);
            let mut process = operator.start(command);
            while process.try_wait().unwrap().is_none() {
                if happens(operator, self.turns, &mut process) {
                    self.turns += 1;
                }
            }
            let ended = process.wait().unwrap().code();
            if ended == Some(code) {
                return;
            }
            // A host that could not be reached is a failure like others; that it is not known what was done is none that may be.
            assert!(matches!(ended, Some(1 | 3 | 6)), "{ended:?}:\n{}", operator.said());
            let said = operator.said();
            assert!(!said.replace("not known yet", "").contains("not known"), "{said}");
            self.failures += 1;
        }
        panic!("it never gets there:\n{}", operator.said());
    }
}

/// Does something while the cable of a host is out.
fn without_cable(lab: &Lab, host: &str, mut meanwhile: impl FnMut()) {
    lab.tool(&["link", host, "down"]);
    meanwhile();
    lab.tool(&["link", host, "up"]);
}

/// Sends a signal to whatever sshd has for a connection on a host, and not to the one that listens.
fn signal_connections(lab: &Lab, host: &str, signal: &str) {
    let listens = "[ \"$p\" = \"$(cat /run/sshd.pid)\" ]";
    lab.on(host, &format!("for p in $(pgrep -x sshd); do {listens} || kill -{signal} \"$p\" || :; done"));
}

fn pause(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}
