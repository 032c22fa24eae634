//! The tables themselves: a case that claims what is not so does not hold, and the reason is told.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::lab::Lab;
use crate::table::Table;

/// Holds a table that lies, and looks for what it is found out by.
fn is_found_out(lab: &Lab, words: &[&str], lying: impl FnOnce(Table<'_>) -> Table<'_>) {
    lab.tool(&["before", "old"]);
    let table = lying(Table::new(lab, "claims").on(&["old"]).plain_names());
    let Err(said) = catch_unwind(AssertUnwindSafe(|| table.hold())) else { panic!("nobody notices: {words:?}") };
    let said = said.downcast_ref::<String>().cloned().or_else(|| said.downcast_ref::<&str>().map(ToString::to_string));
    let said = said.expect("it says why");
    for words in words {
        assert!(said.contains(words), "not found out by {words:?}, but by:\n{said}");
    }
}

#[test]
fn a_false_claim_about_the_round_is_found_out() {
    let Some(lab) = Lab::before() else { return };
    is_found_out(
        &lab,
        &[
            "leaves on old: `grep -q b f` does not hold",
            "goes back on old: taken back, it is not as before",
            "is there already on old: expected (\"as_asked\"",
            "once on old: run again, it does not find it done",
            "says on old: its stdout is not \"b\"",
            "foresees on old: the dry run does not say \"no such words\"",
            "is blocked on old: expected \"no such words\"",
            "fails on old: expected \"no such words\"",
            "fails and leaves nothing on old: it leaves ",
            "only looks on old: the dry run changes something",
        ],
        |table| {
            let undo = "undo: rm -f QUOTED_HERE/f";
            let writes = format!("run: 'echo a >QUOTED_HERE/f; echo a'\n{undo}");
            let fails = "run: 'echo a >QUOTED_HERE/f; exit 3'\nundo: nothing";
            table
                .case("leaves", |c| c.step(&writes).acts().leaves("grep -q b f"))
                .case("goes back", |c| c.step("run: 'echo a >>QUOTED_HERE/f'\nundo: nothing").acts())
                .case("is there already", |c| c.step("file: {path: \"HERE/f\", state: present}").satisfied())
                .case("once", |c| c.step(&writes))
                .case("says", |c| c.step(&writes).acts().outputs("b"))
                .case("foresees", |c| c.step(&writes).acts().foresees("no such words"))
                .case("is blocked", |c| c.step("line: {path: \"HERE/f\", line: a}").blocked("no such words"))
                .case("fails", |c| c.step(&format!("run: exit 3\n{undo}")).fails("no such words"))
                .case("fails and leaves nothing", |c| c.step(fails).fails("exited with 3"))
                .case("only looks", |c| c.step(&format!("{writes}\nunless: 'touch QUOTED_HERE/looked; false'")).acts())
        },
    );
}

#[test]
fn what_is_left_elsewhere_is_found_out() {
    let Some(lab) = Lab::before() else { return };
    is_found_out(&lab, &["left behind on old"], |table| {
        table.case("litter", |c| c.step("run: touch /etc/.x.runbook-1\nundo: nothing").acts())
    });
    is_found_out(&lab, &["the hosts are not as before", "/etc/litter"], |table| {
        table.case("more litter", |c| c.step("run: touch /etc/litter\nundo: nothing").acts())
    });
}

#[test]
fn a_false_claim_about_somebody_else_or_a_crash_is_found_out() {
    let Some(lab) = Lab::before() else { return };
    let file = "copy: {content: a, dest: \"HERE/f\"}";
    is_found_out(&lab, &["a rollback goes on"], |table| {
        table.case("stops", |c| c.step(file).stops_after("touch g", "has changed since"))
    });
    is_found_out(&lab, &["a rollback does not say \"no such words\""], |table| {
        table.case("says why", |c| c.step(file).stops_after("echo b >f", "no such words"))
    });
    is_found_out(&lab, &["a rollback stops"], |table| {
        table.case("goes back", |c| c.step(file).goes_back_after("echo b >f", "true"))
    });
    is_found_out(&lab, &["`[ -e f ]` fails"], |table| {
        table.case("keeps", |c| c.step(file).goes_back_after("touch g", "[ -e f ]"))
    });
    is_found_out(&lab, &["a rollback goes on"], |table| table.case("no way back", |c| c.step(file).no_way_back("")));
    // What can be found out needs nobody to be asked.
    is_found_out(&lab, &["nobody is asked whether it was done"], |table| {
        table.case("asks", |c| c.step(file).asks_after_a_crash())
    });
    // And what cannot does need somebody.
    is_found_out(&lab, &["c01"], |table| {
        let to = r#"{on: old, run: 'cat >>"$TO"', env: {TO: "HERE/f"}}"#;
        let step =
            format!("stream: {{from: {{on: old, run: echo a}}, to: {to}, via: relay}}\nundo: rm -f QUOTED_HERE/f");
        table.case("goes on by itself", |c| c.step(&step).acts().crashes())
    });
}
