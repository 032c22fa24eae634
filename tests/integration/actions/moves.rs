//! `move` on a real file system.

use std::path::Path;

use runbook::actions::{ActionError, Check, Reversible, Verdict};
use runbook::transport::fake::Fault;

use super::world::{World, action, y};

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn list(folder: &Path, pairs: &[(&str, &str)]) -> String {
    let pair = |(from, to): &(&str, &str)| format!("{{from: {}, to: {}}}", y(&folder.join(from)), y(&folder.join(to)));
    format!("[{}]", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
}

/// The live folder aside, the static one in its place.
const SWITCH: [(&str, &str); 2] = [("live", "django"), ("static", "live")];

#[tokio::test]
async fn folders_change_places_and_back() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("live/site"), "django");
    put(&at.join("static/site"), "static");
    let moves = list(&at, &SWITCH);
    let before = world.old.given().len();
    let applied = world.apply("move", &moves).await.unwrap();
    assert_eq!(world.old.given().len() - before, 2, "one round trip to look, one to move");
    assert_eq!((text(at.join("live/site")), text(at.join("django/site"))), ("static".into(), "django".into()));
    assert_eq!(world.check("move", &moves).await.unwrap(), Check::Satisfied);
    assert_eq!(world.verify("move", &moves).await.unwrap(), Verdict::Holds);
    // What is in a folder may change meanwhile.
    put(&at.join("django/more"), "");
    assert_eq!(world.undo(&applied).await.unwrap(), "2 things moved back");
    assert_eq!((text(at.join("live/site")), text(at.join("static/site"))), ("django".into(), "static".into()));
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    let verdict = world.verify("move", &moves).await.unwrap();
    assert!(matches!(&verdict, Verdict::Fails(why) if why.contains("there is nothing at")), "{verdict:?}");
}

#[tokio::test]
async fn names_are_data() {
    let world = World::new().await;
    let at = world.home("old").join("a 'b' $(id) ☃");
    put(&at.join("-n"), "x");
    let moves = list(&at, &[("-n", "\"q\" \\")]);
    let applied = world.apply("move", &moves).await.unwrap();
    assert_eq!(text(at.join("\"q\" \\")), "x");
    world.undo(&applied).await.unwrap();
    assert_eq!(text(at.join("-n")), "x");
}

#[tokio::test]
async fn what_is_in_the_way_is_never_replaced() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("a"), "a");
    put(&at.join("b"), "b");
    let blocked = |check| match check {
        Check::Blocked(why) => why,
        other => panic!("{other:?}"),
    };
    let why = blocked(world.check("move", &list(&at, &[("a", "b")])).await.unwrap());
    assert_eq!(why, format!("{} exists already", at.join("b").display()));
    let why = blocked(world.check("move", &list(&at, &[("c", "d")])).await.unwrap());
    assert_eq!(why, format!("there is nothing at {}", at.join("c").display()));
    let why = blocked(world.check("move", &list(&at, &[("a", "no/such")])).await.unwrap());
    assert_eq!(why, format!("the folder of {} does not exist", at.join("no/such").display()));
    // A dangling link is in the way too, and is moved as the link that it is.
    std::os::unix::fs::symlink("/no/such", at.join("link")).unwrap();
    assert!(matches!(world.check("move", &list(&at, &[("a", "link")])).await.unwrap(), Check::Blocked(_)));
    world.apply("move", &list(&at, &[("link", "link2")])).await.unwrap();
    assert_eq!(std::fs::read_link(at.join("link2")).unwrap(), Path::new("/no/such"));
}

#[tokio::test]
async fn whoever_was_quicker_keeps_what_is_theirs() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("live/site"), "django");
    put(&at.join("static/site"), "static");
    let moves = action("move", &list(&at, &SWITCH));
    let beaten = async |by: &dyn Fn()| {
        let unit = world.unit(Some("old"));
        let read = world.read(&unit, 1);
        let Check::Differs(seen) = moves.check(&read).await.unwrap() else { panic!() };
        by();
        let intent = world.intend(&unit, "move").await;
        match moves.apply(&seen, &runbook::actions::Write::new(read, &intent)).await.unwrap_err() {
            ActionError::Failed(failure) => *failure,
            other => panic!("{other}"),
        }
    };
    let failure = beaten(&|| put(&at.join("django"), "mine")).await;
    assert!(failure.why.ends_with("django exists already"), "{}", failure.why);
    assert!(failure.untouched);
    std::fs::remove_file(at.join("django")).unwrap();
    // The first was moved, and can be moved back.
    let failure = beaten(&|| std::fs::rename(at.join("static"), at.join("elsewhere")).unwrap()).await;
    assert!(failure.why.starts_with("there is nothing at"), "{}", failure.why);
    assert!(!failure.untouched && at.join("django/site").exists());
}

