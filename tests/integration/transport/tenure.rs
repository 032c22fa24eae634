//! What a process does at a host that another has the run of by now, and what a broken connection still had on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use runbook::base::{Role, RunId, UnitId};
use runbook::transport::{
    Command, Job, JobEnd, JobHome, JobId, JobSpec, Lease, Local, Offsets, Ssh, SshOptions, Tenure, Transport,
    TransportError,
};
use rustix::process::Signal;
use tokio::time::sleep;

use super::job::Said;
use super::sshd::{self, Sshd, kill, signal};

struct Hold(AtomicBool);

#[async_trait]
impl Lease for Hold {
    async fn is_held(&self) -> Result<(), String> {
        if self.0.load(Relaxed) { Ok(()) } else { Err("somebody else has the run".to_owned()) }
    }
}

/// A run of its own for each test: all of them share the machine.
fn tenure(run: &str, fence: i64) -> (Tenure, Arc<Hold>) {
    let hold = Arc::new(Hold(AtomicBool::new(true)));
    (Tenure { run: RunId::from(format!("{run}{}", std::process::id())), fence, lease: hold.clone() }, hold)
}

fn way(host: &Sshd, tenure: Tenure) -> Ssh {
    Ssh::new(Role::from("box"), "box", None, SshOptions { tenure: Some(tenure), ..host.options() })
}

fn superseded(answer: Result<impl std::fmt::Debug, TransportError>) {
    assert_eq!(answer.unwrap_err().to_string(), "nothing more is done on box: somebody else has the run");
}

#[tokio::test]
async fn whoever_has_lost_the_run_sends_nothing_more() {
    let Some(host) = sshd::start("") else { return };
    let (tenure, hold) = tenure("lost", 1);
    let (ssh, local) = (way(&host, tenure.clone()), Local::of_run(Some(tenure)));
    let script = format!("echo x >>'{}'", host.path("done").display());
    ssh.exec(Command::change(script.as_str()), None).await.unwrap();
    hold.0.store(false, Relaxed);
    superseded(ssh.exec(Command::change(script.as_str()), None).await);
    superseded(ssh.exec(Command::read(script.as_str()), None).await);
    superseded(ssh.open(Command::change(script.as_str())).await.map(drop));
    superseded(ssh.dial("127.0.0.1:1").await.map(drop));
    local.exec(Command::change(script), None).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(host.path("done")).unwrap(), "x\n");
}

#[tokio::test]
async fn a_launch_that_was_on_its_way_when_its_connection_broke_does_not_come_after_its_job() {
    let Some(host) = sshd::start("") else { return };
    let ssh = way(&host, tenure("late", 1).0);
    let state = host.path("state");
    std::fs::create_dir(&state).unwrap();
    let home = JobHome::locate(&ssh, None, state.to_str()).await.unwrap();
    let at = home.job(&JobId::new(&"r".into(), &UnitId { step: "s".into(), item: None, host: None }, 1));
    let job = Job::new(&ssh, &at, None);
    // What is sent now stays where it is, as in a network that has stopped for a while.
    let stopped = host.sessions();
    for session in &stopped {
        signal(*session, Signal::STOP);
    }
    let masters = host.masters();
    let breaks = async {
        sleep(Duration::from_millis(300)).await;
        masters.into_iter().for_each(kill);
    };
    let counter = host.path("counter");
    let spec = JobSpec::script(format!("echo x >>'{}'", counter.display()));
    let (mut from, mut said) = (Offsets::default(), Said::default());
    let (end, ()) = tokio::join!(job.launch(&spec, &mut from, &mut said), breaks);
    assert_eq!(end.unwrap(), JobEnd::Exited(0));
    assert!(!stopped.is_empty() && stopped.iter().all(|session| host.sessions().contains(session)));
    job.remove().await.unwrap();
    for session in &stopped {
        signal(*session, Signal::CONT);
    }
    while host.sessions().iter().any(|session| stopped.contains(session)) {
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_millis(500)).await;
    assert_eq!(std::fs::read_to_string(counter).unwrap(), "x\n");
}

#[tokio::test]
async fn a_process_ends_the_shells_of_the_one_before_and_lets_their_scripts_be() {
    let Some(host) = sshd::start("") else { return };
    let (begun, go_on) = (host.path("begun"), host.path("go_on"));
    let (first, second) = (Arc::new(way(&host, tenure("next", 1).0)), way(&host, tenure("next", 2).0));
    let other = way(&host, tenure("other", 1).0);
    let script = format!(
        "touch '{}'; until [ -e '{}' ]; do sleep 0.05; done; touch '{}'",
        begun.display(),
        go_on.display(),
        host.path("over").display()
    );
    let working = tokio::spawn({
        let first = first.clone();
        async move { first.exec(Command::change(script), None).await }
    });
    other.exec(Command::read(":"), None).await.unwrap();
    while !begun.exists() {
        sleep(Duration::from_millis(20)).await;
    }
    let shells = |of: &str| {
        let named = format!("^/bin/sh -s runbook:{of}{}:", std::process::id());
        let said = std::process::Command::new("pgrep").args(["-f", &named]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().lines().count()
    };
    assert_ne!((shells("next"), shells("other")), (0, 0));
    second.exec(Command::read(":"), None).await.unwrap();
    std::fs::write(go_on, "").unwrap();
    assert!(matches!(working.await.unwrap(), Err(TransportError::Lost { .. })));
    assert!(host.path("over").exists(), "its script was ended, too");
    assert_eq!((shells("next"), shells("other")), (1, 1));
    // The second is not the first's to end.
    first.exec(Command::read(":"), None).await.unwrap();
    assert_eq!(shells("next"), 2);
}
