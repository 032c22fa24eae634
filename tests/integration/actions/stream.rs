//! `stream`: from one host that is a folder to another.

use std::time::Duration;

use runbook::actions::{ActionError, AfterCrash, Reversible};
use runbook::base::secret::sealed;
use runbook::events::Progress;
use runbook::events::record::Failure;

use super::world::{World, action};

fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

fn stream(from: &str, to: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    format!("{{from: {{on: old, run: {}}}, to: {{on: new, run: {}}}}}", quoted(from), quoted(to))
}

/// Whether nobody works in that host's folder any more, after a moment.
async fn is_quiet(world: &World, host: &str) -> bool {
    let home = world.home(host);
    for _ in 0..100 {
        let left = std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let text = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let is_ours = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == home);
            is_ours && text.starts_with(b"sleep\0")
        });
        if !left {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test]
async fn what_one_writes_the_other_reads() {
    let world = World::with_secrets(&[("word", "hunter2")]).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000_001).collect();
    std::fs::write(world.home("old").join("f"), &bytes).unwrap();
    let text = format!(
        "{{from: {{on: old, run: \"cat f; printf %s \\\"$W\\\"; echo read >&2\", env: {{W: \"{}\"}}}}, \
         to: {{on: new, run: \"cat >g; echo hunter2; echo written >&2\"}}, via: relay}}",
        sealed("word")
    );
    let applied = world.apply_on(None, "stream", &text).await.unwrap();
    let arrived = std::fs::read(world.home("new").join("g")).unwrap();
    assert!(arrived == [&bytes[..], b"hunter2"].concat(), "{} bytes", arrived.len());
    assert_eq!((applied.outputs.stdout.as_str(), applied.outputs.stderr.as_str()), ("***", "written"));
    assert_eq!((applied.outputs.exit_code, applied.outputs.changed), (Some(0), true));
    assert!(matches!(applied.undo, Reversible::No(_)));
    let (stdout, stderr) = world.said(&applied.unit);
    assert_eq!(stdout, "***\n");
    assert!(stderr.contains("read\n") && stderr.contains("written\n") && !stderr.contains("runbook-"), "{stderr}");
    let told = world.told.lock().unwrap();
    let last = told.progress.iter().rev().find_map(|told| match told {
        Progress::Amount { done, .. } => Some(*done),
        _ => None,
    });
    assert_eq!(last, Some(5_000_008));
}

#[tokio::test]
async fn nothing_and_too_much_are_fine() {
    let world = World::new().await;
    world.apply_on(None, "stream", &stream("true", "cat >g")).await.unwrap();
    assert_eq!(std::fs::read(world.home("new").join("g")).unwrap(), b"");
    // Some have read enough before the end.
    let head = stream("head -c 3000000 /dev/zero", "head -c 10 >g");
    world.apply_on(None, "stream", &head).await.unwrap();
    assert_eq!(std::fs::read(world.home("new").join("g")).unwrap(), [0; 10]);
    assert_eq!(action("stream", &head).after_crash(), AfterCrash::AskOperator);
}

#[tokio::test]
async fn a_source_that_fails_is_never_taken_for_the_whole() {
    let world = World::new().await;
    for (script, why) in [
        ("echo part; echo no such table >&2; exit 3", "`from`, on old, exited with 3 after 5 B"),
        (
            "echo part; kill -9 $(exec sh -c 'echo $PPID')",
            "`from`, on old, exited with 137: it was ended by SIGKILL after 5 B",
        ),
    ] {
        let text = stream(script, "cat >g; touch ended");
        let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
        assert_eq!(failed.why, format!("{why}; `to`, on new, was killed before it could take that for the whole"));
        assert!(!world.home("new").join("ended").exists(), "{script}");
    }
    let text = stream("echo part; echo no such table >&2; exit 3", "cat >g");
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert_eq!((failed.exit_code, failed.stderr.as_str()), (Some(3), "old: no such table"));
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_source() {
    let world = World::new().await;
    let text = stream("sleep 300; echo never", "echo disk full >&2; exit 4");
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert_eq!(failed.why, "`to`, on new, exited with 4 after 0 B; `from`, on old, was stopped");
    assert_eq!((failed.exit_code, failed.stderr.as_str()), (Some(4), "new: disk full"));
    assert!(is_quiet(&world, "old").await);
    let text = stream("cat /dev/zero", "head -c 100000 >/dev/null; exit 5");
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert!(failed.why.starts_with("`to`, on new, exited with 5 after "), "{}", failed.why);
    // It has all, and is not content with it.
    let text = stream("echo all", "cat; exit 6");
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert_eq!(failed.why, "`to`, on new, exited with 6 after 4 B; `from`, on old, had exited with 0");
}

#[tokio::test]
async fn what_takes_too_long_or_is_let_go_of_ends_at_both_ends() {
    let mut world = World::new().await;
    world.timeout = Some(Duration::from_millis(500));
    let text = stream("echo part; sleep 300", "cat >g; sleep 300; touch ended");
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert_eq!(failed.why, "took longer than 500ms, and both scripts were ended");
    assert!(is_quiet(&world, "old").await && is_quiet(&world, "new").await);
    assert!(!world.home("new").join("ended").exists());
}

#[tokio::test]
async fn a_connection_that_is_not_there_starts_nothing() {
    let world = World::new().await;
    let text = "{from: {on: old, run: touch begun}, to: {on: nobody, run: cat}}";
    assert_eq!(failure(world.apply_on(None, "stream", text).await.err().unwrap()).why, "no host `nobody`");
    assert!(!world.home("old").join("begun").exists());
}
