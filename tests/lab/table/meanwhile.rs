//! Somebody else changes something between the look at it and the deed.

use super::bench::{Bench, Place};
use super::book::Desk;
use super::cases::Table;
use super::compare::{Apart, difference};
use super::paused::Paused;

pub(super) fn hold(table: &Table<'_>, bench: &Bench<'_>, place: &Place, which: usize) {
    let meanwhile = &place.case.meanwhile[which];
    let who = format!("{}, with `{}` meanwhile", place.case.name, meanwhile.does);
    let desk = Desk::new(table, &[place]);
    let paused = Paused::start(desk.command(&["run", "BOOK"]), desk.operator.state.path()).until("intended", place);
    bench.script(place, &meanwhile.does);
    let theirs = bench.look_at(place);
    let run = paused.finish();
    let failed = run.records(&["settled"]).into_values().next();
    let failed = failed.unwrap_or_else(|| panic!("{who}, nothing is told of it:\n{}", run.gist()));
    let (said, due) = (failed["outcome"].to_string(), &meanwhile.why);
    assert!(failed["outcome"]["end"] == "failed" && said.contains(due), "{who}, it does not say {due:?}: {said}");
    let stays = |when: &str| {
        let changed = difference(&theirs, &bench.look_at(place), Apart::Clocks);
        assert!(changed.is_none(), "{who}, {when} it is not as they left it:\n{}", changed.unwrap());
    };
    stays("afterwards");
    desk.runbook(&["rollback"]).ended(4);
    stays("taken back");
    desk.keeps_secrets();
}
