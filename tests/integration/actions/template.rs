//! `template` on a host that is a folder.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use runbook::actions::{ActionError, Check, Verdict};
use runbook::transport::TransportError;
use runbook::transport::fake::Fault;

use super::files::{
    blocked, changed, dress, failure, kept, mode, names, own, preview, read, with_secrets, world, write,
};
use super::world::{World, y};

/// A template of the book, and the step's value for it.
fn template(world: &World, text: &str, dest: &Path, more: &str) -> String {
    std::fs::write(world.book().join("x.tera"), text).unwrap();
    format!("{{src: x.tera, dest: {}{more}}}", y(dest))
}

#[tokio::test]
async fn a_new_file_is_written_and_removed_again() {
    let (world, etc) = world().await;
    let dest = etc.join("site.conf");
    let text = template(&world, "server {{ site }}\n", &dest, "");
    let seen = preview(&world, "template", &text).await;
    assert_eq!(seen.summary, format!("write {} (23 B, root:root, 0644)", dest.display()));
    assert_eq!(
        seen.detail,
        format!("--- /dev/null\n+++ old:{}\n@@ -0,0 +1 @@\n+server www.example.org", dest.display())
    );
    assert_eq!(seen.undo, "it is removed again");
    assert!(names(&etc).is_empty(), "a look changes nothing");
    let applied = world.apply("template", &text).await.unwrap();
    assert!(applied.outputs.changed);
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("server www.example.org\n", "0:0 0644"));
    assert_eq!(names(&etc), ["site.conf"]);
    assert_eq!(world.check("template", &text).await.unwrap(), Check::Satisfied);
    assert_eq!(world.verify("template", &text).await.unwrap(), Verdict::Holds);
    assert_eq!(world.undo(&applied).await.unwrap(), "removed: there was nothing before");
    assert!(names(&etc).is_empty() && kept(&world).is_empty());
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
}

#[tokio::test]
async fn an_existing_file_is_replaced_and_put_back_with_all_that_it_had() {
    let (world, etc) = world().await;
    let dest = etc.join("odd $(touch x) 'name' \"ü\" -n");
    write(&dest, "before\n", 0o4751);
    own(&dest, 3, 4);
    mode(&dest, 0o4751);
    let then = filetime(&dest, "2001-02-03 04:05:06.789");
    let text = template(&world, "after\n", &dest, ", owner: daemon, group: 12, mode: 0640");
    let detail = preview(&world, "template", &text).await.detail;
    assert!(detail.starts_with("owner sys -> daemon\ngroup adm -> 12\nmode 4751 -> 0640\n"), "{detail}");
    let applied = world.apply("template", &text).await.unwrap();
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("after\n", "1:12 0640"));
    assert_eq!(names(&etc).len(), 1);
    assert_eq!(world.undo(&applied).await.unwrap(), "what was there before is put back");
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("before\n", "3:4 4751"));
    assert_eq!((dest.metadata().unwrap().mtime(), dest.metadata().unwrap().mtime_nsec()), then);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert!(names(&etc).len() == 1 && kept(&world).is_empty());
}

#[tokio::test]
async fn a_kept_owner_and_mode_are_those_of_the_file_without_set_id_bits() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "a", 0o600);
    own(&dest, 3, 4);
    mode(&dest, 0o6711);
    world.apply("template", &template(&world, "b", &dest, "")).await.unwrap();
    assert_eq!(dress(&dest), "3:4 0711");
}

#[tokio::test]
async fn metadata_alone_leaves_the_file_where_it_is() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "same\n", 0o600);
    let inode = dest.metadata().unwrap().ino();
    let text = template(&world, "same\n", &dest, ", owner: sys, mode: 0644");
    let seen = preview(&world, "template", &text).await;
    assert_eq!(seen.summary, format!("set {} to sys:root, 0644", dest.display()));
    assert_eq!(seen.detail, "owner root -> sys\nmode 0600 -> 0644");
    let applied = world.apply("template", &text).await.unwrap();
    assert_eq!((dress(&dest).as_str(), dest.metadata().unwrap().ino()), ("3:0 0644", inode));
    std::fs::write(&dest, "somebody else's\n").unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "owner, group and mode are as before");
    assert_eq!((dress(&dest).as_str(), read(&dest).as_str()), ("0:0 0600", "somebody else's\n"));
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
}

#[tokio::test]
async fn a_link_stays_and_what_it_leads_to_is_written() {
    let (world, etc) = world().await;
    let (real, link) = (etc.join("real\nname"), etc.join("link"));
    write(&real, "a\n", 0o644);
    symlink("real\nname", &link).unwrap();
    let text = template(&world, "b\n", &link, "");
    assert!(preview(&world, "template", &text).await.detail.contains("is a link: "));
    let applied = world.apply("template", &text).await.unwrap();
    assert_eq!((read(&real).as_str(), link.read_link().unwrap().to_str().unwrap()), ("b\n", "real\nname"));
    world.undo(&applied).await.unwrap();
    assert_eq!((read(&real).as_str(), names(&etc).len()), ("a\n", 2));
    symlink("round", etc.join("round")).unwrap();
    assert!(blocked(&world, "template", &template(&world, "b", &etc.join("round"), "")).await.contains("in circles"));
    symlink("nothing", etc.join("dangling")).unwrap();
    world.apply("template", &template(&world, "c", &etc.join("dangling"), "")).await.unwrap();
    assert_eq!(read(&etc.join("nothing")), "c");
}

