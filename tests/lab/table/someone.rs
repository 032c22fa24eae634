//! Somebody else changes something between a run and its rollback.

use super::bench::{Bench, Place};
use super::book::Desk;
use super::case::Then;
use super::cases::Table;
use super::compare::{Apart, difference};

pub(super) fn hold(table: &Table<'_>, bench: &Bench<'_>, place: &Place, which: usize) {
    let someone = &place.case.someone[which];
    let who = format!("{}, after `{}`", place.case.name, someone.does);
    let desk = Desk::new(table, &[place]);
    let run = desk.runbook(&["run", "BOOK"]).ended(0).run();
    bench.script(place, &someone.does);
    let before = bench.look_at(place);
    let back = desk.runbook(&["rollback", &run]);
    match &someone.then {
        Then::Stops(why) => {
            for told in [back, desk.runbook(&["rollback", &run])] {
                assert_eq!(told.code, 6, "{who}, a rollback goes on:\n{}", told.gist());
                let stuck = told.records(&["stuck"]).into_values().next().unwrap();
                let said = stuck["why"].as_str().unwrap();
                assert!(said.contains(why), "{who}, a rollback does not say {why:?} but\n{said}");
                let changed = difference(&before, &bench.look_at(place), Apart::Nothing);
                assert!(changed.is_none(), "{who}, a rollback that stops changes something:\n{}", changed.unwrap());
            }
        }
        Then::Leaves(script) => {
            assert_eq!(back.code, 4, "{who}, a rollback stops:\n{}", back.gist());
            bench.script(place, script);
        }
    }
    desk.keeps_secrets();
}
