//! `tcp`: conversations with a server, from here and through a host.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runbook::actions::{ActionError, AfterCrash, Reversible, Verdict};
use runbook::base::secret::sealed;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::world::{World, action};

/// A server that answers lines: `workers` with a table, `quit` by hanging up, `flood` without end, anything else with itself.
async fn gearman() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = heard.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let log = log.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while let Ok(1..) = stream.read_line(&mut line).await {
                    log.lock().unwrap().push(line.clone());
                    let answer = match line.trim() {
                        "workers" => "30 127.0.0.1 - : mytest\n31 127.0.0.1 - :\n.\n".to_owned(),
                        "quit" => return,
                        "flood" => "x".repeat(3 << 20),
                        other => format!("\u{1b}[2J{other}?\n"),
                    };
                    let _ = stream.write_all(answer.as_bytes()).await;
                    line.clear();
                }
            });
        }
    });
    (port, heard)
}

fn at(port: u16, more: &str) -> String {
    format!("{{to: \"127.0.0.1:{port}\"{more}}}")
}

fn why(error: &ActionError) -> (&str, &str) {
    match error {
        ActionError::Failed(failure) => (&failure.why, &failure.stderr),
        other => panic!("{other:?}"),
    }
}

const WORKERS: &str = r#", send: "workers\n", until: "^\\.$""#;

#[tokio::test]
async fn a_server_is_asked_and_what_it_says_is_kept() {
    let world = World::new().await;
    let (port, _) = gearman().await;
    for host in [None, Some("old")] {
        let text = at(port, &format!("{WORKERS}, expect: '\\bmytest$'"));
        let applied = world.apply_on(host, "tcp", &text).await.unwrap();
        assert_eq!(applied.outputs.stdout, "30 127.0.0.1 - : mytest\n31 127.0.0.1 - :\n.");
        assert!(!applied.outputs.changed);
        assert_eq!(applied.undo, Reversible::Nothing);
        assert_eq!(world.probe_on(host, "tcp", &text).await.unwrap(), Verdict::Holds);
        assert_eq!(world.probe_on(host, "tcp", &at(port, "")).await.unwrap(), Verdict::Holds, "the port is open");
    }
    assert_eq!(action("tcp", &at(port, "")).after_crash(), AfterCrash::Reapply);
}

#[tokio::test]
async fn what_came_instead_is_shown() {
    let world = World::new().await;
    let (port, _) = gearman().await;
    let error = world.apply_on(None, "tcp", &at(port, &format!("{WORKERS}, expect: other"))).await.err().unwrap();
    assert_eq!(why(&error), ("nothing that came matches /other/", "30 127.0.0.1 - : mytest\n31 127.0.0.1 - :\n."));
    let silent = at(port, ", send: \"hello\\n\", expect: other, timeout: 300ms");
    let error = world.apply_on(None, "tcp", &silent).await.err().unwrap();
    assert_eq!(why(&error), ("nothing matched /other/ within 300ms", "\u{1b}[2Jhello?"));
    let told = world.probe_on(None, "tcp", &silent).await.unwrap();
    assert_eq!(told, Verdict::Fails("nothing matched /other/ within 300ms; the last of it: \u{1b}[2Jhello?".into()));
    let nothing = at(port, ", expect: x, timeout: 200ms");
    let error = world.apply_on(None, "tcp", &nothing).await.err().unwrap();
    assert_eq!(why(&error), ("nothing matched /x/ within 200ms, and nothing had come", ""));
    let early = at(port, ", send: \"quit\\n\", until: x");
    let error = world.apply_on(None, "tcp", &early).await.err().unwrap();
    assert_eq!(why(&error).0, "the other end closed before anything matched /x/, and nothing had come");
    let error = world.apply_on(None, "tcp", &at(port, ", send: \"flood\\n\", until: y")).await.err().unwrap();
    assert_eq!(why(&error).0, "more than 1 MiB came, and nothing matched /y/");
}

#[tokio::test]
async fn without_expectations_it_takes_what_comes() {
    let mut world = World::new().await;
    let (port, _) = gearman().await;
    let applied = world.apply_on(None, "tcp", &at(port, ", send: \"a\\n\", timeout: 200ms")).await.unwrap();
    assert_eq!(applied.outputs.stdout, "\u{1b}[2Ja?");
    let applied = world.apply_on(None, "tcp", &at(port, ", send: \"quit\\n\"")).await.unwrap();
    assert_eq!(applied.outputs.stdout, "");
    let applied = world.apply_on(None, "tcp", &at(port, ", send: \"flood\\n\"")).await.unwrap();
    assert_eq!(applied.outputs.stdout.len(), 1 << 20);
    // The step's own time counts too.
    world.timeout = Some(Duration::from_millis(200));
    let error = world.apply_on(None, "tcp", &at(port, ", expect: x")).await.err().unwrap();
    assert_eq!(why(&error).0, "nothing matched /x/ within 200ms, and nothing had come");
}

#[tokio::test]
async fn who_is_not_there_is_told() {
    let world = World::new().await;
    let refused = |to: &str| format!("cannot connect to {to}: Connection refused");
    assert_eq!(
        world.probe_on(None, "tcp", "{to: \"127.0.0.1:1\"}").await.unwrap(),
        Verdict::Fails(refused("127.0.0.1:1"))
    );
    let error = world.apply_on(Some("local"), "tcp", "{to: \"127.0.0.1:1\"}").await.err().unwrap();
    assert_eq!(why(&error).0, refused("127.0.0.1:1"));
    let told = world.probe("tcp", "{to: \"127.0.0.1:1\"}").await.unwrap();
    assert!(matches!(&told, Verdict::Fails(why) if why.starts_with("old cannot reach 127.0.0.1:1: ")), "{told:?}");
    let told = world.probe_on(None, "tcp", "{to: \"no.such.invalid:1\"}").await.unwrap();
    assert!(
        matches!(&told, Verdict::Fails(why) if why.starts_with("no.such.invalid cannot be resolved: ")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_secret_is_sent_and_not_told() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let (port, heard) = gearman().await;
    let text = at(port, &format!(", send: \"auth {}\\n\", until: \"\\\\?$\", expect: hunter2", sealed("token")));
    let applied = world.apply_on(None, "tcp", &text).await.unwrap();
    assert_eq!(applied.outputs.stdout, "\u{1b}[2Jauth ***?");
    assert_eq!(heard.lock().unwrap().as_slice(), ["auth hunter2\n"]);
    let preview = action("tcp", &text).preview(&serde_json::Value::Null).unwrap();
    assert_eq!(preview.detail, "sends \"auth {{ secrets.token }}\\n\"\nreads until /\\?$/\nexpects /hunter2/");
}