#[tokio::test]
async fn a_file_that_is_not_accepted_leaves_nothing() {
    let (world, etc) = with_secrets(&[("db", "hunter2")]).await;
    let dest = etc.join("x y.conf");
    write(&dest, "good\n", 0o644);
    let text = template(
        &world,
        "bad\n",
        &dest,
        ", validate: \"ls -l %s; grep -q good '%s' || { echo no hunter2 >&2; exit 3; }\"",
    );
    let failed = failure(world.apply("template", &text).await.err().unwrap());
    assert!(failed.why.contains("not accepted") && failed.why.contains("exited with 3"), "{}", failed.why);
    assert!(failed.stderr.contains("-rw-r--r--") && failed.stderr.ends_with("no ***"), "{}", failed.stderr);
    assert!(failed.command.unwrap().contains(".x y.conf.runbook-") && failed.exit_code == Some(3));
    assert_eq!((read(&dest).as_str(), names(&etc)), ("good\n", vec!["x y.conf".to_owned()]));
    let text = template(&world, "good too\n", &dest, ", validate: \"grep -q good '%s'\"");
    world.apply("template", &text).await.unwrap();
    assert_eq!(read(&dest), "good too\n");
}

#[tokio::test]
async fn what_somebody_changed_since_is_shown_and_not_overwritten() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "before\n", 0o644);
    let applied = world.apply("template", &template(&world, "one\ntwo\n", &dest, "")).await.unwrap();
    write(&dest, "one\n2\n", 0o644);
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert!(difference.contains(" one\n-two\n+2"), "{difference}");
    assert_eq!(read(&dest), "one\n2\n");
    mode(&dest, 0o600);
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert_eq!(
        difference,
        "mode 0644 -> 0600\nsize 8 B -> 6 B\n(content not shown: the file is not readable by everybody)"
    );
    std::fs::remove_file(&dest).unwrap();
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "it is gone");
    std::fs::create_dir(&dest).unwrap();
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "a folder stands there now");
    std::fs::remove_dir(&dest).unwrap();
    write(&dest, "one\ntwo\n", 0o644);
    assert_eq!(world.undo(&applied).await.unwrap(), "what was there before is put back");
    assert_eq!(read(&dest), "before\n");
}

#[tokio::test]
async fn what_not_everybody_may_read_is_not_shown() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "old word\n", 0o600);
    let due = "(content not shown: the file is not readable by everybody)";
    for (bits, more) in [(0o600, ""), (0o600, ", mode: 0644"), (0o644, ", mode: 0640")] {
        mode(&dest, bits);
        let detail = preview(&world, "template", &template(&world, "new word\n", &dest, more)).await.detail;
        assert!(detail.ends_with(due) && !detail.contains("word"), "{bits:o}{more}: {detail}");
    }
    mode(&dest, 0o644);
    mode(&etc, 0o700);
    let detail = preview(&world, "template", &template(&world, "new word\n", &dest, "")).await.detail;
    assert!(detail.ends_with(due) && !detail.contains("word"), "in a closed folder: {detail}");
    mode(&etc, 0o755);
    assert!(preview(&world, "template", &template(&world, "new word\n", &dest, "")).await.detail.contains("+new word"));
}

#[tokio::test]
async fn a_secret_is_neither_shown_nor_journalled_and_its_file_is_private() {
    let (world, etc) = with_secrets(&[("db", "hunter2")]).await;
    let dest = etc.join("x");
    let text = template(&world, "password {{ secrets.db }}\n", &dest, "");
    let seen = preview(&world, "template", &text).await;
    assert!(seen.summary.contains("0600") && !format!("{seen:?}").contains("hunter2"), "{seen:?}");
    let open = template(&world, "password {{ secrets.db }}\n", &dest, ", mode: 0644");
    assert!(preview(&world, "template", &open).await.detail.ends_with("+password ***"));
    let applied = world.apply("template", &text).await.unwrap();
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("password hunter2\n", "0:0 0600"));
    let captured = format!("{:?}", applied.undo);
    assert!(!captured.contains("hunter2") && !captured.contains(&hash(&dest)), "{captured}");
    assert_eq!(world.undo(&applied).await.unwrap(), "removed: there was nothing before");
    let commands = world.old.given();
    assert!(commands.iter().all(|given| !given.command.script.contains("hunter2")));
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_before_anything_is_done() {
    let (world, etc) = world().await;
    let ask = async |dest: &Path, more: &str| blocked(&world, "template", &template(&world, "x", dest, more)).await;
    let why = ask(&etc.join("no/such/x"), "").await;
    assert!(
        why.contains("there is no folder") && why.contains("etc/no/such on old") && why.contains("state: directory"),
        "{why}"
    );
    assert!(ask(&etc, "").await.contains("is a folder on old: give the whole path of the file"));
    assert_eq!(ask(&etc.join("x"), ", owner: no-such-user").await, "there is no user `no-such-user` on old");
    assert_eq!(ask(&etc.join("x"), ", group: no-such-group").await, "there is no group `no-such-group` on old");
    write(&etc.join("file"), "", 0o644);
    assert!(ask(&etc.join("file/x"), "").await.contains("is no folder on old"));
    assert!(ask(Path::new("/dev/null"), "").await.contains("is a device"));
    assert_eq!(names(&etc), ["file"]);
}

