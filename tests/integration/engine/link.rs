//! The link to a host breaks at every command, in every way that a link breaks: the run gets where it is to get by `resume` alone, and so does
//! the way back. Nothing is asked that the hosts know, and nothing is done twice.

use std::time::Duration;

use runbook::engine::{ByHand, End, EngineError};
use runbook::transport::fake::Fault;

use super::crash::{undisturbed, world};
use super::world::World;

const FAULTS: [Fault; 4] = [Fault::Unreachable, Fault::BeforeSending, Fault::AfterSending, Fault::BeforeAnswer];

/// Every so many commands one is tried, and with each fault another one.
const STRIDE: usize = 5;

/// Goes on until it is there. How often it stopped before that.
async fn until(world: &World, due: &End, back: bool) -> usize {
    for stops in 0..10 {
        let end = match (back, stops) {
            (false, 0) => world.go().await,
            (false, _) => world.resume().await,
            (true, _) => world.roll_back(None).await,
        };
        match end {
            Ok(end) if end == *due => return stops,
            // The host is there again for the next command.
            Ok(End::Failed { .. } | End::RollbackStopped { .. }) | Err(EngineError::Unreachable(_)) => {}
            end => panic!("{end:?}: {:#?}", world.states().await),
        }
        let states = world.states().await;
        assert!(!states.values().any(|state| *state == "unsure"), "{states:#?}");
    }
    panic!("it never gets there: {:#?}", world.states().await)
}

/// The link breaks at the `nth` command from now, and stays so for one more.
fn breaks(world: &World, role: &str, nth: usize, fault: Fault) {
    world.hosts[role].fail_nth(nth, fault);
    world.hosts[role].fail_nth(nth + 1, Fault::Unreachable);
}

/// How many commands each host is given, forth and back.
async fn commands() -> [(&'static str, usize, usize); 2] {
    let world = world();
    until(&world, &End::Done { open: 0 }, false).await;
    let given = |role: &str| world.hosts[role].given().len();
    let forth = ["old", "new"].map(given);
    until(&world, &End::RolledBack { to: None }, true).await;
    [("old", forth[0], given("old") - forth[0]), ("new", forth[1], given("new") - forth[1])]
}

/// A job that runs on without its controller is ended by a rollback, also by the second, where the host was away from the first; and where
/// somebody has gone past it.
#[tokio::test]
async fn a_rollback_ends_what_runs_whatever_came_before() {
    for skipped in [false, true] {
        let world = World::new(
            "steps: [{id: long, on: old, run: 'touch <old>/begun; sleep 3; touch <old>/late', undo: 'rm <old>/begun'}]\n",
        );
        tokio::select! {
            end = world.go() => panic!("{end:?}"),
            () = world.sees("old", "begun") => {}
        }
        if skipped {
            let hand = ByHand::Skip { note: None };
            let end = world.take_up().await.unwrap().controller.by_hand(&"long".into(), &hand).await;
            assert!(end.is_ok(), "{end:?}");
        } else {
            world.hosts["old"].fail_next(1, Fault::Unreachable);
            assert!(matches!(world.roll_back(None).await.unwrap(), End::RollbackStopped { .. }));
        }
        assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
        tokio::time::sleep(Duration::from_millis(3500)).await;
        assert_eq!(world.read("old", "late"), None, "skipped: {skipped}");
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

/// What is not known is no failure that a run goes on past to its end: a resume finds it out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_goes_past_failures_does_not_end_while_something_is_not_known() {
    let book = "steps:
      - {id: first, on: old, on_failure: continue, run: 'echo x >><old>/first', undo: nothing}
      - {id: next, on: new, run: 'echo x >><new>/next', undo: nothing}\n";
    let undisturbed = World::new(book);
    assert_eq!(undisturbed.go().await.unwrap(), End::Done { open: 0 });
    let mut not_known = 0;
    for nth in 1..=undisturbed.hosts["old"].given().len() {
        let world = World::new(book);
        world.hosts["old"].fail_nth(nth, Fault::AfterSending);
        (1..=3).for_each(|after| world.hosts["old"].fail_nth(nth + after, Fault::Unreachable));
        let end = tokio::time::timeout(Duration::from_secs(30), world.go()).await.expect("it does not end");
        world.hosts["old"].mend();
        let states = world.states().await;
        if states.values().any(|state| ["in flight", "unsure"].contains(state)) {
            not_known += 1;
            assert!(matches!(end, Ok(End::Failed { .. })), "command {nth}: {end:?}, {states:#?}");
            assert_eq!(world.resume().await.unwrap(), End::Done { open: 0 });
            assert_eq!(world.read("old", "first").as_deref(), Some("x\n"), "command {nth}");
            assert_eq!(world.read("new", "next").as_deref(), Some("x\n"), "command {nth}");
        }
    }
    assert!(not_known > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_at_any_command_costs_time_and_nothing_else() {
    let (listing, _) = undisturbed().await;
    for (role, forth, _) in commands().await {
        for (number, fault) in FAULTS.into_iter().enumerate() {
            for nth in (1 + number % STRIDE..=forth).step_by(STRIDE) {
                let world = world();
                breaks(&world, role, nth, fault);
                until(&world, &End::Done { open: 0 }, false).await;
                assert_eq!(world.listing(), listing, "command {nth} of {role}, {fault:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_on_the_way_back_costs_time_and_nothing_else() {
    let before = world().listing();
    for (role, _, back) in commands().await {
        for (number, fault) in FAULTS.into_iter().enumerate() {
            for nth in (1 + number % STRIDE..=back).step_by(STRIDE) {
                let world = world();
                until(&world, &End::Done { open: 0 }, false).await;
                breaks(&world, role, nth, fault);
                until(&world, &End::RolledBack { to: None }, true).await;
                let where_ = format!("command {nth} of {role}, {fault:?}");
                assert_eq!(world.read("old", "uncount").as_deref(), Some("1\n"), "{where_}");
                world.write("old", "uncount", "0\n");
                assert_eq!(world.listing(), before, "{where_}");
                // A host that was away when all but the tidying up was done there: another rollback does it.
                if !world.view().await.left.is_empty() {
                    assert_eq!(world.roll_back(None).await.unwrap(), End::RolledBack { to: None });
                }
                assert_eq!(world.leftovers(), Vec::<String>::new(), "{where_}");
            }
        }
    }
}
