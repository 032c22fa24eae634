//! What all edits of lines share, by `line` on a host that is a folder: what is kept, and how an edit comes out again.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;

use runbook::actions::{ActionError, Check, Verdict};
use runbook::transport::fake::Fault;

use super::files::{blocked, changed, dress, failure, kept, mode, names, own, preview, read, world, write};
use super::world::{World, action, y};

/// The value of a `line` that appends `x=1`, or replaces what begins with `x=`.
fn line(path: &Path) -> String {
    format!("{{path: {}, line: x=1, match: ^x=}}", y(path))
}

#[expect(clippy::print_stderr, reason = "a test that cannot test here says so")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

fn age(path: &Path) -> (i64, i64) {
    let status = Command::new("touch").arg("-d").arg("2001-02-03 04:05:06.789").arg("--").arg(path).status().unwrap();
    assert!(status.success());
    time(path)
}

fn time(path: &Path) -> (i64, i64) {
    let found = path.metadata().unwrap();
    (found.mtime(), found.mtime_nsec())
}

#[tokio::test]
async fn a_line_is_edited_and_the_file_put_back_with_all_that_it_had() {
    let (world, etc) = world().await;
    let file = etc.join("odd $(touch x) 'name' \"ü\" -n");
    write(&file, "a\r\nx=0\r\nb", 0o640);
    own(&file, 3, 4);
    mode(&file, 0o640);
    let then = age(&file);
    let value = line(&file);
    let seen = preview(&world, "line", &value).await;
    assert_eq!(seen.summary, format!("{}: replace line 2", file.display()));
    assert_eq!(
        seen.detail, "size 9 B -> 9 B\n(content not shown: the file is not readable by everybody)",
        "what not everybody may read is not shown"
    );
    let applied = world.apply("line", &value).await.unwrap();
    assert!(applied.outputs.changed);
    assert_eq!((read(&file).as_str(), dress(&file).as_str()), ("a\r\nx=1\r\nb", "3:4 0640"));
    assert_ne!(time(&file), then);
    assert_eq!(names(&etc).len(), 1);
    assert_eq!(world.check("line", &value).await.unwrap(), Check::Satisfied);
    assert_eq!(world.verify("line", &value).await.unwrap(), Verdict::Holds);
    assert_eq!(world.undo(&applied).await.unwrap(), "the edit is taken out: the file is what it was before");
    assert_eq!((read(&file).as_str(), dress(&file).as_str()), ("a\r\nx=0\r\nb", "3:4 0640"));
    assert_eq!(time(&file), then);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert!(names(&etc).len() == 1 && kept(&world).is_empty());
}

#[tokio::test]
async fn a_preview_shows_the_lines_whatever_bytes_stand_in_others() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    std::fs::write(&file, b"\xff\xfe\na\n").unwrap();
    mode(&file, 0o644);
    let seen = preview(&world, "line", &line(&file)).await;
    assert_eq!(seen.summary, format!("{}: append a line", file.display()));
    assert!(seen.detail.starts_with("no line matches: it is put at the end\n--- old:"), "{}", seen.detail);
    assert!(seen.detail.ends_with(" \u{fffd}\u{fffd}\n a\n+x=1"), "{}", seen.detail);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"\xff\xfe\na\nx=1\n");
    std::fs::write(&file, b"\xff\xfe\nb\xff\na\nx=1\n").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"\xff\xfe\nb\xff\na\n");
}

#[tokio::test]
async fn what_others_change_meanwhile_stays() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "a\nx=0\nb\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    write(&file, "new\na\nx=1\nb\r\nmore", 0o600);
    own(&file, 3, 4);
    let due = "the edit is taken out; what others have changed since stays";
    assert_eq!(world.undo(&applied).await.unwrap(), due);
    assert_eq!((read(&file).as_str(), dress(&file).as_str()), ("new\na\nx=0\nb\r\nmore", "3:4 0600"));
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert_eq!(read(&file), "new\na\nx=0\nb\r\nmore");
    assert_eq!(names(&etc), ["x"]);
    assert!(kept(&world).is_empty());
}

