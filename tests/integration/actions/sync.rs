//! `sync` between two folders that are hosts, by real rsyncs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use runbook::actions::{ActionError, Check, Reversible, Verdict};
use runbook::transport::fake::Fault;
use serde_json::Value;

use super::world::{Applied, World, action, y};

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn sh(folder: &Path, script: &str) -> String {
    let said = Command::new("sh").args(["-euc", script]).current_dir(folder).env("LC_ALL", "C").output().unwrap();
    assert!(said.status.success(), "{script}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// Everything below a folder: what it is like, what is in it, and which names are one file.
fn listing(folder: &Path) -> String {
    if !folder.exists() {
        return "nothing".to_owned();
    }
    let said = sh(
        folder,
        r"find . -path ./.local -prune -o -printf '%y %m %U %G %T@ ' \( -type f -printf '%s ' -o -printf '- ' \) -printf '%i %n %p//%l\0' | sort -z -k 8 | tr '\n\0' '?\n'
          find . -path ./.local -prune -o -type f -print0 | sort -z | xargs -0 -r sha256sum",
    );
    let mut inodes = BTreeMap::new();
    let mut lines = Vec::new();
    for line in said.lines() {
        let mut words: Vec<String> = line.splitn(8, ' ').map(str::to_owned).collect();
        if words.len() == 8 {
            let next = inodes.len();
            words[6] = inodes.entry(words[6].clone()).or_insert(next).to_string();
        }
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

/// A tree with what careless copies lose.
fn nasty(at: &Path) {
    put(&at.join("a"), "first");
    fs::hard_link(at.join("a"), at.join("b")).unwrap();
    put(&at.join("deep/er/c d"), "third");
    fs::hard_link(at.join("a"), at.join("deep/linked")).unwrap();
    put(&at.join("odd/-n"), "dash");
    put(&at.join("odd/new\nline"), "newline");
    put(&at.join("odd/$(id) 'q' \"q\" \\#101 ☃"), "odd");
    put(&at.join("odd/trailing "), "");
    symlink("no//where", at.join("link")).unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    mode(&at.join("empty"), 0o1777);
    mode(&at.join("a"), 0o640);
    mode(&at.join("deep"), 0o2750);
    sh(at, "mkfifo fifo; truncate -s 1M sparse; printf end >>sparse; printf '\\351' | xargs -I{} touch {}");
    sh(
        at,
        "touch -h -d 2011-03-13T07:06:39.5Z link; touch -d 2011-03-13T07:06:40.25Z a deep/er odd empty; touch -d @1300000000 .",
    );
    // rsync compares whole seconds.
    sh(at, "find . -newermt 2020-01-01 -exec touch -h -d @1250000000.5 {} +");
}

fn places(world: &World, from: &str, to: &str, more: &str) -> String {
    let place = |role: &str, path: &str| {
        serde_json::to_string(&format!("{role}:{}/{path}", world.home(role).display())).unwrap()
    };
    format!("{{from: {}, to: {}{more}}}", place("old", from), place("new", to))
}

async fn apply(world: &World, value: &str) -> Applied {
    world.apply_on(None, "sync", value).await.unwrap()
}

async fn check(world: &World, value: &str) -> Check<Value> {
    world.check_on(None, "sync", value).await.unwrap()
}

fn blocked(check: Check<Value>) -> String {
    match check {
        Check::Blocked(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tree_comes_whole_and_goes_whole() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    nasty(&from);
    let value = places(&world, "tree/", "tree/", ", via: relay");
    let Check::Differs(seen) = check(&world, &value).await else { panic!() };
    let preview = action("sync", &value).preview(&seen).unwrap();
    assert!(preview.summary.contains("17 new"), "{}", preview.summary);
    assert!(preview.detail.contains("new      odd/new\\#012line"), "{}", preview.detail);
    let applied = apply(&world, &value).await;
    assert_eq!(listing(&to), listing(&from));
    assert!(sh(&to, "stat -c %b sparse").trim().parse::<u64>().unwrap() < 100, "holes stay holes");
    assert_eq!(check(&world, &value).await, Check::Satisfied);
    let unit = world.unit(None);
    assert_eq!(action("sync", &value).verify(&world.read(&unit, 0)).await.unwrap(), Verdict::Holds);
    world.undo(&applied).await.unwrap();
    assert!(!to.exists());
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
}

/// What is there before: some of it the same, some older, some of another kind, some that the source does not have.
fn mixed(from: &Path, to: &Path) {
    nasty(from);
    sh(to.parent().unwrap(), &format!("cp -a '{}' tree", from.display()));
    put(&to.join("deep/er/c d"), "older");
    sh(to, "touch -d @1200000000 'deep/er/c d'; rm b; printf apart >b; chmod 600 'odd/-n'; touch -h -d @1 link");
    sh(to, "rm -r empty; printf file >empty; rm 'odd/new\nline'; mkdir 'odd/new\nline'; printf in >'odd/new\nline/x'");
    sh(
        to,
        "mkdir -p gone/er; printf z >gone/er/z; ln gone/er/z gone/two; ln -s x gone/l; chmod 711 gone; touch -d @7 gone gone/er",
    );
    sh(to, "printf kept >extra; ln extra odd/extra2; touch -d @99 odd . deep");
    if rustix::process::geteuid().is_root() {
        sh(to, "chown 801:802 extra odd; chown -h 802 link; chown 7:7 deep/er; chmod 4755 extra");
    }
}

#[tokio::test]
async fn what_was_there_comes_back_byte_for_byte() {
    for more in [", via: relay", ", via: relay, delete: true", ", via: relay, delete: true, checksum: true"] {
        let world = World::new().await;
        let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
        mixed(&from, &to);
        let before = listing(&to);
        let value = places(&world, "tree/", "tree/", more);
        let applied = apply(&world, &value).await;
        assert_eq!(text(to.join("deep/er/c d")), "third");
        assert_eq!(to.join("extra").exists(), !more.contains("delete"));
        if more.contains("delete") {
            assert_eq!(listing(&to), listing(&from), "{more}");
        }
        assert_eq!(check(&world, &value).await, Check::Satisfied, "{more}");
        let said = world.undo(&applied).await.unwrap();
        assert_eq!(listing(&to), before, "{more}: {said}");
        assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
        assert_eq!(listing(&to), before);
    }
}

#[tokio::test]
async fn slashes_mean_what_they_mean_to_rsync() {
    let world = World::new().await;
    put(&world.home("old").join("t/x"), "x");
    put(&world.home("old").join("f"), "f");
    let new = world.home("new");
    for (from, to, due) in [
        ("t", "a", "a/t/x"),
        ("t", "there/", "there/t/x"),
        ("t/", "b", "b/x"),
        ("t/", "there", "there/x"),
        ("f", "there", "there/f"),
        ("f", "c", "c"),
        ("f", "d/", "d/f"),
    ] {
        fs::create_dir_all(new.join("there")).unwrap();
        put(&new.join("there/other"), "other");
        let before = listing(&new);
        let value = places(&world, from, to, ", via: relay, delete: true");
        let applied = apply(&world, &value).await;
        assert!(new.join(due).is_file(), "{from} to {to}");
        assert_eq!(check(&world, &value).await, Check::Satisfied, "{from} to {to}");
        assert_eq!(
            new.join("there/other").exists(),
            due != "there/x",
            "only what stands for the source is made like it"
        );
        world.undo(&applied).await.unwrap();
        let untimed =
            |listing: &str| listing.lines().filter(|line| !line.ends_with(" .//")).collect::<Vec<_>>().join("\n");
        assert_eq!(untimed(&listing(&new)), untimed(&before), "{from} to {to}");
    }
}

#[tokio::test]
async fn what_cannot_be_says_why() {
    let world = World::new().await;
    put(&world.home("old").join("t/x"), "x");
    put(&world.home("new").join("f"), "x");
    for (from, to, due) in [
        ("none/", "t/", "there is no "),
        ("t/x/", "t/", "is no folder on old"),
        ("t/", "no/such/", "does not exist on new"),
        ("t/", "f", "is a file on new"),
    ] {
        let why = blocked(check(&world, &places(&world, from, to, ", via: relay")).await);
        assert!(why.contains(due), "{from} {to}: {why}");
    }
    world.command("rsync", "#!/bin/sh\nexit 127\n");
    let why = blocked(check(&world, &places(&world, "t/", "t/", ", via: relay")).await);
    assert_eq!(why, "there is no rsync on old: install its package `rsync` there");
    world.command("rsync", "#!/bin/sh\necho 'rsync  version 3.0.9  protocol version 30'\n");
    let why = blocked(check(&world, &places(&world, "t/", "t/", ", via: relay")).await);
    assert_eq!(why, "rsync on old is 3.0.9: 3.1 or a later one is needed");
}

#[tokio::test]
async fn a_broken_link_is_mended_and_the_rest_follows() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    nasty(&from);
    let value = places(&world, "tree/", "tree/", ", via: relay");
    // After the look and what is kept: the server's start is lost once on either side.
    let given = world.new.given().len();
    apply(&world, &value).await;
    let count = world.new.given().len() - given;
    fs::remove_dir_all(&to).unwrap();
    for nth in 1..=count {
        let world = World::new().await;
        let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
        nasty(&from);
        world.new.fail_nth(nth, Fault::BeforeAnswer);
        let value = places(&world, "tree/", "tree/", ", via: relay");
        let unit = world.unit(None);
        let sync = action("sync", &value);
        match world.apply_unit(&unit, &*sync).await {
            Ok(_) => {}
            Err(error) => {
                assert!(error.leaves_unsure(), "{nth}: {error}");
                if !matches!(sync.check(&world.read(&unit, 2)).await.unwrap(), Check::Satisfied) {
                    world.try_again(&unit, &*sync).await.unwrap();
                }
            }
        }
        assert_eq!(listing(&to), listing(&from), "{nth}");
    }
}

#[tokio::test]
async fn what_others_changed_since_is_shown_and_left() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    mixed(&from, &to);
    let before = listing(&to);
    let applied = apply(&world, &places(&world, "tree/", "tree/", ", via: relay, delete: true")).await;
    put(&to.join("deep/er/mine"), "mine");
    put(&to.join("a"), "other");
    let after = listing(&to);
    let error = world.undo(&applied).await.unwrap_err();
    assert!(
        matches!(&error, ActionError::Changed { difference, .. } if difference.contains("a: has another content")),
        "{error}"
    );
    assert_eq!(listing(&to), after, "nothing was touched");
    // Another file with the same bytes, and one that only was touched: that is how later steps leave what they take back.
    fs::remove_file(to.join("deep/er/mine")).unwrap();
    let (a, times) = (from.join("a"), format!("touch -r '{}' deep/er", from.join("deep/er").display()));
    sh(&to, &format!("cp -p '{}' a; cp -p 'deep/er/c d' new; mv new 'deep/er/c d'; {times}", a.display()));
    sh(&to, "chmod 600 odd/-n; chmod 644 odd/-n");
    world.undo(&applied).await.unwrap();
    // Others worked in this folder itself: its time is theirs, and left.
    sh(&to, "touch -d @99 .");
    assert_eq!(listing(&to), before);
}

#[tokio::test]
async fn what_later_steps_did_in_it_and_took_back_is_nobody_elses() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    mixed(&from, &to);
    put(&from.join("tab"), "* * * * * root true\n");
    let before = listing(&to);
    let synced = apply(&world, &places(&world, "tree/", "tree/", ", via: relay, delete: true")).await;
    let path = |name: &str| y(&to.join(name));
    let mut later = Vec::new();
    for (kind, text) in [
        ("line", format!("{{path: {}, line: more}}", path("deep/er/c d"))),
        ("cron", format!("{{file: {}, state: disabled}}", path("tab"))),
        ("copy", format!("{{content: x, dest: {}}}", path("b"))),
        ("file", format!("{{path: {}, mode: 0600}}", path("odd/-n"))),
        ("file", format!("{{path: {}, state: link, to: elsewhere}}", path("link"))),
    ] {
        later.push(world.apply_on(Some("new"), kind, &text).await.unwrap_or_else(|error| panic!("{kind}: {error}")));
    }
    for applied in later.iter().rev() {
        world.undo(applied).await.unwrap();
    }
    world.undo(&synced).await.unwrap_or_else(|error| panic!("{error}"));
    // What is written beside a file and renamed leaves its folder with a time of its own.
    let untimed = |listing: &str| listing.lines().filter(|line| !line.starts_with('d')).collect::<Vec<_>>().join("\n");
    assert_eq!(untimed(&listing(&to)), untimed(&before));
}

#[tokio::test]
async fn half_a_sync_and_half_an_undo_are_taken_back() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    mixed(&from, &to);
    let before = listing(&to);
    // The source's rsync ends in the middle: a file that it may not send is no reason to lose what was there.
    world.command(
        "rsync",
        "#!/bin/sh\ncase \" $* \" in *' --dry-run '* | *--version*) exec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin rsync \"$@\" ;; esac\n\
         PATH=/usr/local/bin:/usr/bin:/bin rsync --exclude=/odd --exclude=/gone/er \"$@\"; exit 20\n",
    );
    let unit = world.unit(None);
    let sync = action("sync", &places(&world, "tree/", "tree/", ", via: relay, delete: true"));
    let read = world.read(&unit, 1);
    let Check::Differs(seen) = sync.check(&read).await.unwrap() else { panic!() };
    let undo = sync.capture(&seen, &runbook::actions::context::Stash::new(read.clone())).await.unwrap();
    let intent = world.intend(&unit, "sync").await;
    let _ = sync.apply(&seen, &runbook::actions::Write::new(read, &intent)).await;
    drop(intent);
    assert_ne!(listing(&to), before);
    let applied = Applied { unit, kind: "sync", outputs: runbook::events::record::Outputs::default(), undo };
    // As a controller that is killed leaves it.
    let Reversible::By(captured) = &applied.undo else { panic!() };
    let _ = fs::remove_file(Path::new(captured["rooms"]["kept"].as_str().unwrap()).join("after"));
    let mut nth = 1;
    loop {
        world.new.fail_nth(nth, Fault::BeforeAnswer);
        let undone = world.undo(&applied).await;
        world.new.mend();
        if undone.is_ok() {
            break;
        }
        nth += 1;
    }
    assert!(nth > 4, "{nth}");
    world.undo(&applied).await.unwrap();
    assert_eq!(listing(&to), before);
}

#[tokio::test]
async fn parts_and_a_stop_on_the_way_give_the_same() {
    for more in [", via: relay, parallel: 3", ", via: relay, parallel: 3, delete: true", ", via: staging, delete: true"]
    {
        for fresh in [true, false] {
            let world = World::new().await;
            let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
            if fresh {
                nasty(&from);
            } else {
                mixed(&from, &to);
            }
            let before = listing(&to);
            let value = places(&world, "tree/", "tree/", more);
            let applied = apply(&world, &value).await;
            if fresh || more.contains("delete") {
                assert_eq!(listing(&to), listing(&from), "{more}, {fresh}");
            }
            assert_eq!(check(&world, &value).await, Check::Satisfied, "{more}, {fresh}");
            let left = sh(&world.home("old"), "find . -path '*kept*'");
            assert_eq!(left, "", "nothing of lists and the like is left");
            world.undo(&applied).await.unwrap();
            assert_eq!(listing(&to), before, "{more}, {fresh}");
        }
    }
}

/// Folders of ours are told by what they are, and not by a step that is called so.
#[tokio::test]
async fn a_step_may_be_called_as_our_folders_are() {
    for (id, more) in
        [("staging", ", via: staging"), ("lists", ", via: relay, parallel: 2"), ("kept", ", via: staging")]
    {
        let world = World::new().await;
        let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
        nasty(&from);
        let unit = runbook::base::UnitId { step: id.into(), item: None, host: None };
        let applied = world.apply_unit(&unit, &*action("sync", &places(&world, "tree/", "tree/", more))).await.unwrap();
        assert_eq!(listing(&to), listing(&from), "{id}");
        assert_eq!(sh(&world.home("old"), "find . -path '*kept*'"), "", "{id}");
        world.undo(&applied).await.unwrap();
        assert!(!to.exists(), "{id}");
    }
}

#[tokio::test]
async fn what_was_interrupted_goes_on() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    put(&from.join("small"), "small");
    // Something was replaced before.
    put(&from.join("a"), "after");
    put(&to.join("a"), "before");
    sh(&from, "head -c 6000000 /dev/urandom >big; touch -d @1250000000 a big small .");
    let unit = world.unit(None);
    let slow = action("sync", &places(&world, "tree/", "tree/", ", via: relay, bwlimit: 1m"));
    let trying = world.apply_unit(&unit, &*slow);
    assert!(tokio::time::timeout(std::time::Duration::from_secs(3), trying).await.is_err(), "it takes longer");
    let mut tries = 0;
    while sh(&to, "find . -path './.runbook-partial/big' -size +100k").is_empty() {
        tries += 1;
        assert!(tries < 100, "what has come is kept");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let fast = action("sync", &places(&world, "tree/", "tree/", ", via: relay"));
    world.try_again(&unit, &*fast).await.unwrap();
    assert_eq!(listing(&to), listing(&from), "and nothing else is left");
    let of = runbook::events::Progress::Amount { unit, done: 6_000_005, of: Some(6_000_005) };
    assert!(world.told.lock().unwrap().progress.contains(&of));
}

#[tokio::test]
async fn what_vanishes_is_a_failure_unless_the_source_lives() {
    for live in [false, true] {
        let world = World::new().await;
        nasty(&world.home("old").join("tree"));
        // The real one says so where a file goes between list and transfer.
        world.command(
            "rsync",
            "#!/bin/sh\ncase \" $* \" in *' --dry-run '* | *--version*) exec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin rsync \"$@\" ;; esac\n\
             PATH=/usr/local/bin:/usr/bin:/bin rsync \"$@\"; echo 'file has vanished: \"/x\"' >&2; exit 24\n",
        );
        let value = places(&world, "tree/", "tree/", &format!(", via: relay, live: {live}"));
        let applied = world.apply_on(None, "sync", &value).await;
        match applied {
            Ok(_) => assert!(live),
            Err(ActionError::Failed(failure)) => {
                assert!(!live);
                assert_eq!(failure.why, "some of it vanished from the source while it was read (rsync exited with 24)");
                assert!(failure.hint.unwrap().contains("live: true"));
                assert!(failure.stderr.contains("file has vanished"), "{}", failure.stderr);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn what_is_excluded_is_neither_sent_nor_deleted() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.home("new").join("tree"));
    put(&from.join("a.log"), "log");
    put(&from.join("a"), "a");
    put(&to.join("b.log"), "mine");
    put(&to.join("c"), "c");
    let value = places(&world, "tree/", "tree/", ", via: relay, delete: true, exclude: \"*.log\"");
    let before = listing(&to);
    let applied = apply(&world, &value).await;
    assert_eq!(sh(&to, "ls"), "a\nb.log\n");
    // What is none of ours may change.
    put(&to.join("b.log"), "more of mine");
    world.undo(&applied).await.unwrap();
    assert_eq!(sh(&to, "ls"), "b.log\nc\n");
    assert_eq!(text(to.join("b.log")), "more of mine");
    drop(before);
}

#[tokio::test]
async fn this_machine_is_an_end_like_any_other() {
    let world = World::new().await;
    let (from, to) = (world.home("old").join("tree"), world.book().join("tree"));
    nasty(&from);
    let value = format!("{{from: \"old:{}/\", to: \"local:{}/\", via: auto}}", from.display(), to.display());
    let Check::Differs(seen) = check(&world, &value).await else { panic!() };
    let detail = action("sync", &value).preview(&seen).unwrap().detail;
    assert!(detail.starts_with("by way of this process (relay): one end is this machine\n"), "{detail}");
    let applied = apply(&world, &value).await;
    assert_eq!(listing(&to), listing(&from));
    world.undo(&applied).await.unwrap();
    assert!(!to.exists());
}
