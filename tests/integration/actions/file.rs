//! `file` on a host that is a folder.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

use runbook::actions::{Check, Verdict};

use super::files::{blocked, changed, dress, failure, kept, mode, names, own, preview, read, world, write};
use super::world::{World, action, y};

fn file(path: &Path, more: &str) -> String {
    format!("{{path: {}{more}}}", y(path))
}

async fn satisfied(world: &World, text: &str) -> bool {
    world.check("file", text).await.unwrap() == Check::Satisfied
}

#[tokio::test]
async fn an_empty_file_is_made_and_removed_while_it_is_empty() {
    let (world, etc) = world().await;
    let path = etc.join("-n $(x) 'ü'");
    let text = file(&path, ", state: present, owner: daemon, mode: \"u=rw,go=r\"");
    let seen = preview(&world, "file", &text).await;
    assert_eq!(seen.summary, format!("make {}, an empty file (daemon:root, 0644)", path.display()));
    let applied = world.apply("file", &text).await.unwrap();
    assert_eq!((read(&path).as_str(), dress(&path).as_str()), ("", "1:0 0644"));
    assert!(satisfied(&world, &text).await && world.verify("file", &text).await.unwrap() == Verdict::Holds);
    std::fs::write(&path, "by now it is in use").unwrap();
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "another content");
    assert!(satisfied(&world, &text).await, "what is in it is nobody's business here");
    std::fs::write(&path, "").unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "removed: there was nothing before");
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert!(names(&etc).is_empty() && kept(&world).is_empty());
}

#[tokio::test]
async fn owner_and_mode_of_one_thing_are_set_in_place() {
    let (world, etc) = world().await;
    let path = etc.join("x");
    write(&path, "content\n", 0o4777);
    own(&path, 5, 5);
    mode(&path, 0o4777);
    let text = file(&path, ", owner: root, mode: go-w");
    let seen = preview(&world, "file", &text).await;
    assert_eq!(seen.summary, format!("set {} to root:tty, 0755", path.display()));
    assert_eq!(seen.detail, "owner games -> root\nmode 4777 -> 0755", "a new owner gets no set-id bit");
    let applied = world.apply("file", &text).await.unwrap();
    assert_eq!((read(&path).as_str(), dress(&path).as_str()), ("content\n", "0:5 0755"));
    assert!(satisfied(&world, &text).await);
    assert_eq!(world.undo(&applied).await.unwrap(), "owner, group and mode are as before");
    assert_eq!(dress(&path), "5:5 4777");
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    mode(&etc, 0o2770);
    let folder = file(&etc, ", mode: 0755");
    let applied = world.apply("file", &folder).await.unwrap();
    assert_eq!(dress(&etc), "0:0 2755", "digits leave a folder's set-id bits alone");
    mode(&etc, 0o700);
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "mode 2755 -> 0700");
    mode(&etc, 0o2755);
    world.undo(&applied).await.unwrap();
    assert_eq!(dress(&etc), "0:0 2770");
    assert!(blocked(&world, "file", &file(&etc.join("no"), ", mode: 0600")).await.starts_with("there is no "));
}

#[tokio::test]
async fn folders_are_made_with_those_above_and_removed_while_they_are_empty() {
    let (world, etc) = world().await;
    let path = etc.join("a b/*/c");
    let text = file(&path, ", state: directory, owner: daemon, mode: 0750");
    let seen = preview(&world, "file", &text).await;
    assert!(seen.detail.starts_with(&format!("and above it {}, ", etc.join("a b").display())), "{}", seen.detail);
    let applied = world.apply("file", &text).await.unwrap();
    let dresses = [&path, &etc.join("a b/*"), &etc.join("a b")].map(|path| dress(path));
    assert_eq!(dresses, ["1:0 0750", "0:0 0755", "0:0 0755"]);
    assert!(satisfied(&world, &text).await);
    write(&path.join("new\nname"), "", 0o644);
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "it holds new\nname");
    std::fs::remove_file(path.join("new\nname")).unwrap();
    write(&etc.join("a b/other"), "", 0o644);
    assert_eq!(changed(world.undo(&applied).await.unwrap_err()), "it holds other");
    assert!(path.is_dir(), "nothing is removed where not everything can be");
    std::fs::remove_file(etc.join("a b/other")).unwrap();
    mode(&path, 0o777);
    assert!(changed(world.undo(&applied).await.unwrap_err()).contains("777 1:0"));
    mode(&path, 0o750);
    assert_eq!(world.undo(&applied).await.unwrap(), "removed: there was nothing before");
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert!(names(&etc).is_empty());
    mode(&etc, 0o2755);
    world.apply("file", &file(&etc.join("d/e"), ", state: directory")).await.unwrap();
    assert_eq!((dress(&etc.join("d")), dress(&etc.join("d/e"))), ("0:0 2755".to_owned(), "0:0 2755".to_owned()));
    write(&etc.join("f"), "", 0o644);
    assert!(
        blocked(&world, "file", &file(&etc.join("f"), ", state: directory"))
            .await
            .contains("a file on old, and no folder")
    );
    assert!(
        blocked(&world, "file", &file(&etc.join("f/g"), ", state: directory")).await.contains("is no folder on old")
    );
}