#[tokio::test]
async fn only_its_metadata_was_changed_since() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    own(&file, 3, 4);
    mode(&file, 0o600);
    world.undo(&applied).await.unwrap();
    assert_eq!((read(&file).as_str(), dress(&file).as_str()), ("x=0\n", "3:4 0600"));
}

#[tokio::test]
async fn the_very_line_that_somebody_changed_is_shown_and_not_touched() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "a\nx=0\nb\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    write(&file, "a\nx=2\nb\n", 0o644);
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert!(difference.starts_with("the very lines of the edit are others now:\n--- "), "{difference}");
    assert!(difference.ends_with("\n a\n-x=1\n+x=2\n b"), "{difference}");
    assert_eq!(read(&file), "a\nx=2\nb\n");
    mode(&file, 0o600);
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert!(difference.contains("not readable by everybody") && !difference.contains("x=2"), "{difference}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "it is gone");
    std::fs::create_dir(&file).unwrap();
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "a folder stands there now");
    std::fs::remove_dir(&file).unwrap();
    write(&file, "x=0\nz\n", 0o644);
    assert_eq!(world.undo(&applied).await.unwrap(), "somebody has taken it out already");
    assert_eq!(read(&file), "x=0\nz\n");
}

#[tokio::test]
async fn what_was_put_in_goes_with_the_file() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "a\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "the file is gone, and the edit with it");
    assert!(names(&etc).is_empty());
}

#[tokio::test]
async fn a_link_stays_and_hard_links_are_told() {
    let (world, etc) = world().await;
    let (real, link, other) = (etc.join("real\nname"), etc.join("link"), etc.join("other"));
    write(&real, "x=0\n", 0o644);
    std::fs::hard_link(&real, &other).unwrap();
    symlink("real\nname", &link).unwrap();
    let detail = preview(&world, "line", &line(&link)).await.detail;
    assert!(detail.contains("is a link: ") && detail.contains("it has 1 more hard links"), "{detail}");
    let applied = world.apply("line", &line(&link)).await.unwrap();
    assert_eq!((read(&real).as_str(), read(&other).as_str()), ("x=1\n", "x=0\n"));
    assert_eq!(link.read_link().unwrap().to_str().unwrap(), "real\nname");
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&link), "x=0\n");
}

#[tokio::test]
async fn what_cannot_be_edited_says_why() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    let why = blocked(&world, "line", &line(&file)).await;
    let due = "on old: a `file` step with `state: present` makes an empty one";
    assert_eq!(why, format!("there is no {} {due}", file.display()));
    std::fs::create_dir(&file).unwrap();
    assert!(blocked(&world, "line", &line(&file)).await.contains("is a folder on old"));
    let long = etc.join("long");
    write(&long, &"a\n".repeat((2 << 20) + 1), 0o644);
    assert!(blocked(&world, "line", &line(&long)).await.contains("is larger than 4 MiB on old"));
    symlink("round", etc.join("round")).unwrap();
    assert!(blocked(&world, "line", &line(&etc.join("round"))).await.contains("in circles"));
}

#[tokio::test]
async fn an_acl_and_attributes_are_kept_both_ways() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o640);
    let facl = |args: &[&str]| Command::new("setfacl").args(args).arg(&file).status().is_ok_and(|done| done.success());
    if !facl(&["-m", "u:3:rw"]) {
        skipped("no setfacl here, or a file system without ACLs");
        return;
    }
    let acl = || String::from_utf8(Command::new("getfacl").arg("-cpn").arg(&file).output().unwrap().stdout).unwrap();
    let before = acl();
    let applied = world.apply("line", &line(&file)).await.unwrap();
    assert_eq!(acl(), before);
    world.undo(&applied).await.unwrap();
    assert_eq!(acl(), before);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    std::fs::write(&file, "x=1\nmore\n").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!((acl(), read(&file)), (before, "x=0\nmore\n".to_owned()));
}

