//! `copy` on hosts that are folders.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use runbook::actions::{ActionError, Check, Verdict};
use runbook::base::secret::sealed;
use runbook::events::Progress;
use runbook::transport::fake::Fault;

use super::files::{
    blocked, changed, dress, failure, kept, mode, names, own, preview, read, with_secrets, world, write,
};
use super::world::{World, action, y};

/// A copy from `new` to `old`.
fn from_new(source: &Path, dest: &Path, more: &str) -> String {
    format!(
        "{{from: {}, dest: {}{more}}}",
        serde_json::to_string(&format!("new:{}", source.display())).unwrap(),
        y(dest)
    )
}

/// Bytes that do not repeat.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

fn amounts(world: &World) -> Vec<(u64, Option<u64>)> {
    let told = world.told.lock().unwrap();
    told.progress
        .iter()
        .filter_map(|told| match told {
            Progress::Amount { done, of, .. } => Some((*done, *of)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_text_arrives_as_it_is() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    let content = "a 'b' \"c\" $(id) `id`\\n %s\r\n-n ☃ *\n\nlast";
    let text = format!("{{content: {}, dest: {}}}", serde_json::to_string(content).unwrap(), y(&dest));
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), (content, "0:0 0644"));
    assert_eq!(world.check("copy", &text).await.unwrap(), Check::Satisfied);
    world.undo(&applied).await.unwrap();
    assert!(names(&etc).is_empty() && kept(&world).is_empty());
    let empty = format!("{{content: \"\", dest: {}}}", y(&dest));
    assert_eq!(preview(&world, "copy", &empty).await.detail, "(an empty file)");
    world.apply("copy", &empty).await.unwrap();
    assert_eq!(read(&dest), "");
}

#[tokio::test]
async fn a_secret_reaches_the_file_and_nothing_else() {
    let (world, etc) = with_secrets(&[("db", "pass'word"), ("pin", "42")]).await;
    let dest = etc.join("x");
    let text = format!("{{content: \"user:{}\\n\", dest: {}, mode: 0644}}", sealed("db"), y(&dest));
    write(&dest, "user:nobody\n", 0o644);
    let detail = preview(&world, "copy", &text).await.detail;
    assert!(detail.ends_with("-user:nobody\n+user:***") && !detail.contains("word"), "{detail}");
    let short = format!("{{content: \"pin 42:{}\", dest: {}, mode: 0644}}", sealed("pin"), y(&dest));
    let detail = preview(&world, "copy", &short).await.detail;
    assert!(detail.ends_with("(content not shown: it holds a secret that is too short to be masked)"), "{detail}");
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!(read(&dest), "user:pass'word\n");
    assert!(!format!("{:?}", applied.undo).contains("word"));
    assert_eq!(world.verify("copy", &text).await.unwrap(), Verdict::Holds);
    assert_eq!(world.undo(&applied).await.unwrap(), "what was there before is put back");
    assert_eq!(read(&dest), "user:nobody\n");
    assert!(world.old.given().iter().all(|given| !given.command.script.contains("pass'word")));
    let fresh = format!("{{content: \"user:{}\\n\", dest: {}}}", sealed("db"), y(&etc.join("y")));
    world.apply("copy", &fresh).await.unwrap();
    assert_eq!(dress(&etc.join("y")), "0:0 0600", "nobody said that everybody may read it");
}

#[tokio::test]
async fn a_local_file_is_copied_with_its_mode() {
    let (world, etc) = world().await;
    let (source, dest) = (world.book().join("tool"), etc.join("tool"));
    std::fs::write(&source, b"\0\xff binary").unwrap();
    mode(&source, 0o4775);
    let text = format!("{{src: tool, dest: {}}}", y(&dest));
    let seen = preview(&world, "copy", &text).await;
    assert!(seen.summary.ends_with("(9 B, root:root, 0755) from tool"), "{}", seen.summary);
    assert!(seen.detail.ends_with("(content not shown: it is no text in UTF-8)"), "{}", seen.detail);
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!((std::fs::read(&dest).unwrap(), dress(&dest)), (b"\0\xff binary".to_vec(), "0:0 0755".to_owned()));
    assert_eq!(action("copy", &text).local_files()[0].path.as_str(), "tool");
    world.undo(&applied).await.unwrap();
    assert!(names(&etc).is_empty());
    let missing = world.check("copy", &format!("{{src: no-such, dest: {}}}", y(&dest))).await.unwrap_err();
    assert!(matches!(missing, ActionError::Local(_)) && missing.to_string().contains("no-such"), "{missing}");
    let folder = world.check("copy", &format!("{{src: ., dest: {}}}", y(&dest))).await.unwrap_err();
    assert!(folder.to_string().ends_with("it is a folder"), "{folder}");
}

#[tokio::test]
async fn a_file_goes_from_host_to_host() {
    let (world, etc) = world().await;
    let source = world.home("new").join("it's $(here)");
    let dest = etc.join("x");
    write(&source, "secret of new\n", 0o640);
    let text = from_new(&source, &dest, ", owner: daemon");
    let seen = preview(&world, "copy", &text).await;
    assert!(
        seen.summary.ends_with(&format!("(14 B, daemon:root, 0640) from new:{}", source.display())),
        "{}",
        seen.summary
    );
    assert!(seen.detail.ends_with("not readable by everybody)") && !seen.detail.contains("secret"), "{}", seen.detail);
    write(&dest, "public\n", 0o644);
    let detail = preview(&world, "copy", &text).await.detail;
    assert!(detail.ends_with("not readable by everybody)") && !detail.contains("secret"), "{detail}");
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("secret of new\n", "1:0 0644"), "the mode it had");
    assert_eq!(world.check("copy", &text).await.unwrap(), Check::Satisfied);
    let writers =
        world.new.given().into_iter().filter(|given| given.command.effect == runbook::transport::Effect::Changes);
    assert_eq!(writers.count(), 0, "the source is only read");
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&dest), "public\n");
    write(&source, "", 0o600);
    world.apply("copy", &text).await.unwrap();
    assert_eq!(read(&dest), "");
}