#[tokio::test]
async fn a_link_is_made_changed_and_put_back() {
    let (world, etc) = world().await;
    let path = etc.join("link it's");
    let text = file(&path, ", state: link, to: \"../$(x) -y\"");
    let seen = preview(&world, "file", &text).await;
    assert_eq!(seen.summary, format!("link {} to ../$(x) -y", path.display()));
    assert_eq!(seen.detail, "there is no ../$(x) -y yet");
    let made = world.apply("file", &text).await.unwrap();
    assert_eq!(path.read_link().unwrap(), Path::new("../$(x) -y"));
    assert!(satisfied(&world, &text).await);
    lchown(&path, Some(3), Some(4)).unwrap();
    assert!(satisfied(&world, &text).await);
    let other = file(&path, ", state: link, to: -n");
    let turned = world.apply("file", &other).await.unwrap();
    assert_eq!((path.read_link().unwrap().as_path(), dress(&path).as_str()), (Path::new("-n"), "3:4 0777"));
    std::fs::remove_file(&path).unwrap();
    symlink("elsewhere", &path).unwrap();
    assert!(changed(world.undo(&turned).await.unwrap_err()).ends_with("it leads to elsewhere"));
    std::fs::remove_file(&path).unwrap();
    symlink("-n", &path).unwrap();
    lchown(&path, Some(3), Some(4)).unwrap();
    assert_eq!(world.undo(&turned).await.unwrap(), "what was there before is put back");
    assert_eq!((path.read_link().unwrap().as_path(), dress(&path).as_str()), (Path::new("../$(x) -y"), "3:4 0777"));
    lchown(&path, Some(0), Some(0)).unwrap();
    assert_eq!(world.undo(&made).await.unwrap(), "removed: there was nothing before");
    assert_eq!(world.undo(&made).await.unwrap(), "was already as before");
    assert!(names(&etc).is_empty());
    std::fs::create_dir(&path).unwrap();
    assert!(blocked(&world, "file", &text).await.contains("is a folder on old, and no link"));
}

#[tokio::test]
async fn a_tree_goes_aside_and_comes_back() {
    let (world, etc) = world().await;
    let tree = etc.join("tree 'x'");
    std::fs::create_dir_all(tree.join("a")).unwrap();
    write(&tree.join("a/\n"), "kept", 0o600);
    std::fs::hard_link(tree.join("a/\n"), etc.join("other")).unwrap();
    let inode = tree.join("a/\n").metadata().unwrap().ino();
    let text = file(&tree, ", state: absent");
    let seen = preview(&world, "file", &text).await;
    assert!(seen.summary.ends_with("a folder with 2 entries"), "{}", seen.summary);
    let applied = world.apply("file", &text).await.unwrap();
    assert!(!tree.exists() && satisfied(&world, &text).await);
    assert!(names(&etc)[0].starts_with(".tree 'x'.runbook-"), "{:?}", names(&etc));
    std::fs::create_dir(&tree).unwrap();
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert!(difference.starts_with("a folder stands there now; what was there before is in "), "{difference}");
    // Removed once more: the name beside is taken.
    let second = world.apply("file", &text).await.unwrap();
    assert_eq!(names(&etc).len(), 3);
    assert_eq!(world.undo(&second).await.unwrap(), "moved back");
    std::fs::remove_dir(&tree).unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "moved back");
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    assert_eq!((read(&tree.join("a/\n")).as_str(), tree.join("a/\n").metadata().unwrap().ino()), ("kept", inode));
    assert!(names(&etc).len() == 2 && kept(&world).is_empty());
    std::fs::remove_dir_all(&tree).unwrap();
    assert!(changed(world.undo(&applied).await.unwrap_err()).starts_with("neither it nor "));
}