#[tokio::test]
async fn a_link_that_breaks_settles_rightly() {
    for fault in [Fault::BeforeSending, Fault::AfterSending, Fault::BeforeAnswer] {
        let (world, etc) = world().await;
        let file = etc.join("x");
        write(&file, "x=0\n", 0o644);
        let unit = world.unit(Some("old"));
        let edit = action("line", &line(&file));
        // The look, the way home, the copy, the way home; then the write.
        world.old.fail_nth(5, fault);
        let applied = world.capture_and_fail(&unit, &*edit).await;
        world.old.mend();
        if fault == Fault::AfterSending {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        match fault {
            Fault::BeforeSending => {
                assert_eq!(read(&file), "x=0\n");
                world.try_again(&unit, &*edit).await.unwrap();
            }
            _ => assert_eq!(world.check("line", &line(&file)).await.unwrap(), Check::Satisfied, "{fault:?}"),
        }
        assert_eq!(read(&file), "x=1\n");
        world.undo(&applied).await.unwrap();
        assert_eq!((read(&file).as_str(), names(&etc)), ("x=0\n", vec!["x".to_owned()]), "{fault:?}");
    }
}

#[tokio::test]
async fn a_unit_that_never_got_there_is_taken_back_to_nothing() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    let unit = world.unit(Some("old"));
    world.old.fail_nth(5, Fault::BeforeSending);
    let applied = world.capture_and_fail(&unit, &*action("line", &line(&file))).await;
    world.old.mend();
    write(&file, "x=7\n", 0o644);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert_eq!(read(&file), "x=7\n");
}

#[tokio::test]
async fn a_retry_takes_back_what_the_retry_found() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    let unit = world.unit(Some("old"));
    let edit = action("line", &line(&file));
    world.old.fail_nth(5, Fault::BeforeSending);
    let applied = world.capture_and_fail(&unit, &*edit).await;
    world.old.mend();
    write(&file, "more\nx=5\n", 0o644);
    world.try_again(&unit, &*edit).await.unwrap();
    assert_eq!(read(&file), "more\nx=1\n");
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&file), "more\nx=5\n");
}

#[tokio::test]
async fn somebody_who_is_quicker_is_not_overwritten() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    let unit = world.unit(Some("old"));
    let edit = action("line", &line(&file));
    let Check::Differs(seen) = edit.check(&world.read(&unit, 1)).await.unwrap() else { panic!() };
    write(&file, "x=0\nmore\n", 0o644);
    let intent = world.intend(&unit, "line").await;
    let write = runbook::actions::Write::new(world.read(&unit, 1), &intent);
    let failed = failure(edit.apply(&seen, &write).await.unwrap_err());
    assert!(failed.why.contains("was changed by somebody else since it was looked at"), "{}", failed.why);
    // Another process has not worked the content out: it looks again.
    let failed = failure(action("line", &line(&file)).apply(&seen, &write).await.unwrap_err());
    assert!(failed.why.contains("was changed by somebody else since it was looked at"), "{}", failed.why);
    assert_eq!((read(&file).as_str(), names(&etc)), ("x=0\nmore\n", vec!["x".to_owned()]));
}

#[tokio::test]
async fn a_temporary_edit_is_ended_by_another_unit_and_made_again() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "a\nx=0\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    std::fs::write(&file, "a\nb\nx=1\n").unwrap();
    world.restore(&applied).await.unwrap();
    assert_eq!(read(&file), "a\nb\nx=0\n");
    world.again(&*action("line", &line(&file))).await.unwrap();
    assert_eq!(read(&file), "a\nb\nx=1\n");
    std::fs::write(&file, "a\nb\nc\nx=1\n").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&file), "a\nb\nc\nx=0\n");
}

