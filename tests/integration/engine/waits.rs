//! Waits for a check: looked at until it holds, parked, killed, and out of time.

use std::time::{Duration, Instant};

use runbook::engine::End;
use runbook::events::view::Status;
use runbook::events::{Progress, UnitState};

use super::world::World;

const BOOK: &str = "steps:
  - id: up
    wait: {for: {on: old, run: 'echo x >>\"$HOME/looks\"; [ -e \"$HOME/ready\" ] || { echo not ready >&2; exit 1; }'}, every: 1s, timeout: 20s}
  - {id: after, on: old, run: 'touch \"$HOME/after\"', undo: nothing}
";

#[tokio::test]
async fn a_wait_for_a_check_looks_until_it_holds() {
    let world = World::new(BOOK);
    let ready = async {
        while world.read("old", "looks").is_none_or(|looks| looks.lines().count() < 2) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        world.write("old", "ready", "");
    };
    let (end, ()) = tokio::join!(world.go(), ready);
    assert_eq!(end.unwrap(), End::Done { open: 0 });
    assert!(world.read("old", "after").is_some());
    let notes = world.script.progress.lock().unwrap();
    let notes: Vec<&String> =
        notes.iter().filter_map(|one| if let Progress::Note { text, .. } = one { Some(text) } else { None }).collect();
    assert_eq!(notes.len(), 1, "the same is told once: {notes:?}");
    assert!(notes[0].starts_with("not yet: run on old: "), "{notes:?}");
}

#[tokio::test]
async fn a_wait_for_a_check_fails_when_its_time_is_up_and_says_what_it_saw_last() {
    let world = World::new(&BOOK.replace("timeout: 20s", "timeout: 1s"));
    let End::Failed { unit } = world.go().await.unwrap() else { panic!("it has to fail") };
    let UnitState::Blocked(failure) = world.view().await.state(&unit) else { panic!("nothing was changed") };
    assert!(
        failure.why.starts_with("its time is up: run on old: ") && failure.why.ends_with("exited with 1: not ready"),
        "{failure:?}"
    );
    // Whoever resumes wants it waited for anew.
    world.write("old", "ready", "");
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
}

#[tokio::test]
async fn a_wait_for_a_check_parks_and_goes_on_with_the_same_end() {
    let mut world = World::new(BOOK);
    let until = async |world: &World| match world.view().await.state(&unit()) {
        UnitState::Waiting(Some(until)) => until,
        other => panic!("{other:?}"),
    };
    // Killed while it waits.
    let killed = tokio::time::timeout(Duration::from_millis(1500), world.go()).await;
    assert!(killed.is_err());
    let first = until(&world).await;
    // Ctrl-C.
    let ctrl_c = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.interrupt();
    };
    let (end, ()) = tokio::join!(world.resume(), ctrl_c);
    let End::Parked { until: Some(next), .. } = end.unwrap() else { panic!("it parks") };
    assert!(next < first, "it is worth a look before its time is up");
    assert_eq!(until(&world).await, first);
    assert!(matches!(world.view().await.status, Status::Parked { .. }));
    world.calm();
    // One look is enough for who does not want to wait.
    world.manner.no_wait = true;
    assert!(matches!(world.resume().await.unwrap(), End::Parked { .. }));
    assert_eq!(until(&world).await, first);
    world.write("old", "ready", "");
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
}

const DAY: i64 = 24 * 60 * 60;

/// Whoever sets the clock, by hand or by NTP, makes no wait longer and none shorter.
#[tokio::test]
async fn a_clock_that_is_set_while_something_is_waited_for_changes_nothing() {
    for (set, wait) in [
        (-DAY, "wait: 3s"),
        (DAY, "wait: 3s"),
        (-DAY, "wait: {for: {on: old, run: exit 1}, every: 1s, timeout: 3s}"),
        (DAY, "wait: {for: {on: old, run: exit 1}, every: 1s, timeout: 3s}"),
        (-DAY, "on: old, run: 'true', undo: nothing, verify: {checks: [{run: exit 1}], for: 3s}"),
        (DAY, "on: old, run: 'true', undo: nothing, verify: {checks: [{run: exit 1}], for: 3s}"),
    ] {
        let world = World::new(&format!("steps: [{{id: pause, {wait}}}]\n"));
        let begun = Instant::now();
        let setting = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.clock.set(set);
        };
        let (end, ()) = tokio::join!(world.go(), setting);
        let took = begun.elapsed();
        assert!(matches!(end, Ok(End::Done { .. } | End::Failed { .. })), "{wait}: {end:?}");
        assert!((Duration::from_secs(3)..Duration::from_secs(20)).contains(&took), "{wait}, set {set} s: {took:?}");
    }
}

/// It was set back between two processes.
#[tokio::test]
async fn a_clock_that_was_set_back_does_not_make_a_parked_wait_longer() {
    let mut world = World::new("steps: [{id: pause, wait: 2s}]\n");
    world.clock.set(DAY);
    world.manner.no_wait = true;
    assert!(matches!(world.go().await.unwrap(), End::Parked { .. }));
    world.clock.set(0);
    world.manner.no_wait = false;
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
}

fn unit() -> runbook::base::UnitId {
    runbook::base::UnitId { step: "up".into(), item: None, host: None }
}
