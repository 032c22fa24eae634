//! `stream`: from one host that is a folder to another.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runbook::actions::context::Stash;
use runbook::actions::{ActionError, AfterCrash, Check, Reversible, Verdict, Write};
use runbook::base::secret::sealed;
use runbook::events::Progress;
use runbook::events::record::{Failure, Outputs};

use super::world::{Applied, World, action, y};

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
    let text = format!("{{via: relay, {}", &stream("echo part; sleep 300", "cat >g; sleep 300; touch ended")[1..]);
    let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert_eq!(failed.why, "took longer than 500ms, and both ends were stopped");
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

/// A stream into a file.
fn into(from: &str, path: &Path, more: &str) -> String {
    format!(
        "{{from: {{on: old, run: {}}}, to: {{on: new, file: {}{more}}}}}",
        serde_json::to_string(from).unwrap(),
        y(path)
    )
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != ".local")
        .collect();
    names.sort_unstable();
    names
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_file_is_there_whole_and_taken_back() {
    let world = World::new().await;
    let target = world.home("new").join("-it's \"$(x)\" `y` \\ *");
    let source = world.home("old").join("a b'c");
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000_001).collect();
    std::fs::write(&source, &bytes).unwrap();
    for via in ["relay", "staging"] {
        let text =
            format!("{{from: {{on: old, file: {}}}, to: {{on: new, file: {}}}, via: {via}}}", y(&source), y(&target));
        let applied = world.apply_on(None, "stream", &text).await.unwrap();
        assert!(std::fs::read(&target).unwrap() == bytes);
        assert_eq!((mode(&target), applied.outputs.stdout.as_str()), (0o600, ""));
        assert_eq!(world.said(&applied.unit), (String::new(), String::new()));
        assert_eq!(world.undo(&applied).await.unwrap(), "removed: there was nothing before");
        assert_eq!(names(&world.home("new")), [""; 0]);
        assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    }
    assert!(action("stream", &into("echo a", &target, "")).takes_itself_back());
    assert_eq!(action("stream", &into("echo a", &target, "")).after_crash(), AfterCrash::Recheck);
}

#[tokio::test]
async fn what_stood_there_comes_back_and_a_link_is_followed() {
    let world = World::new().await;
    let (target, link) = (world.home("new").join("f"), world.home("new").join("l"));
    std::os::unix::fs::symlink("f", &link).unwrap();
    std::fs::write(&target, "before\n").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    let applied = world.apply_on(None, "stream", &into("echo after", &link, "")).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"after\n");
    assert_eq!((mode(&target), names(&world.home("new"))), (0o640, vec!["f".to_owned(), "l".to_owned()]));
    // What somebody else has written since stays.
    std::fs::write(&target, "theirs\n").unwrap();
    let error = world.undo(&applied).await.unwrap_err();
    assert!(matches!(error, ActionError::Changed { .. }), "{error}");
    std::fs::write(&target, "after\n").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!((std::fs::read(&target).unwrap(), mode(&target)), (b"before\n".to_vec(), 0o640));
    let asked = world.apply_on(None, "stream", &into("echo after", &target, ", mode: 0604")).await.unwrap();
    assert_eq!(mode(&target), 0o604);
    world.undo(&asked).await.unwrap();
}

#[tokio::test]
async fn a_long_file_is_kept_by_another_name() {
    let world = World::new().await;
    let target = world.home("new").join("f");
    std::fs::File::create(&target).unwrap().set_len((64 << 20) + 1).unwrap();
    let before = std::fs::metadata(&target).unwrap();
    let unit = world.unit(None);
    let failing = world.capture_and_fail(&unit, &*action("stream", &into("echo part; exit 3", &target, ""))).await;
    assert_eq!(world.undo(&failing).await.unwrap(), "was already as before");
    assert_eq!(
        (names(&world.home("new")), std::fs::metadata(&target).unwrap().ino()),
        (vec!["f".to_owned()], before.ino())
    );
    let applied = world.apply_on(None, "stream", &into("echo after", &target, "")).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"after\n");
    assert_eq!(world.undo(&applied).await.unwrap(), "what was there before is put back");
    let now = std::fs::metadata(&target).unwrap();
    assert_eq!((now.ino(), now.len(), now.nlink(), now.mtime()), (before.ino(), before.len(), 1, before.mtime()));
    assert_eq!(names(&world.home("new")), ["f"]);
}

