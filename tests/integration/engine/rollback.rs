//! Taking runs back.

use runbook::engine::End;

use super::world::World;

#[tokio::test]
async fn a_rollback_to_a_checkpoint_takes_back_what_came_after_it_and_can_be_resumed() {
    let world = World::new(
        "steps:
  - {id: a, on: old, copy: {content: a, dest: '<old>/a'}}
  - {id: b, on: old, checkpoint: middle, copy: {content: b, dest: '<old>/b'}}
  - {id: c, on: old, copy: {content: c, dest: '<old>/c'}}
",
    );
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    let to = Some("b".into());
    assert_eq!(world.roll_back(Some("b")).await.unwrap(), End::RolledBack { to });
    assert_eq!((world.read("old", "a"), world.read("old", "b")), (Some("a".into()), None));
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
    assert_eq!(world.read("old", "c").as_deref(), Some("c"));
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.read("old", "a"), None);
}

#[tokio::test]
async fn what_somebody_changed_since_stops_the_rollback() {
    let world = World::new("steps:\n  - {id: a, on: old, copy: {content: ours, dest: '<old>/a'}}\n");
    world.write("old", "a", "before");
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    world.write("old", "a", "theirs");
    let End::RollbackStopped { unit, why } = world.roll_back(None).await.unwrap() else { panic!("it has to stop") };
    assert_eq!(unit.to_string(), "a@old");
    assert!(why.contains("has changed since"), "{why}");
    assert_eq!(world.read("old", "a").as_deref(), Some("theirs"));
    world.write("old", "a", "ours");
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.read("old", "a").as_deref(), Some("before"));
}

#[tokio::test]
async fn a_point_of_no_return_holds_unless_told_otherwise() {
    let mut world = World::new(
        "steps:
  - {id: a, on: old, copy: {content: a, dest: '<old>/a'}}
  - {id: b, on: old, irreversible: it is gone, run: 'rm \"$HOME/precious\"'}
  - {id: c, on: old, copy: {content: c, dest: '<old>/c'}}
",
    )
    .says([super::world::Said::Yes]);
    world.write("old", "precious", "");
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    let End::RollbackStopped { unit, .. } = world.roll_back(None).await.unwrap() else { panic!("it has to stop") };
    assert_eq!(unit.to_string(), "b@old");
    assert_eq!((world.read("old", "a"), world.read("old", "c")), (Some("a".into()), None));
    world.manner.past_irreversible = true;
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.read("old", "a"), None);
}

#[tokio::test]
async fn the_undo_of_a_restore_applies_the_temporary_change_again() {
    let world = World::new(
        "steps:
  - {id: page, on: old, temporary: soon, copy: {content: moving, dest: '<old>/page'}}
  - {id: back, restores: page, checkpoint: middle}
",
    );
    world.write("old", "page", "welcome");
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    assert_eq!(world.read("old", "page").as_deref(), Some("welcome"));
    world.roll_back(Some("back")).await.unwrap();
    assert_eq!(world.read("old", "page").as_deref(), Some("moving"));
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.read("old", "page").as_deref(), Some("welcome"));
}

/// What was in it by then is not made anew: the step that is gone back to may need it.
#[tokio::test]
async fn the_undo_of_a_restore_by_an_action_puts_back_what_that_found() {
    let world = World::new(
        "steps:
  - {id: room, on: old, temporary: soon, file: {path: '<old>/room', state: directory}}
  - {id: fill, on: old, run: 'echo built >\"<old>/room/package\"', undo: 'rm -f \"<old>/room/package\"'}
  - {id: used, on: old, run: 'cp \"<old>/room/package\" \"<old>/used\"', undo: 'rm -f \"<old>/used\"'}
  - {id: gone, on: old, restores: room, file: {path: '<old>/room', state: absent}}
",
    );
    let before = world.listing();
    assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
    let done = world.listing();
    world.roll_back(Some("used")).await.unwrap();
    assert_eq!(world.read("old", "room/package").as_deref(), Some("built\n"));
    assert_eq!(world.view().await.ledger().len(), 1, "it is open again");
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
    assert_eq!(world.listing(), done);
    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
    assert_eq!(world.listing(), before);
}

#[tokio::test]
async fn a_failure_can_roll_back_by_itself() {
    let world = World::new(
        "steps:
  - {id: a, on: old, copy: {content: a, dest: '<old>/a'}}
  - {id: b, on: old, checkpoint: middle, copy: {content: b, dest: '<old>/b'}}
  - {id: c, on: old, on_failure: rollback, run: 'exit 3', undo: nothing}
",
    );
    assert_eq!(world.go().await.unwrap(), End::RolledBack { to: Some("b".into()) });
    assert_eq!((world.read("old", "a"), world.read("old", "b")), (Some("a".into()), None));
}
