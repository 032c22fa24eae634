//! Units that run several durable jobs, on several hosts.

use std::time::Duration;

use runbook::actions::durable::{self, Ear, Stage};
use runbook::actions::{ActionError, Host, Write};
use runbook::base::{Role, UnitId};
use runbook::events::record::Outputs;
use runbook::transport::{JobSpec, Stream};

use super::world::World;

/// Keeps what is no digit, and counts what it has heard.
#[derive(Default)]
struct Digits(usize);

impl Ear for Digits {
    fn hear(&mut self, _stream: Stream, mut bytes: Vec<u8>) -> Vec<u8> {
        self.0 += bytes.len();
        bytes.retain(|byte| !byte.is_ascii_digit());
        bytes
    }
}

async fn host(world: &World, unit: &UnitId, role: &str) -> Host {
    world.read(unit, 1).other(&Role::from(role)).await.unwrap()
}

#[tokio::test]
async fn jobs_on_several_hosts_are_told_apart() {
    let world = World::new().await;
    let unit = world.unit(None);
    let intent = world.intend(&unit, "run").await;
    let write = Write::new(world.read(&unit, 1), &intent);
    let (old, new) = (host(&world, &unit, "old").await, host(&world, &unit, "new").await);
    let count = |role: &str| std::fs::read_to_string(world.home(role).join("count")).unwrap();

    let mut ear = Digits::default();
    let spec = JobSpec::script("echo run >>count; echo 12 of 34; echo fine >&2");
    let stage = Stage { host: &old, name: Some("dump"), command: "dump it", ear: &mut ear };
    let Outputs { stdout, stderr, .. } = durable::launch_stage(&spec, stage, &write).await.unwrap();
    assert_eq!((stdout.as_str(), stderr), (" of ", "fine".to_owned()));
    assert!(ear.0 > "12 of 34\n".len());

    // The second is let go of, and found again.
    let spec = JobSpec::script("echo run >>count; echo one; sleep 0.5; echo two");
    let mut all = ();
    let stage = Stage { host: &new, name: Some("restore"), command: "restore it", ear: &mut all };
    let launching = durable::launch_stage(&spec, stage, &write);
    let detach = async {
        while !world.said(&unit).0.contains("one") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        world.detach.notify_one();
    };
    let (launched, ()) = tokio::join!(launching, detach);
    assert!(matches!(launched, Err(ActionError::Detached)));
    let job = world.told.lock().unwrap().sent.last().unwrap().1.clone();
    assert_eq!(durable::stage_of(&job).as_deref(), Some("restore"));
    let announced = durable::announced(&job).unwrap();
    assert_eq!(announced.account, Some((Role::from("new"), None)));
    let spec = async { Err(ActionError::failed("it is not needed")) };
    let mut all = ();
    let stage = Stage { host: &new, name: Some("restore"), command: "restore it", ear: &mut all };
    let outputs = durable::reattach_stage(&job, spec, stage, &write).await.unwrap();
    assert_eq!(outputs.stdout, "one\ntwo");
    assert_eq!((count("old"), count("new")), ("run\n".to_owned(), "run\n".to_owned()));

    for (host, name, role) in [(&old, "dump", "old"), (&new, "restore", "new"), (&new, "restore", "new")] {
        durable::clear_up_stage(host, name, 1, &write).await.unwrap();
        assert!(!world.home(role).join(".local/state/runbook").exists(), "{role}");
    }
}