#[tokio::test]
async fn a_source_that_is_not_there_blocks() {
    let (world, etc) = world().await;
    let (source, dest) = (world.home("new").join("dump"), etc.join("x"));
    let text = from_new(&source, &dest, "");
    assert_eq!(blocked(&world, "copy", &text).await, format!("there is no {} on new", source.display()));
    std::fs::create_dir(&source).unwrap();
    assert!(blocked(&world, "copy", &text).await.ends_with("is a folder on new: `sync` copies folders"));
    let nobody = world.check("copy", &format!("{{from: \"nobody:/x\", dest: {}}}", y(&dest))).await.unwrap_err();
    assert!(nobody.to_string().contains("nobody"));
}

#[tokio::test]
async fn a_large_file_goes_in_pieces_over_a_broken_line() {
    let (world, etc) = world().await;
    let (source, dest) = (world.home("new").join("dump"), etc.join("dump"));
    let content = noise(20 << 20);
    std::fs::write(&source, &content).unwrap();
    write(&dest, "before\n", 0o644);
    let text = from_new(&source, &dest, ", mode: 0600");
    let detail = preview(&world, "copy", &text).await.detail;
    assert!(detail.contains("size 7 B -> 20.0 MiB"), "{detail}");
    let unit = world.unit(Some("old"));
    // A look, where things are kept, keep, where things are kept, begin; then come the pieces, each of which may be sent twice.
    world.old.fail_nth(6, Fault::BeforeAnswer);
    world.old.fail_nth(8, Fault::BeforeSending);
    let applied = world.apply_unit(&unit, &*action("copy", &text)).await.unwrap();
    assert!(std::fs::read(&dest).unwrap() == content);
    assert_eq!((dress(&dest).as_str(), names(&etc)), ("0:0 0600", vec!["dump".to_owned()]));
    let mebi = |count: u64| (count << 20, Some(20 << 20));
    assert_eq!(amounts(&world), [mebi(0), mebi(8), mebi(16), mebi(20)]);
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&dest), "before\n");
    assert!(kept(&world).is_empty());
}

#[tokio::test]
async fn an_interrupted_transfer_goes_on_where_it_stopped() {
    let (world, etc) = world().await;
    let (source, dest) = (world.home("new").join("dump"), etc.join("dump"));
    let content = noise((18 << 20) + 5);
    std::fs::write(&source, &content).unwrap();
    let text = from_new(&source, &dest, "");
    let unit = world.unit(Some("old"));
    let copy = action("copy", &text);
    // Look, where things are kept twice (there is nothing to keep), begin, a piece; then the host is gone.
    (6..40).for_each(|nth| world.old.fail_nth(nth, Fault::Unreachable));
    let error = world.apply_unit(&unit, &*copy).await.err().unwrap();
    assert!(matches!(error, ActionError::Transport(_)), "{error:?}");
    world.old.mend();
    let left = names(&etc);
    assert!(left.len() == 1 && etc.join(&left[0]).metadata().unwrap().len() == 8 << 20, "{left:?}");
    assert_eq!(dress(&etc.join(&left[0])), "0:0 0600", "nobody sees what is half there");
    let again = world.try_again(&unit, &*copy).await.unwrap();
    assert!(again.changed && std::fs::read(&dest).unwrap() == content);
    assert_eq!(amounts(&world)[2..].iter().map(|(done, _)| done >> 20).collect::<Vec<_>>(), [8, 16, 18]);
    assert_eq!(names(&etc), ["dump"]);
}

#[tokio::test]
async fn a_damaged_beginning_is_sent_again_from_the_start() {
    let (world, etc) = world().await;
    let (source, dest) = (world.home("new").join("dump"), etc.join("dump"));
    let content = noise(17 << 20);
    std::fs::write(&source, &content).unwrap();
    let text = from_new(&source, &dest, "");
    let unit = world.unit(Some("old"));
    let copy = action("copy", &text);
    (6..40).for_each(|nth| world.old.fail_nth(nth, Fault::Unreachable));
    world.apply_unit(&unit, &*copy).await.err().unwrap();
    world.old.mend();
    std::fs::write(etc.join(&names(&etc)[0]), vec![0; 8 << 20]).unwrap();
    world.try_again(&unit, &*copy).await.unwrap();
    assert!(std::fs::read(&dest).unwrap() == content);
}

