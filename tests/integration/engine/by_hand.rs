//! What is settled by hand, and what that is taken for.

use runbook::base::StepId;
use runbook::engine::{ByHand, End, Remedy};
use runbook::events::Progress;

use super::world::{Said, World};

impl World {
    async fn settle(&self, step: &str, hand: ByHand) -> Vec<String> {
        let driven = self.take_up().await.unwrap();
        let settled = driven.controller.by_hand(&StepId::from(step), &hand).await.unwrap();
        settled.iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn what_is_not_done_is_not_marked_done_and_the_operator_is_told_why() {
    let note = || Remedy::MarkDone { note: "by hand".to_owned() };
    let world = World::new(
        "steps:
  - {id: one, on: old, run: 'exit 3', undo: nothing, verify: 'test -e \"$HOME/done\"'}
",
    )
    .says([Said::Do(note()), Said::Do(Remedy::Stop)]);
    assert!(matches!(world.go().await.unwrap(), End::Failed { .. }));
    let told = world.script.progress.lock().unwrap().iter().find_map(|progress| match progress {
        Progress::Warning { text } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(
        told.as_deref(),
        Some("one@old is not marked done: its `verify` (run on old) fails: exited with 1"),
        "{:#?}",
        world.script.progress
    );
}

#[tokio::test]
async fn a_restore_that_is_left_out_closes_nothing() {
    let world = World::new(
        "steps:
  - {id: on, on: old, temporary: soon, run: 'touch \"$HOME/on\"', undo: 'exit 3'}
  - {id: off, restores: on}
",
    )
    .says([Said::Do(Remedy::Skip { note: "later".to_owned() })]);
    assert_eq!(world.go().await.unwrap(), End::Done { open: 1 });
    assert!(world.view().await.units.values().any(|unit| unit.skipped));
}

#[tokio::test]
async fn rollback_goes_past_what_somebody_has_taken_back_or_wants_left() {
    for (hand, note) in [
        (ByHand::Skip { note: None }, "left as it is"),
        (ByHand::Done { note: Some("restored the dump".to_owned()) }, "undone by hand: restored the dump"),
    ] {
        let world = World::new(
            "steps:
  - {id: one, on: [old, new], copy: {content: one, dest: '{{ host.home }}/one'}}
  - {id: two, on: [old, new], run: 'touch \"$HOME/two\"', undo: '[ -e \"$HOME/good\" ] && rm \"$HOME/two\"'}
",
        );
        world.write("old", "good", "");
        assert_eq!(world.go().await.unwrap(), End::Done { open: 0 });
        let End::RollbackStopped { unit, .. } = world.roll_back(None).await.unwrap() else { panic!("new is bad") };
        assert_eq!(unit.to_string(), "two@new");
        assert_eq!(world.settle("two", hand).await, ["two@new"]);
        assert_eq!(world.view().await.units[&unit].note.as_deref(), Some(note));
        assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
        assert!(world.read("new", "two").is_some() && world.read("old", "two").is_none());
        assert!(world.read("new", "one").is_none() && world.read("old", "one").is_none());
    }
}

#[tokio::test]
async fn another_try_is_for_what_is_in_trouble() {
    let world = World::new(
        "steps:
  - {id: roll, on: mirrors, max_failures: 1, unless: 'test -e \"$HOME/is\"', run: 'test -e \"$HOME/good\"', undo: nothing}
",
    );
    world.write("m1", "is", "");
    world.write("m2", "good", "");
    let End::Failed { unit } = world.go().await.unwrap() else { panic!("m3 is bad") };
    assert!(world.view().await.is_left_behind(&unit));
    assert_eq!(world.settle("roll", ByHand::Retry).await, ["roll@m3"]);
    world.write("m3", "good", "");
    assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
    // What was as asked was not asked again.
    assert_eq!(world.states().await["roll@m1"], "satisfied");
}
