//! `stream` between real hosts.

use crate::lab::Lab;
use crate::table::Table;

#[test]
fn stream() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "stream")
        .roles(&["old", "new", "mirror1"])
        .secret("word", "open sesame 4711")
        .on(&["new"])
        .case("a tree", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "tar -C /etc/libravatar -cf - ."}
                  to: {on: new, become: root, run: "mkdir -p \"$TO\" && tar -C \"$TO\" -xf -", env: {TO: "HERE/etc"}}
                undo: rm -rf QUOTED_HERE/etc"#,
            )
            .acts()
            .foresees("stream from old to new, by way of this machine")
            .leaves("[ -n \"$(ls -A etc)\" ]")
        })
        .case("many bytes", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "head -c 30000001 /dev/zero; printf %s \"$WORD\"", env: {WORD: "{{ secrets.word }}"}}
                  to: {on: new, run: "cat >\"$TO\"", env: {TO: "HERE/f"}}
                undo: rm -f QUOTED_HERE/f"#,
            )
            .acts()
            .leaves("[ \"$(stat -c %s f)\" = 30000017 ] && [ \"$(tail -c 16 f)\" = 'open sesame 4711' ]")
        })
        .case("a dump into a database", |c| {
            c.given("cd /; su postgres -s /bin/sh -c 'createdb \"$SELF\"'")
                .cleared_by("cd /; su postgres -s /bin/sh -c 'dropdb \"$SELF\"'")
                .step(
                    r#"
                    stream:
                      from: {on: old, become: postgres, run: pg_dump --no-owner --no-privileges libravatar}
                      to: {on: new, become: postgres, run: [psql, -qX, --set, ON_ERROR_STOP=1, --single-transaction, -f, "-", SELF]}
                    become: postgres
                    undo: [{sql: {database: SELF, script: "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"}}]"#,
                )
                .acts()
        })
        .case("the source fails", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "head -c 3000000 /dev/zero; exit 3"}
                  to: {on: new, run: "cat >/dev/null; touch \"$TO\"", env: {TO: "HERE/ended"}}
                undo: nothing"#,
            )
            .fails("`from`, on old, exited with 3")
        })
        .case("the sink fails", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "cat /dev/zero"}
                  to: {on: new, run: "head -c 100000 >/dev/null; exit 5"}
                undo: nothing"#,
            )
            .fails("`to`, on new, exited with 5")
        })
        .case("no way back", |c| {
            c.step("stream: {from: {on: old, run: echo a}, to: {on: mirror1, run: cat}}").acts().no_way_back("has no undo of its own")
        })
        .hold();
}