#[tokio::test]
async fn a_large_local_file_that_changes_meanwhile_is_not_put_in_place() {
    let (world, etc) = world().await;
    let (source, dest) = (world.book().join("big"), etc.join("big"));
    std::fs::write(&source, noise(9 << 20)).unwrap();
    let text = format!("{{src: big, dest: {}}}", y(&dest));
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!(dest.metadata().unwrap().size(), 9 << 20);
    world.undo(&applied).await.unwrap();
    let copy = action("copy", &text);
    let unit = world.unit(Some("old"));
    let seen = match copy.check(&world.read(&unit, 1)).await.unwrap() {
        Check::Differs(seen) => seen,
        other => panic!("{other:?}"),
    };
    let mut other = noise(9 << 20);
    other[0] ^= 1;
    std::fs::write(&source, other).unwrap();
    let intent = world.intend(&unit, "copy").await;
    let write = runbook::actions::Write::new(world.read(&unit, 1), &intent);
    let failed = failure(copy.apply(&seen, &write).await.unwrap_err());
    assert!(failed.why.contains("changed meanwhile"), "{}", failed.why);
    assert!(names(&etc).is_empty());
}

#[tokio::test]
async fn what_was_changed_after_a_second_try_with_another_content_is_known() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "before\n", 0o644);
    own(&dest, 2, 2);
    let unit = world.unit(Some("old"));
    let wrong = format!("{{content: \"one\\n\", dest: {}, validate: \"false %s\"}}", y(&dest));
    let undo = world.capture_and_fail(&unit, &*action("copy", &wrong)).await;
    // Edited, and tried again: the way back is still that of the first try.
    let right = format!("{{content: \"two\\n\", dest: {}, mode: 0600}}", y(&dest));
    world.try_again(&unit, &*action("copy", &right)).await.unwrap();
    assert_eq!(read(&dest), "two\n");
    assert_eq!(world.undo(&undo).await.unwrap(), "what was there before is put back");
    assert_eq!((read(&dest).as_str(), dress(&dest).as_str()), ("before\n", "2:2 0644"));
}

#[tokio::test]
async fn hard_links_are_told_of() {
    let (world, etc) = world().await;
    let dest = etc.join("x");
    write(&dest, "a\n", 0o644);
    std::fs::hard_link(&dest, etc.join("y")).unwrap();
    let text = format!("{{content: \"b\\n\", dest: {}}}", y(&dest));
    assert!(preview(&world, "copy", &text).await.detail.contains("it has 1 more hard links"));
    let applied = world.apply("copy", &text).await.unwrap();
    assert_eq!((read(&dest).as_str(), read(&etc.join("y")).as_str()), ("b\n", "a\n"));
    write(&dest, "c\n", 0o644);
    assert!(changed(world.undo(&applied).await.unwrap_err()).contains("-b\n+c"));
}

#[tokio::test]
async fn one_of_several_names_leads_to_the_same_file_again() {
    let (world, etc) = world().await;
    // What undo needs is kept on another disk than this.
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    for folder in [&*etc, shm.path()] {
        let (dest, other) = (folder.join("x"), folder.join("y"));
        write(&dest, "a\n", 0o640);
        std::fs::hard_link(&dest, &other).unwrap();
        let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
        let before = inode(&dest);
        let text = format!("{{content: \"b\\n\", dest: {}}}", y(&dest));
        let applied = world.apply("copy", &text).await.unwrap();
        assert_eq!((read(&dest).as_str(), read(&other).as_str()), ("b\n", "a\n"));
        assert_eq!(world.undo(&applied).await.unwrap(), "what was there before is put back");
        assert_eq!((inode(&dest), inode(&other), read(&dest).as_str()), (before, before, "a\n"));
        assert_eq!(std::fs::metadata(&dest).unwrap().nlink(), 2, "nothing is kept any more");
        assert_eq!(names(folder), ["x", "y"]);
        assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");

        // A later try keeps no other file than the first.
        let unit = world.unit(Some("old"));
        let undo = world
            .capture_and_fail(
                &unit,
                &*action("copy", &format!("{{content: \"b\\n\", dest: {}, validate: \"false %s\"}}", y(&dest))),
            )
            .await;
        world.try_again(&unit, &*action("copy", &text)).await.unwrap();
        world.undo(&undo).await.unwrap();
        assert_eq!((inode(&dest), names(folder)), (before, vec!["x".to_owned(), "y".to_owned()]));

        let applied = world.apply("copy", &text).await.unwrap();
        std::fs::write(&other, "theirs\n").unwrap();
        let why = changed(world.undo(&applied).await.unwrap_err());
        assert!(why.contains("another of its names has been given another content"), "{why}");
        assert_eq!((read(&dest).as_str(), read(&other).as_str()), ("b\n", "theirs\n"));
    }
}
