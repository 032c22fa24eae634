//! What is kept for undo goes, whatever comes in between, and nothing else does.

use runbook::engine::{End, EngineError};
use runbook::transport::fake::Fault;

use super::world::World;

/// What is kept in a run's own folder, and beside what was changed.
const BOOK: &str = "
steps:
  - {id: config, on: [old, new], copy: {content: new, dest: '{{ host.home }}/config'}}
  - {id: gone, on: old, file: {path: '<old>/data', state: absent}}
  - {id: by-hand, on: new, file: {path: '<new>/data', state: absent}, undo: 'touch <new>/data'}
";

fn world() -> World {
    let world = World::new(BOOK);
    for role in ["old", "new"] {
        world.write(role, "config", "before");
        std::fs::create_dir(world.home(role).join("data")).unwrap();
        world.write(role, "data/image", "pixels");
    }
    world
}

/// What is there once nothing is kept any more.
const AFTER: &str = "new/config: new\nold/config: new";

#[tokio::test]
async fn what_is_kept_is_told_and_goes() {
    let world = world();
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    assert!(world.leftovers().len() >= 4, "{:#?}", world.leftovers());
    let told = world.take_up().await.unwrap().controller.kept().await;
    assert_eq!((told.things.len(), told.trouble.len()), (4, 0), "{told:#?}");
    assert_ne!(world.listing(), AFTER);
    let cleaned = world.clean().await.unwrap();
    assert_eq!(cleaned.things.len(), 4);
    assert_eq!((world.listing().as_str(), world.leftovers()), (AFTER, Vec::new()));
    assert_eq!(world.view().await.left, []);
    // Nothing is taken back without what that needs.
    let refused = world.roll_back(None).await;
    assert!(matches!(refused, Err(EngineError::Journal(_))), "{refused:?}");
    assert_eq!(world.listing(), AFTER);
}

#[tokio::test]
async fn a_run_that_is_not_over_keeps_it() {
    let world = World::new(
        "steps: [{id: a, on: old, copy: {content: x, dest: '<old>/a'}}, {id: b, on: old, run: 'false', undo: nothing}]\n",
    );
    world.write("old", "a", "before");
    assert!(matches!(world.go().await.unwrap(), End::Failed { .. }));
    assert!(world.clean().await.is_err());
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.read("old", "a").as_deref(), Some("before"));
}

#[tokio::test]
async fn the_next_one_removes_what_a_broken_link_or_a_death_has_left() {
    let mut partly = 0;
    for nth in 1.. {
        let world = world();
        assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
        let fault = [Fault::Unreachable, Fault::BeforeSending, Fault::AfterSending, Fault::BeforeAnswer][nth % 4];
        let given = world.hosts["old"].given().len();
        world.hosts["old"].fail_nth(nth, fault);
        world.hosts["old"].fail_nth(nth + 1, Fault::Unreachable);
        let cleaned = world.clean().await.unwrap();
        if world.hosts["old"].given().len() - given < nth {
            assert!(cleaned.trouble.is_empty(), "{cleaned:#?}");
            break;
        }
        let view = world.view().await;
        assert_eq!(view.left.is_empty(), cleaned.trouble.is_empty(), "{cleaned:#?}");
        let mut tries = 0;
        partly += usize::from(!view.left.is_empty());
        // The second may meet the end of the fault.
        while !world.view().await.left.is_empty() {
            tries += 1;
            world.clean().await.unwrap();
        }
        assert!(tries < 3, "command {nth}, {fault:?}");
        assert_eq!((world.listing().as_str(), world.leftovers()), (AFTER, Vec::new()), "command {nth}, {fault:?}");
    }
    assert!(partly > 3, "{partly}");
    for (nth, kept) in [(1, false), (1, true), (2, false), (2, true)] {
        let world = world();
        assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
        world.store.break_at(world.store.appends() + nth, kept);
        assert!(world.clean().await.is_err());
        world.store.mend();
        // What was not announced has not begun.
        assert_eq!(world.leftovers().is_empty(), nth == 2, "record {nth}, kept {kept}");
        world.clean().await.unwrap();
        assert_eq!((world.listing().as_str(), world.leftovers()), (AFTER, Vec::new()), "record {nth}, kept {kept}");
    }
}
