//! `compare` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn compare() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "compare")
        .roles(&["old", "new", "mirror1"])
        .secret("word", "open sesame 4711")
        .on(&[])
        .case("the same", |c| {
            c.step(
                r#"
                compare:
                  left: {on: old, run: 'printf "%s\n" "$A" "it''s $(id -un)"', env: {A: "{{ secrets.word }}"}}
                  right: {on: new, become: root, env: {A: "{{ secrets.word }}"}, run: "printf '%s\\n' \"$A\"; echo \"it's root\""}"#,
            )
            .acts()
            .foresees("compare old with new")
            .outputs("it's root")
            .crashes()
        })
        .case("the same, and long", |c| {
            c.step("compare: {left: {on: old, run: seq 700000}, right: {on: mirror1, run: seq 700000}}").acts()
        })
        .case("here and there", |c| {
            c.step("compare: {left: {on: local, run: echo a}, right: {on: old, become: daemon, run: '[ $(id -un) = daemon ]; echo a'}}")
                .acts()
        })
        .case("as a check", |c| {
            c.on(&["old"]).step(
                r#"
                file: {path: "HERE/f", state: present}
                verify:
                  - compare: {left: {on: old, run: cat /etc/debian_version}, right: {on: new, run: cat /etc/debian_version}}"#,
            )
        })
        .case("different", |c| {
            c.step("compare: {left: {on: old, run: hostname}, right: {on: new, run: hostname}}").fails("-old")
        })
        .case("one fails", |c| {
            c.step("compare: {left: {on: old, run: echo a}, right: {on: new, run: 'echo a; no-such-command'}}")
                .fails("`right`, on new, exited with 127")
        })
        .hold();
}