#[tokio::test]
async fn another_file_system_blocks() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("a"), "a");
    let other = Path::new("/dev/shm/there");
    let check = world.check("move", &format!("{{from: {}, to: {}}}", y(&at.join("a")), y(other))).await.unwrap();
    assert!(matches!(&check, Check::Blocked(why) if why.ends_with("are on different file systems")), "{check:?}");
}

#[tokio::test]
async fn a_list_goes_on_from_where_it_was_left() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("live/site"), "django");
    put(&at.join("static/site"), "static");
    // The connection breaks after the moves were made.
    world.old.fail_nth(2, Fault::BeforeAnswer);
    let error = world.apply("move", &list(&at, &SWITCH)).await.err().unwrap();
    assert!(error.leaves_unsure(), "{error}");
    assert_eq!(world.verify("move", &list(&at, &SWITCH)).await.unwrap(), Verdict::Holds);
    // Half of them: the second was not made.
    std::fs::rename(at.join("live"), at.join("static")).unwrap();
    let Check::Differs(seen) = world.check("move", &list(&at, &SWITCH)).await.unwrap() else { panic!() };
    assert_eq!(seen["done"], 1);
    let applied = world.apply("move", &list(&at, &SWITCH)).await.unwrap();
    assert_eq!(text(at.join("live/site")), "static");
    assert_eq!(world.undo(&applied).await.unwrap(), "moved back", "only what this one moved");
    assert_eq!((text(at.join("static/site")), text(at.join("django/site"))), ("static".into(), "django".into()));
}

#[tokio::test]
async fn half_a_list_is_taken_back_by_half() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("live/site"), "django");
    put(&at.join("static/site"), "static");
    let applied = world.apply("move", &list(&at, &SWITCH)).await.unwrap();
    std::fs::rename(at.join("live"), at.join("static")).unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "moved back");
    assert_eq!((text(at.join("live/site")), text(at.join("static/site"))), ("django".into(), "static".into()));
}

#[tokio::test]
async fn a_file_that_was_written_anew_as_it_was_is_moved_back() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("a"), "keys");
    let applied = world.apply("move", &list(&at, &[("a", "b")])).await.unwrap();
    // As an edit and its undo leave it: another file with the same in it.
    put(&at.join("b.new"), "keys");
    std::fs::rename(at.join("b.new"), at.join("b")).unwrap();
    assert_eq!(world.undo(&applied).await.unwrap(), "moved back");
    let applied = world.apply("move", &list(&at, &[("a", "b")])).await.unwrap();
    put(&at.join("b.new"), "other keys");
    std::fs::rename(at.join("b.new"), at.join("b")).unwrap();
    assert!(matches!(world.undo(&applied).await, Err(ActionError::Changed { .. })));
}

#[tokio::test]
async fn what_was_replaced_since_is_shown_and_left() {
    let world = World::new().await;
    let at = world.home("old");
    put(&at.join("a/x"), "mine");
    let applied = world.apply("move", &list(&at, &[("a", "b")])).await.unwrap();
    assert!(matches!(applied.undo, Reversible::By(_)));
    std::fs::rename(at.join("b"), at.join("kept")).unwrap();
    put(&at.join("b/x"), "theirs");
    put(&at.join("b/y"), "theirs");
    let error = world.undo(&applied).await.unwrap_err();
    let ActionError::Changed { difference, .. } = &error else { panic!("{error}") };
    assert_eq!(difference, &format!("something else stands at {} now", at.join("b").display()));
    assert_eq!(text(at.join("b/x")), "theirs");
    std::fs::remove_dir_all(at.join("b")).unwrap();
    let error = world.undo(&applied).await.unwrap_err().to_string();
    assert!(error.ends_with(&format!("nothing is at {} now", at.join("b").display())), "{error}");
}