#[tokio::test]
async fn a_link_goes_and_not_what_it_leads_to() {
    let (world, etc) = world().await;
    write(&etc.join("real"), "a", 0o644);
    symlink("real", etc.join("link")).unwrap();
    let applied = world.apply("file", &file(&etc.join("link"), ", state: absent")).await.unwrap();
    assert!(etc.join("real").exists() && etc.join("link").symlink_metadata().is_err());
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&etc.join("link")), "a");
}

/// A folder with all sorts of entries, and a way to say how each of them is.
fn garden(etc: &Path) -> PathBuf {
    let tree = etc.join("tree");
    std::fs::create_dir_all(tree.join("deep/er")).unwrap();
    for (name, bits) in [
        (&b"plain"[..], 0o664),
        (b"-rf", 0o666),
        (b"two\nlines", 0o600),
        (b"$(touch x) 'y' \"z\" * ?", 0o755),
        ("ünï".as_bytes(), 0o444),
        (b"not \xff utf-8", 0o660),
        (b"deep/er/setuid", 0o4755),
    ] {
        let path = tree.join(std::ffi::OsStr::from_bytes(name));
        write(&path, "x", bits);
    }
    own(&tree.join("deep/er/setuid"), 7, 7);
    mode(&tree.join("deep/er/setuid"), 0o4755);
    std::fs::hard_link(tree.join("plain"), tree.join("deep/again")).unwrap();
    symlink("/etc/passwd", tree.join("link")).unwrap();
    symlink("nowhere", tree.join("dangling")).unwrap();
    mode(&tree.join("deep"), 0o2775);
    (0..450).for_each(|n| write(&tree.join(format!("deep/many{n}")), "", 0o640));
    tree
}