#[tokio::test]
async fn what_was_kept_and_is_gone_is_told() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    std::fs::remove_dir_all(world.home("old").join(".local/state/runbook")).unwrap();
    let failed = failure(world.undo(&applied).await.unwrap_err());
    assert!(failed.why.contains("to take the edit out of"), "{}", failed.why);
    assert_eq!(read(&file), "x=1\n");
}

/// A file that is a mount point, for as long as it lives.
pub(super) struct Mounted(std::path::PathBuf);

impl Mounted {
    /// Mounts the file over itself; none where that is not allowed here.
    pub(super) fn over(file: &Path) -> Option<Self> {
        let done = Command::new("mount").arg("--bind").arg(file).arg(file).status();
        if done.is_ok_and(|done| done.success()) {
            return Some(Self(file.to_owned()));
        }
        skipped("nothing can be mounted here");
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_mount_point_is_written_where_it_is() {
    let (world, etc) = world().await;
    let file = etc.join("x y");
    write(&file, "x=0\na\n", 0o644);
    let then = age(&file);
    let Some(_mounted) = Mounted::over(&file) else { return };
    let inode = file.metadata().unwrap().ino();
    assert!(preview(&world, "line", &line(&file)).await.detail.contains("it is a mount point: written where it is"));
    let applied = world.apply("line", &line(&file)).await.unwrap();
    assert_eq!((read(&file).as_str(), file.metadata().unwrap().ino()), ("x=1\na\n", inode));
    std::fs::write(&file, "x=1\na\nb\n").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&file), "x=0\na\nb\n");
    std::fs::write(&file, "x=0\na\n").unwrap();
    age(&file);
    let applied = world.apply("line", &line(&file)).await.unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!((read(&file).as_str(), time(&file), file.metadata().unwrap().ino()), ("x=0\na\n", then, inode));
    assert_eq!((names(&etc), kept(&world).len()), (vec!["x y".to_owned()], 0));
}

#[tokio::test]
async fn a_write_in_place_that_broke_off_is_finished_or_taken_back() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "a\nx=0\nb\n", 0o644);
    let Some(_mounted) = Mounted::over(&file) else { return };
    for finish in [true, false] {
        let unit = world.unit(Some("old"));
        let edit = action("line", &line(&file));
        world.old.fail_nth(7, Fault::BeforeAnswer);
        let applied = world.capture_and_fail(&unit, &*edit).await;
        assert_eq!(read(&file), "a\nx=1\nb\n");
        // As it is left where the power goes in the middle of the write.
        let folder = unit.to_string();
        let kept = find(&world, &folder);
        std::fs::write(kept.join("place"), "a\nx=1\nb\n").unwrap();
        std::fs::write(&file, "a\nx").unwrap();
        if finish {
            let Check::Differs(seen) = edit.check(&world.read(&unit, 2)).await.unwrap() else { panic!() };
            assert!(edit.preview(&seen).unwrap().summary.contains("finish what was broken off"));
            world.try_again(&unit, &*edit).await.unwrap();
            assert_eq!(read(&file), "a\nx=1\nb\n");
        }
        world.undo(&applied).await.unwrap();
        assert_eq!(read(&file), "a\nx=0\nb\n", "finished first: {finish}");
    }
}

fn find(world: &World, unit: &str) -> std::path::PathBuf {
    let runs = world.home("old").join(".local/state/runbook");
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().path();
    run.join("kept").join(unit)
}

#[tokio::test]
async fn a_lost_connection_is_lost_and_nothing_else() {
    let (world, etc) = world().await;
    let file = etc.join("x");
    write(&file, "x=0\n", 0o644);
    world.old.fail_nth(5, Fault::BeforeAnswer);
    let error = world.apply("line", &line(&file)).await.err().unwrap();
    assert!(matches!(&error, ActionError::Transport(_)) && error.leaves_unsure(), "{error}");
}
