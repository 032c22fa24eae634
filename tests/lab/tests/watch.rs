//! The downtime clock: a site goes down and comes back, and in between the controller is killed.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::operator::{Operator, eventually, kill};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/books/watched.yaml");

fn begin(operator: &Operator<'_>, mut command: Command) -> Child {
    let said = std::fs::File::create(operator.state.path().join("said")).unwrap();
    command.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
}

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
    let mut run = begin(&operator, operator.command(&["run", BOOK, "--var", &ca]));
    says(&operator, &mut run, "site is up");
    let down = says(&operator, &mut run, "site is down: ");
    std::thread::sleep(Duration::from_millis(1500));
    kill(&mut run);
    let killed = Instant::now();
    std::thread::sleep(Duration::from_secs(3));
    // Nobody looks, and nothing says otherwise.
    operator.runbook(&["status"]).ended(0).says("site: down for ");

    let mut run = begin(&operator, operator.command(&["resume"]));
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
