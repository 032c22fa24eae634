//! The downtime clock: a site goes down and comes back, and in between the controller is killed.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::operator::{Operator, eventually, kill};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/books/watched.yaml");

/// Waits until the run says so.
fn says(operator: &Operator<'_>, run: &mut Child, what: &str) -> Instant {
    eventually(60, what, || {
        assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", operator.said());
        operator.said().contains(what)
    });
    Instant::now()
}

#[test]
fn downtime_is_counted_and_what_nobody_watched_is_not() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let ca = format!("ca={}", lab.file("ca").display());
    let mut run = operator.start(operator.command(&["run", BOOK, "--var", &ca]));
    says(&operator, &mut run, "site is up");
    let down = says(&operator, &mut run, "site is down: ");
    std::thread::sleep(Duration::from_millis(1500));
    kill(&mut run);
    let killed = Instant::now();
    std::thread::sleep(Duration::from_secs(3));
    // Nobody looks, and nothing says otherwise.
    operator.runbook(&["status"]).ended(0).says("site: down for ");

    let mut run = operator.start(operator.command(&["resume"]));
    says(&operator, &mut run, "nobody has watched for ");
    let resumed = Instant::now();
    says(&operator, &mut run, "site is down: ");
    let up = says(&operator, &mut run, "site is up again, after ");
    assert_eq!(run.wait().unwrap().code(), Some(0), "{}", operator.said());
    let said = operator.said();
    assert!(said.contains("site: up at the end; down ") && said.contains(" in all, in "), "{said}");

    let json = operator.runbook(&["status", "--output", "json"]).ended(0).text;
    let status = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let status = status.into_iter().find(|line| line["event"] == "status").unwrap();
    let site = &status["watch"]["site"];
    let seconds = |key: &str| site[key].as_f64().unwrap();
    let gap = (resumed - killed).as_secs_f64();
    // The lease is renewed every five seconds: so much may be counted as unwatched that was watched.
    assert!((gap - 1.5..gap + 5.5).contains(&seconds("unwatched")), "{gap}: {site}");
    let outage = (up - down).as_secs_f64();
    let counted = seconds("down") + seconds("unwatched");
    // The restart at the end may show as an outage of its own, which is short.
    assert!((outage - 1.5..outage + 4.0).contains(&counted), "{outage}: {site}");
    assert!((1..=2).contains(&site["outages"].as_u64().unwrap()), "the one before the gap goes on after it: {site}");
    assert!(seconds("longest") <= seconds("down") && seconds("longest") > 1.0, "{site}");
    // The round robin goes on without old.
    assert!(status["watch"]["cdn"]["up"].as_f64().unwrap() > seconds("up"), "{status}");
    let whole: f64 = ["up", "down", "unwatched"].map(seconds).iter().sum();
    let at = |key: &str| status[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let took = at("last").duration_since(at("began")).as_secs_f64();
    assert!((took - 3.0..took + 0.5).contains(&whole), "every moment is counted once: {whole} of {took}: {site}");

    operator.runbook(&["log"]).ended(0).says("site is down: ").says("nobody has watched").says("watched:");
    operator.runbook(&["log", "--verify"]).ended(0);
    operator.roll_back();
}

/// A port is watched by the DNS's word, while the operator's own names lead elsewhere.
#[test]
fn a_port_that_closes_and_opens_is_seen() {
    let Some(lab) = Lab::before() else { return };
    lab.operator("echo '192.0.2.12 www.libravatar.org' >>/etc/hosts");
    let operator = Operator::new(&lab);
    let book = operator.state.path().join("book.yaml");
    let text = r#"runbook: 1
hosts: {old: old}
watch:
  - {name: port, tcp: {to: "www.libravatar.org:80"}, every: 100ms, timeout: 2s}
  - {name: answer, tcp: {to: "192.0.2.11:80", send: "HEAD / HTTP/1.0\r\n\r\n"}, expect: "^HTTP/1.1 301", every: 100ms, timeout: 2s}
  - {name: other, tcp: {to: "[2001:db8::12]:22", expect: "^SSH-2"}, every: 100ms, timeout: 2s}
steps:
  - {id: before, on: old, run: sleep 1, undo: nothing}
  - {id: stop, on: old, service: {name: apache2.service, state: stopped}}
  - {id: pause, on: old, run: sleep 2, undo: nothing}
  - {id: start, on: old, service: {name: apache2.service, state: started}}
  - {id: after, on: old, run: sleep 1, undo: nothing}
"#;
    std::fs::write(&book, text).unwrap();
    let said = operator.runbook(&["run", book.to_str().unwrap()]).ended(0).text;
    for name in ["port", "answer"] {
        for due in ["is up", "is down: ", "is up again, after "] {
            assert!(said.contains(&format!("{name} {due}")), "{name} {due}:\n{said}");
        }
        assert!(said.contains(&format!("{name}: up at the end; down ")), "{said}");
    }
    assert!(said.contains("Connection refused") && !said.contains("other is down"), "{said}");
    operator.roll_back();
}

/// systemd-resolved reads /etc/hosts itself: what it would ask is asked. Nobody answers in its place here, so whoever asked it would hear nothing.
#[test]
fn whom_systemd_resolved_asks_is_asked_in_its_place() {
    let Some(lab) = Lab::before() else { return };
    lab.operator("echo '192.0.2.12 stats.libravatar.org' >>/etc/hosts");
    let operator = Operator::new(&lab);
    let state = operator.state.path();
    let book = state.join("book.yaml");
    let text = "runbook: 1\nwatch:\n  - {name: site, http: {url: 'http://stats.libravatar.org/'}, every: 200ms, expect: {status: 301}}\nsteps:\n  \
                - {id: look, lookup: {name: stats.libravatar.org, type: A, expect: {values: 192.0.2.11}}}\n  \
                - {id: here, http: {url: 'http://stats.libravatar.org/', expect: {body: It works}}}\n  \
                - {id: pause, on: local, run: sleep 1, undo: nothing}\n";
    std::fs::write(&book, text).unwrap();
    let resolved = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/resolve
         if [ \"$1\" = upstream ]; then cp /etc/resolv.conf /run/systemd/resolve/resolv.conf; fi
         printf 'nameserver 127.0.0.53\\noptions timeout:1 attempts:1\\n' >\"$2\" && mount --bind \"$2\" /etc/resolv.conf
         shift 2; exec \"$@\"";
    let run = |upstream: &str, journal: &str| {
        let mut command = lab.command(&["run", "unshare", "-m", "sh", "-euc", resolved, "sh", upstream]);
        command.arg(state.join("resolv.conf")).arg(env!("CARGO_BIN_EXE_runbook")).arg("run").arg(&book);
        command.args(["--output", "json", "--state"]).arg(state.join(journal)).env("HOME", state).stdin(Stdio::null());
        crate::operator::Said::of(&command.output().unwrap())
    };
    let said = run("upstream", "journal.db").ended(0).text;
    let seen: Vec<_> = said.lines().filter(|line| line.contains("\"watched\"")).collect();
    assert!(!seen.is_empty() && seen.iter().all(|line| line.contains("\"up\":true")), "{said}");
    // Where it does not say whom it asks, it is asked itself.
    run("none", "other.db").ended(1).says("127.0.0.53");
}