fn all(tree: &Path) -> Vec<String> {
    let line = |path: &Path| format!("{} {}", path.to_string_lossy().escape_debug(), dress(path));
    let mut all = vec![line(tree)];
    for entry in std::fs::read_dir(tree).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            all.extend(self::all(&path));
        } else {
            all.push(line(&path));
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn a_whole_tree_is_dressed_and_put_back_exactly() {
    let (world, etc) = world().await;
    let tree = garden(&etc);
    let before = all(&tree);
    let passwd = dress(Path::new("/etc/passwd"));
    let text = file(&tree, ", state: directory, owner: daemon, group: 12, mode: \"u=rwX,go=rX\", recurse: true");
    let seen = preview(&world, "file", &text).await;
    let count = before.len();
    assert_eq!(
        seen.summary,
        format!("set {count} of {count} in {} to owner daemon, group 12, mode u=rwX,go=rX", tree.display())
    );
    assert!(seen.detail.contains("450 files: mode 0640 -> 0644, owner 0 -> 1, group 0 -> 12"), "{}", seen.detail);
    assert_eq!(all(&tree), before, "a look changes nothing");
    let applied = world.apply("file", &text).await.unwrap();
    for line in all(&tree) {
        let due = match &line {
            line if line.contains("link") || line.contains("dangling") => "1:12 0777",
            line if line.contains("/deep ") => "1:12 2755",
            line if line.contains("touch")
                || line.contains("setuid")
                || line.contains("/er ")
                || line.contains("/tree ") =>
            {
                "1:12 0755"
            }
            _ => "1:12 0644",
        };
        assert!(line.ends_with(due), "{line} is not {due}");
    }
    assert_eq!(dress(Path::new("/etc/passwd")), passwd);
    assert!(satisfied(&world, &text).await && world.verify("file", &text).await.unwrap() == Verdict::Holds);
    // Somebody else's change stops it, before anything is put back.
    mode(&tree.join("two\nlines"), 0o777);
    let difference = changed(world.undo(&applied).await.unwrap_err());
    assert_eq!(difference, format!("mode, owner and group are\n0777 1:12 {}", tree.join("two\nlines").display()));
    assert_eq!(dress(&tree.join("plain")), "1:12 0644");
    mode(&tree.join("two\nlines"), 0o644);
    std::fs::remove_file(tree.join("deep/many7")).unwrap();
    write(&tree.join("new"), "", 0o600);
    assert_eq!(world.undo(&applied).await.unwrap(), "owners and modes are as before; 1 of them are gone meanwhile");
    std::fs::remove_file(tree.join("new")).unwrap();
    write(&tree.join("deep/many7"), "", 0o640);
    assert_eq!(all(&tree), before);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
}

#[tokio::test]
async fn a_tree_that_was_dressed_half_way_goes_on_and_back() {
    let (world, etc) = world().await;
    let tree = garden(&etc);
    let before = all(&tree);
    let text = file(&tree, ", owner: daemon, mode: go-w, recurse: true");
    let unit = world.unit(Some("old"));
    let dressing = action("file", &text);
    let read = world.read(&unit, 1);
    let Check::Differs(seen) = dressing.check(&read).await.unwrap() else { panic!() };
    let undo = dressing.capture(&seen, &runbook::actions::context::Stash::new(read.clone())).await.unwrap();
    let intent = world.intend(&unit, "file").await;
    // The first try did one of them; then another entry came.
    lchown(tree.join("plain"), Some(1), None).unwrap();
    write(&tree.join("late"), "", 0o666);
    drop(intent);
    world.try_again(&unit, &*dressing).await.unwrap();
    assert_eq!((dress(&tree.join("plain")), dress(&tree.join("late"))), ("1:0 0644".into(), "1:0 0644".into()));
    assert!(satisfied(&world, &text).await);
    let applied =
        super::world::Applied { unit, kind: "file", outputs: runbook::events::record::Outputs::default(), undo };
    world.undo(&applied).await.unwrap();
    assert_eq!(dress(&tree.join("late")), "0:0 0666", "the later try has noted it");
    std::fs::remove_file(tree.join("late")).unwrap();
    assert_eq!(all(&tree), before);
}

#[tokio::test]
async fn what_was_kept_and_is_gone_or_damaged_is_said() {
    let (world, etc) = world().await;
    let tree = garden(&etc);
    let applied = world.apply("file", &file(&tree, ", group: 12, recurse: true")).await.unwrap();
    let run = names(&world.home("old").join(".local/state/runbook")).remove(0);
    let folder = world.home("old").join(".local/state/runbook").join(run).join("kept").join(&kept(&world)[0]);
    std::fs::write(folder.join("1/0"), "/etc/passwd\0").unwrap();
    assert!(failure(world.undo(&applied).await.unwrap_err()).why.ends_with("is no longer what it was"));
    std::fs::remove_dir_all(folder).unwrap();
    assert!(failure(world.undo(&applied).await.unwrap_err()).why.ends_with("is gone"));
}

#[tokio::test]
async fn what_a_restoring_step_took_back_can_be_applied_and_taken_back_again() {
    let (world, etc) = world().await;
    let (page, gone) = (etc.join("page"), etc.join("gone"));
    write(&page, "site\n", 0o640);
    write(&gone, "there\n", 0o600);
    let steps = [
        ("copy", format!("{{content: \"maintenance\\n\", dest: {}, mode: 0644}}", y(&page))),
        ("file", file(&gone, ", state: absent")),
        ("file", file(&etc, ", mode: \"u=rwX,go=\", recurse: true")),
    ];
    let before = (all(&etc), read(&page));
    for (kind, text) in &steps {
        let applied = world.apply(kind, text).await.unwrap();
        world.restore(&applied).await.unwrap();
        assert_eq!((all(&etc), read(&page)), before, "{text}");
        world.again(&*action(kind, text)).await.unwrap();
        assert_ne!((all(&etc), read(&page)), before, "{text}");
        world.undo(&applied).await.unwrap();
        assert_eq!((all(&etc), read(&page)), before, "{text}");
    }
}

#[tokio::test]
async fn kept_things_are_private() {
    let (world, etc) = world().await;
    let path = etc.join("x");
    write(&path, "word\n", 0o644);
    let unit = world.unit(Some("old"));
    world.apply_unit(&unit, &*action("copy", &format!("{{content: b, dest: {}}}", y(&path)))).await.unwrap();
    let base = world.home("old").join(".local/state/runbook");
    let run = base.join(&names(&base)[0]);
    for folder in [&base, &run, &run.join("kept"), &run.join("kept").join(&kept(&world)[0])] {
        assert_eq!(dress(folder), "0:0 0700", "{}", folder.display());
    }
    // A folder that others may look into is not made use of.
    mode(&base, 0o755);
    let failed = failure(world.apply("file", &file(&path, ", mode: 0600")).await.err().unwrap());
    assert!(failed.why.contains("others may look into"), "{}", failed.why);
    assert_eq!(dress(&path), "0:0 0644");
}
