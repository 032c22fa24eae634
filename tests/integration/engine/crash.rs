//! The controller dies at every record, before it is kept and after: the run is resumed, or rolled back, and the hosts are as if nothing had
//! happened. What must not run twice counts its own runs.

use runbook::engine::{End, EngineError};

use super::world::World;

/// A little of everything that a run can leave half done. Files of a host are `<old>/…`.
const BOOK: &str = r#"
phases:
  - id: prepare
    steps:
      - {id: config, on: [old, new], copy: {content: "new\n", dest: '{{ host.home }}/config'}}
      - id: count
        on: old
        run: |
          n=$(cat '<old>/count')
          echo $((n + 1)) >'<old>/count'
          echo counted
        undo: |
          n=$(cat '<old>/uncount')
          echo $((n + 1)) >'<old>/uncount'
          echo 0 >'<old>/count'
      - {id: aside, on: old, move: {from: '<old>/data', to: '<old>/data.before'}}
  - id: switch
    steps:
      - id: page
        on: old
        checkpoint: switching
        temporary: until the move is over
        template: {src: page.tera, dest: '<old>/page'}
      - id: items
        on: new
        foreach: [a, "b c", "$(touch owned)"]
        run: {script: 'printf "%s\n" "$ITEM" >>"$FILE"', env: {ITEM: "{{ item }}", FILE: '<new>/items'}}
        undo: |
          [ -e '<new>/items' ] || exit 0
          sed -i '$d' '<new>/items'
          [ -s '<new>/items' ] || rm '<new>/items'
      - {id: pause, wait: {until: "2001-01-01T00:00Z"}}
      - {id: seen, on: new, wait: {for: {run: "test -e '<new>/items'"}}}
      - {id: page-back, restores: page}
      - id: last
        on: new
        run: {script: 'printf "%s" "$SAID" >"$FILE"', env: {SAID: "{{ steps.count.stdout }}", FILE: '<new>/last'}}
        undo: rm -f '<new>/last'
"#;

pub(super) fn world() -> World {
    let world = World::new(BOOK).file("page.tera", "moving from {{ host.name }}\n");
    for (role, path, text) in [
        ("old", "config", "before\n"),
        ("old", "count", "0\n"),
        ("old", "uncount", "0\n"),
        ("old", "page", "welcome\n"),
    ] {
        world.write(role, path, text);
    }
    std::fs::create_dir(world.home("old").join("data")).unwrap();
    world.write("old", "data/image", "pixels");
    world
}

/// What a run that nothing disturbs leaves, and how many records it writes.
pub(super) async fn undisturbed() -> (String, usize) {
    let world = world();
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    assert_eq!(world.read("old", "count").as_deref(), Some("1\n"));
    assert_eq!(world.read("old", "page").as_deref(), Some("welcome\n"));
    assert_eq!(world.read("new", "items").as_deref(), Some("a\nb c\n$(touch owned)\n"));
    assert_eq!(world.read("new", "last").as_deref(), Some("counted"));
    (world.listing(), world.store.appends())
}

/// The controller dies at the `nth` record; its jobs go on.
async fn killed_at(nth: usize, kept: bool) -> World {
    let world = world();
    world.store.break_at(nth, kept);
    let died = world.go().await;
    assert!(matches!(died, Err(EngineError::Journal(_))), "record {nth}, kept {kept}: {died:?}");
    world.store.mend();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_after_any_record_ends_as_if_nothing_had_happened() {
    let (listing, records) = undisturbed().await;
    // The first record makes the run: without it there is none to resume.
    for nth in 2..=records {
        for kept in [false, true] {
            let world = killed_at(nth, kept).await;
            let end = world.resume().await.unwrap();
            let states = world.states().await;
            assert_eq!(end, End::Done { open: 0 }, "record {nth}, kept {kept}: {states:#?}");
            assert_eq!(world.listing(), listing, "record {nth}, kept {kept}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_after_any_record_leaves_the_hosts_as_before() {
    let before = world().listing();
    let (_, records) = undisturbed().await;
    for nth in 2..=records {
        let world = killed_at(nth, nth % 2 == 0).await;
        let end = world.roll_back(None).await.unwrap();
        let states = world.states().await;
        assert_eq!(end, End::RolledBack { to: None }, "record {nth}: {states:#?}");
        world.write("old", "uncount", "0\n");
        assert_eq!(world.listing(), before, "record {nth}");
        assert_eq!(world.leftovers(), Vec::<String>::new(), "record {nth}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_dies_goes_on_and_undoes_nothing_twice() {
    let (_, records) = undisturbed().await;
    let whole = {
        let world = world();
        world.go().await.unwrap();
        world.roll_back(None).await.unwrap();
        world.store.appends()
    };
    for nth in records + 1..=whole {
        for kept in [false, true] {
            let world = world();
            world.go().await.unwrap();
            world.store.break_at(nth, kept);
            assert!(world.roll_back(None).await.is_err());
            world.store.mend();
            assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None }, "record {nth}, kept {kept}");
            assert_eq!(world.read("old", "uncount").as_deref(), Some("1\n"), "record {nth}, kept {kept}");
            assert_eq!(world.read("old", "page").as_deref(), Some("welcome\n"), "record {nth}, kept {kept}");
        }
    }
}
