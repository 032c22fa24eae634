//! Probes beside a run: a site that goes down and up, a controller that dies, a server that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use runbook::engine::{End, EngineError};
use runbook::events::watch::{Downtime, Seen};

use super::world::World;

/// A site that is up or down as the test wants it; where it stands, and the switch.
async fn site() -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let up = Arc::new(AtomicBool::new(true));
    let switch = up.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let body = if up.load(SeqCst) { "7 users" } else { "maintenance" };
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    (url, switch)
}

fn book(url: &str) -> String {
    format!(
        "watch: [{{name: site, http: {{url: '{url}'}}, every: 50ms, expect: {{body: users}}}}]
steps:
  - {{id: long, on: old, run: 'until [ -e \"$HOME/go\" ]; do sleep 0.05; done', undo: 'touch \"$HOME/undoing\"; sleep 0.5'}}
"
    )
}

async fn sums(world: &World) -> Downtime {
    world.view().await.probes["site"].sums(Timestamp::now())
}

async fn sees(world: &World, state: Seen) {
    while world.view().await.probes.get("site").is_none_or(|probe| probe.state != state) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_outage_is_recorded_and_counted_while_the_run_goes_on() {
    let (url, up) = site().await;
    let world = World::new(&book(&url));
    let outage = async {
        sees(&world, Seen::Up).await;
        up.store(false, SeqCst);
        sees(&world, Seen::Down).await;
        let why = world.view().await.probes["site"].why.clone();
        assert!(why.contains("maintenance"), "{why}");
        tokio::time::sleep(Duration::from_millis(500)).await;
        up.store(true, SeqCst);
        sees(&world, Seen::Up).await;
        world.write("old", "go", "");
    };
    let driven = world.begin().await.unwrap();
    let (end, ()) = tokio::join!(driven.controller.go_on(), outage);
    assert_eq!(end.unwrap(), End::Done { open: 0 });
    let seen = sums(&world).await;
    assert_eq!(seen.outages, 1);
    assert!((0.4..5.0).contains(&seen.down.as_secs_f64()) && seen.longest == seen.down, "{seen:?}");
    assert_eq!(seen.unwatched, Duration::ZERO, "a run that is over is not unwatched");
    assert_eq!(world.view().await.probes["site"].state, Seen::Unwatched);
    // Nothing comes after the run's own last record.
    let records = world.store.appends();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.store.appends(), records);
    // A rollback is watched like the run.
    up.store(false, SeqCst);
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(sums(&world).await.outages, 2);
}

#[tokio::test]
async fn while_the_controller_is_dead_nobody_watches() {
    let (url, up) = site().await;
    let world = World::new(&book(&url));
    let killed = async {
        sees(&world, Seen::Up).await;
        up.store(false, SeqCst);
        sees(&world, Seen::Down).await;
    };
    let driven = world.begin().await.unwrap();
    tokio::select! {
        _ = driven.controller.go_on() => panic!("it waits for a file"),
        () = killed => {}
    }
    drop(driven);
    tokio::time::sleep(Duration::from_secs(1)).await;
    up.store(true, SeqCst);
    // Not before: a run that ends at once may not be seen to watch at all.
    let resumed = async {
        sees(&world, Seen::Up).await;
        world.write("old", "go", "");
    };
    let (end, ()) = tokio::join!(world.resume(), resumed);
    assert_eq!(end.unwrap(), End::Done { open: 0 });
    let seen = sums(&world).await;
    assert!((0.9..10.0).contains(&seen.unwatched.as_secs_f64()), "{seen:?}");
    assert!(seen.down.as_secs_f64() < 0.9, "{seen:?}");
    assert_eq!(seen.outages, 1);
}