#[tokio::test]
async fn a_broken_line_leaves_one_of_the_two_files_and_a_second_try_the_new_one() {
    for fault in [Fault::BeforeSending, Fault::BeforeAnswer] {
        let (world, etc) = world().await;
        let dest = etc.join("x");
        write(&dest, "before\n", 0o644);
        let text = template(&world, "after\n", &dest, "");
        // Look, where things are kept, keep, where things are kept; then comes the write.
        world.old.fail_nth(5, fault);
        let unit = world.unit(Some("old"));
        let error = world.apply_unit(&unit, &*super::world::action("template", &text)).await.err().unwrap();
        assert!(matches!(error, ActionError::Transport(TransportError::Lost { .. })), "{error:?}");
        let done = fault == Fault::BeforeAnswer;
        assert_eq!(read(&dest), if done { "after\n" } else { "before\n" });
        assert_eq!(world.check("template", &text).await.unwrap() == Check::Satisfied, done);
    }
}

#[tokio::test]
async fn a_temporary_file_of_a_try_that_was_cut_off_goes_with_the_next_and_with_undo() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "before\n", 0o644);
    let applied = world.apply("template", &template(&world, "after\n", &dest, "")).await.unwrap();
    let prefix = applied_temporary(&applied.undo);
    let (left, other) = (format!("{prefix}deadbeef"), etc.join(".x.runbook-00000000.deadbeef"));
    std::fs::write(&left, "half").unwrap();
    std::fs::write(&other, "another run's").unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!(names(&etc), [".x.runbook-00000000.deadbeef", "x"]);
}

#[tokio::test]
async fn a_file_that_changes_between_look_and_write_is_left_alone() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "before\n", 0o644);
    let text = template(&world, "after\n", &dest, ", validate: \"echo changed >../x; : %s\"");
    let text = text.replace("../x", dest.to_str().unwrap());
    let failed = failure(world.apply("template", &text).await.err().unwrap());
    assert!(failed.why.contains("was changed by somebody else"), "{}", failed.why);
    assert_eq!((read(&dest).as_str(), names(&etc).len()), ("changed\n", 1));
}

/// How many commands `old` was given since the last time; where things are kept is asked once a run, and not counted.
fn trips(world: &World, so_far: &mut usize) -> usize {
    let given = world.old.given();
    let new =
        given[*so_far..].iter().filter(|given| !given.command.script.contains("Where jobs of this user are kept"));
    let count = new.count();
    *so_far = given.len();
    count
}

#[tokio::test]
async fn the_way_to_the_host_is_taken_once_to_look_once_to_keep_and_once_to_write() {
    let (world, etc) = world().await;
    let mut so_far = 0;
    let text = template(&world, "one\n", &etc.join("x"), ", validate: \"test -z \\\"${R-}${V-}\\\" # %s\"");
    world.check("template", &text).await.unwrap();
    assert_eq!(trips(&world, &mut so_far), 1);
    let applied = world.apply("template", &text).await.unwrap();
    assert_eq!(trips(&world, &mut so_far), 2, "look and write: there was nothing to keep");
    world.undo(&applied).await.unwrap();
    assert_eq!(trips(&world, &mut so_far), 2);
    write(&etc.join("x"), "before\n", 0o644);
    world.apply("template", &text).await.unwrap();
    assert_eq!(trips(&world, &mut so_far), 3);
    world.verify("template", &text).await.unwrap();
    assert_eq!(trips(&world, &mut so_far), 1);
}

fn applied_temporary(undo: &runbook::actions::Reversible<serde_json::Value>) -> String {
    let runbook::actions::Reversible::By(undo) = undo else { panic!() };
    undo["temporary"].as_str().unwrap().to_owned()
}

fn hash(path: &Path) -> String {
    runbook::actions::remote_file::sha256(&std::fs::read(path).unwrap())
}

/// Sets a file's time, and gives it back as seconds and nanoseconds.
fn filetime(path: &Path, time: &str) -> (i64, i64) {
    let touched = std::process::Command::new("touch").arg("-d").arg(time).arg(path).status().unwrap();
    assert!(touched.success());
    let found = path.metadata().unwrap();
    (found.mtime(), found.mtime_nsec())
}