#[tokio::test]
async fn nothing_is_left_of_what_did_not_come_whole() {
    let mut world = World::new().await;
    let target = world.home("new").join("f");
    std::fs::write(&target, "before\n").unwrap();
    let inode = std::fs::metadata(&target).unwrap().ino();
    let is_as_before = |world: &World| {
        assert_eq!(std::fs::metadata(&target).unwrap().ino(), inode);
        assert_eq!(names(&world.home("new")), ["f"]);
    };
    for via in ["relay", "staging"] {
        let text = format!("{{via: {via}, {}", &into("echo part; echo no such table >&2; exit 3", &target, "")[1..]);
        let failed = failure(world.apply_on(None, "stream", &text).await.err().unwrap());
        let other = match via {
            "relay" => format!("nothing was put in place of {}, on new", target.display()),
            _ => "`staging`, on local, exited with 2".to_owned(),
        };
        assert_eq!(failed.why, format!("`from`, on old, exited with 3 after 5 B; {other}"));
        assert_eq!((failed.exit_code, failed.stderr.as_str()), (Some(3), "old: no such table"));
        is_as_before(&world);
    }
    // Somebody else is quicker.
    let wait = format!("while [ ! -e {} ]; do sleep 0.02; done; echo late", world.home("old").join("go").display());
    let text = into(&wait, &target, "");
    let (quicker, ()) = futures::join!(world.apply_on(None, "stream", &text), async {
        while names(&world.home("new")).len() == 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        std::fs::write(&target, "theirs\n").unwrap();
        std::fs::write(world.home("old").join("go"), "").unwrap();
    });
    let why = failure(quicker.err().unwrap()).why;
    assert!(why.ends_with("was changed by somebody else since it was looked at"), "{why}");
    assert_eq!(std::fs::read(&target).unwrap(), b"theirs\n");
    is_as_before(&world);
    world.timeout = Some(Duration::from_millis(500));
    let text = format!("{{via: relay, {}", &into("echo part; sleep 300", &target, "")[1..]);
    failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert!(is_quiet(&world, "old").await);
    for _ in 0..100 {
        if names(&world.home("new")).len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    is_as_before(&world);
}

#[tokio::test]
async fn what_a_killed_try_has_left_goes_with_the_next_and_with_undo() {
    let world = World::new().await;
    let target = world.home("new").join("f");
    let text = into("echo part; sleep 300", &target, "");
    let unit = world.unit(None);
    let read = world.read(&unit, 1);
    let stream = action("stream", &text);
    let Check::Differs(seen) = stream.check(&read).await.unwrap() else { panic!() };
    let undo = stream.capture(&seen, &Stash::new(read.clone())).await.unwrap();
    let applied = Applied { unit: unit.clone(), kind: "stream", outputs: Outputs::default(), undo };
    let first = world.intend(&unit, "stream").await;
    assert!(matches!(stream.verify(&world.read(&unit, 1)).await.unwrap(), Verdict::Fails(_)));
    // As a power cut would leave it: nobody got to clear up.
    let write = Write::new(world.read(&unit, 1), &first);
    {
        let mut apply = std::pin::pin!(stream.apply(&seen, &write));
        let new = world.home("new");
        loop {
            tokio::select! {
                _ = &mut apply => panic!("it ends"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            let part = names(&new).into_iter().find(|name| name.starts_with(".f.runbook-"));
            if let Some(part) = part.filter(|part| std::fs::read(new.join(part)).unwrap() == b"part\n") {
                std::fs::copy(new.join(&part), new.join(part + "9")).unwrap();
                break;
            }
        }
    }
    drop(write);
    drop(first);
    assert!(matches!(stream.verify(&world.read(&unit, 1)).await.unwrap(), Verdict::Fails(_)));
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    for _ in 0..100 {
        if names(&world.home("new")).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(names(&world.home("new")), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_is_said_before() {
    let world = World::new().await;
    let (old, new) = (world.home("old"), world.home("new"));
    std::fs::create_dir(new.join("d")).unwrap();
    let blocked = async |text: String| match world.check_on(None, "stream", &text).await.unwrap() {
        Check::Blocked(why) => why,
        other => panic!("{other:?}"),
    };
    let nothing = old.join("nothing");
    let text = format!("{{from: {{on: old, file: {}}}, to: {{on: new, run: cat}}}}", y(&nothing));
    assert_eq!(blocked(text).await, format!("there is no {} on old", nothing.display()));
    let text = format!("{{from: {{on: old, file: {}}}, to: {{on: new, run: cat}}}}", y(&old));
    assert_eq!(blocked(text).await, format!("{} is a folder on old", old.display()));
    let why = blocked(into("echo a", &new.join("d"), "")).await;
    assert_eq!(why, format!("{} is a folder on new: give the whole path of the file", new.join("d").display()));
    let why = blocked(into("echo a", &new.join("no/f"), "")).await;
    assert!(why.starts_with("there is no folder "), "{why}");
    let why = blocked(into("echo a", &new.join("f"), ", owner: nobody-of-that-name")).await;
    assert_eq!(why, "there is no user `nobody-of-that-name` on new");
}

#[tokio::test]
async fn staging_leaves_nothing_here() {
    let world = World::new().await;
    let text = format!("{{via: staging, {}", &stream("echo a; echo b", "cat >g; echo c")[1..]);
    let applied = world.apply_on(None, "stream", &text).await.unwrap();
    assert_eq!(std::fs::read(world.home("new").join("g")).unwrap(), b"a\nb\n");
    assert_eq!(applied.outputs.stdout, "c");
    assert!(matches!(applied.undo, Reversible::Swept { .. }));
    let folder = staged(&applied.undo);
    assert!(!folder.exists(), "{}", folder.display());
    // A source that fails never reaches the other end.
    let text = format!("{{via: staging, {}", &stream("echo a; exit 3", "touch begun; cat")[1..]);
    failure(world.apply_on(None, "stream", &text).await.err().unwrap());
    assert!(!world.home("new").join("begun").exists());
    // What a crash has left is swept.
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("staged"), "a").unwrap();
    world.sweep(&applied).await.unwrap();
    assert!(!folder.exists(), "{}", folder.display());
}

/// Where a stream may leave something on this machine.
fn staged(undo: &Reversible<serde_json::Value>) -> PathBuf {
    match undo {
        Reversible::Swept { undo, .. } | Reversible::By(undo) => PathBuf::from(undo["staging"].as_str().unwrap()),
        other => panic!("{other:?}"),
    }
}