#[tokio::test]
async fn a_probe_that_hangs_or_cannot_look_is_down_and_holds_nothing_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World::new(&format!(
        "vars: {{gone: nowhere}}
watch: [{{name: site, http: {{url: 'http://{}/'}}, every: 50ms, timeout: 300ms, expect: {{body: users}}}},
  {{name: other, http: {{url: 'http://127.0.0.1/', resolve: '{{{{ gone }}}}'}}, every: 50ms, expect: {{body: users}}}}]
steps:
  - {{id: quick, on: old, run: 'sleep 1', undo: nothing}}
",
        silent.local_addr().unwrap()
    ));
    let begun = std::time::Instant::now();
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    assert!(begun.elapsed() < Duration::from_secs(20));
    let view = world.view().await;
    assert_eq!(view.probes["site"].why, "no answer within 300ms");
    assert!(view.probes["other"].why.contains("nowhere"), "{}", view.probes["other"].why);
    assert!(view.probes.values().all(|probe| probe.outages == 1));
}

/// Whichever record the controller dies at, the watch's own among them, the run goes on, and the sums add up.
#[tokio::test]
async fn a_controller_that_dies_at_any_record_of_a_watched_run_is_taken_over() {
    let (url, _up) = site().await;
    let book = book(&url).replace("until [ -e \"$HOME/go\" ]; do sleep 0.05; done", "sleep 0.2");
    for nth in 2..9 {
        for kept in [false, true] {
            let world = World::new(&book);
            world.store.break_at(nth, kept);
            match world.go().await {
                Err(EngineError::Journal(_)) => {}
                other => {
                    assert!(nth > 5, "record {nth}: {other:?}");
                    continue;
                }
            }
            world.store.mend();
            let end = world.resume().await;
            assert_eq!(end.unwrap(), End::Done { open: 0 }, "record {nth}, kept {kept}");
            let view = world.view().await;
            let Some(probe) = view.probes.get("site") else { continue };
            let seen = probe.sums(Timestamp::now());
            assert_eq!((seen.outages, seen.down), (0, Duration::ZERO), "record {nth}, kept {kept}");
            let all = seen.up + seen.unwatched;
            let took = Duration::try_from(view.last.unwrap().duration_since(view.began.unwrap())).unwrap();
            assert!(all <= took + Duration::from_millis(5), "record {nth}, kept {kept}: {seen:?} in {took:?}");
        }
    }
}

/// Its last look may be older than what was done last: it looks once more, and what that sees is the last word.
#[tokio::test]
async fn the_last_word_is_of_the_end() {
    let (url, up) = site().await;
    let world = World::new(&book(&url).replace("every: 50ms", "every: 1h"));
    up.store(false, SeqCst);
    let mended = async {
        sees(&world, Seen::Down).await;
        up.store(true, SeqCst);
        world.write("old", "go", "");
    };
    let driven = world.begin().await.unwrap();
    let (end, ()) = tokio::join!(driven.controller.go_on(), mended);
    assert_eq!(end.unwrap(), End::Done { open: 0 });
    assert_eq!(world.view().await.probes["site"].at_the_end(), Some(Seen::Up));
    drop(driven);

    up.store(false, SeqCst);
    let mended = async {
        world.sees("old", "undoing").await;
        sees(&world, Seen::Down).await;
        up.store(true, SeqCst);
    };
    let (end, ()) = tokio::join!(world.roll_back(None), mended);
    assert_eq!(end.unwrap(), End::RolledBack { to: None });
    let probe = world.view().await.probes["site"].clone();
    assert_eq!((probe.at_the_end(), probe.outages), (Some(Seen::Up), 2));

    // And the other way round: what the last thing broke is down.
    let world = World::new(&book(&url).replace("every: 50ms", "every: 1h"));
    let broken = async {
        sees(&world, Seen::Up).await;
        up.store(false, SeqCst);
        world.write("old", "go", "");
    };
    let driven = world.begin().await.unwrap();
    let (end, ()) = tokio::join!(driven.controller.go_on(), broken);
    assert_eq!(end.unwrap(), End::Done { open: 0 });
    assert_eq!(world.view().await.probes["site"].at_the_end(), Some(Seen::Down));
}
