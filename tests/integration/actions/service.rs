//! `service` against a systemd that is a script with one unit.

use runbook::actions::{ActionError, Check, Verdict};

use super::world::World;

/// Keeps the unit's state in files; a file `broken` keeps it from starting.
const SYSTEMCTL: &str = r#"#!/bin/sh
cd "$HOME" || exit 9
[ "$1" != --no-ask-password ] || shift
verb=$1
case $verb in daemon-reload) rm -f stale; echo "$verb" >>calls; exit 0 ;; esac
while [ $# -gt 1 ]; do shift; done
if [ "$1" != demo.service ]; then
    [ "$verb" != show ] || { echo LoadState=not-found; echo ActiveState=inactive; echo UnitFileState=; exit 0; }
    exit 1
fi
start() { [ ! -e broken ] || { echo failed >active; echo "Job for demo.service failed." >&2; exit 1; }; echo active >active; }
case $verb in
show)
    echo LoadState=loaded; echo "ActiveState=$(cat active)"; echo "UnitFileState=$(cat enabled)"; echo Result=success
    [ ! -e stale ] || echo NeedDaemonReload=yes
    exit 0 ;;
is-enabled) cat enabled; exit 0 ;;
status) echo "demo.service - Demo"; echo "log: token hunter2"; exit 3 ;;
esac
echo "$verb" >>calls
case $verb in
enable) echo enabled >enabled ;;
disable) echo disabled >enabled ;;
stop) echo inactive >active ;;
start | restart | reload | reload-or-restart) start ;;
*) exit 9 ;;
esac
"#;

async fn world(active: &str, enabled: &str) -> World {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    world.command("systemctl", SYSTEMCTL);
    put(&world, "active", active);
    put(&world, "enabled", enabled);
    world
}

fn put(world: &World, file: &str, text: &str) {
    std::fs::write(world.home("old").join(file), format!("{text}\n")).unwrap();
}

/// How the unit is, and what was asked of systemd since the last time.
fn now(world: &World) -> (String, String) {
    let take = |file: &str| std::fs::read_to_string(world.home("old").join(file)).unwrap_or_default();
    let state = format!("{} {}", take("active").trim(), take("enabled").trim());
    let calls = take("calls").trim().replace('\n', " ");
    put(world, "calls", "");
    (state, calls.trim().to_owned())
}

#[tokio::test]
async fn a_unit_is_stopped_and_started_again() {
    let world = world("active", "enabled").await;
    let text = "{name: demo, state: stopped, enabled: false}";
    let before = world.old.given().len();
    let applied = world.apply("service", text).await.unwrap();
    assert_eq!(now(&world), ("inactive disabled".into(), "disable stop".into()));
    assert_eq!(world.old.given().len() - before, 2, "one round trip to look, one to change");
    assert_eq!(world.verify("service", text).await.unwrap(), Verdict::Holds);
    assert_eq!(world.check("service", text).await.unwrap(), Check::Satisfied);
    assert_eq!(world.undo(&applied).await.unwrap(), "enable, start");
    assert_eq!(now(&world), ("active enabled".into(), "enable start".into()));
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert_eq!(now(&world).1, "");
}

#[tokio::test]
async fn a_restart_is_taken_back_by_a_restart() {
    let world = world("active", "enabled").await;
    put(&world, "stale", "");
    let applied = world.apply("service", "{name: demo.service, state: restarted}").await.unwrap();
    assert_eq!(now(&world), ("active enabled".into(), "daemon-reload restart".into()));
    assert_eq!(world.undo(&applied).await.unwrap(), "restart");
    assert_eq!(now(&world).1, "restart");
}

#[tokio::test]
async fn a_unit_that_does_not_start_shows_its_log() {
    let world = world("inactive", "enabled").await;
    put(&world, "broken", "");
    let ActionError::Failed(failure) = world.apply("service", "{name: demo, state: started}").await.err().unwrap()
    else {
        panic!()
    };
    assert_eq!(failure.stderr, "Job for demo.service failed.\ndemo.service - Demo\nlog: token ***");
    assert_eq!((failure.exit_code, failure.command.as_deref()), (Some(1), Some("systemctl start demo.service")));
    let verdict = world.verify("service", "{name: demo, state: started}").await.unwrap();
    assert_eq!(verdict, Verdict::Fails("demo.service is failed".into()));
}

#[tokio::test]
async fn what_is_not_there_blocks() {
    let world = world("active", "enabled").await;
    let check = world.check("service", "{name: dmeo, state: stopped}").await.unwrap();
    assert_eq!(check, Check::Blocked("there is no unit dmeo.service (LoadState=not-found)".into()));
}
