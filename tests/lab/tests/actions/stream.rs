//! `stream` between real hosts.

use crate::lab::Lab;
use crate::table::Table;

fn table<'a>(lab: &'a Lab, name: &str) -> Table<'a> {
    Table::new(lab, name).roles(&["old", "new", "mirror1"]).secret("word", "open sesame 4711").on(&["new"])
}

#[test]
fn stream() {
    let Some(lab) = Lab::before() else { return };
    table(&lab, "stream")
        .case("a tree", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "tar -C /etc/libravatar -cf - ."}
                  to: {on: new, become: root, run: "mkdir -p \"$TO\" && tar -C \"$TO\" -xf -", env: {TO: "HERE/etc"}}
                undo: rm -rf QUOTED_HERE/etc"#,
            )
            .acts()
            .foresees("stream from old to new, from host to host (direct): old reaches new")
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

#[test]
fn stream_into_files() {
    let Some(lab) = Lab::before() else { return };
    table(&lab, "stream-into-files")
        .case("a file, whole", |c| {
            c.given("printf 'before\\n' >f; chown daemon:adm f; chmod 640 f; setfacl -m u:games:r f; ln -s f l")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: "cat /etc/debian_version; printf %s \"$WORD\"", env: {WORD: "{{ secrets.word }}"}}
                      to: {on: new, file: "HERE/l"}
                      via: relay"#,
                )
                .acts()
                .foresees("is a link: ")
                .foresees("it is known once it has come")
                .leaves("[ \"$(tail -c 16 f)\" = 'open sesame 4711' ] && [ -L l ] && [ \"$(stat -c %U:%G:%a f)\" = daemon:adm:640 ]")
                .crashes()
                .stops_after("echo x >>f", "has changed since")
                .goes_back_after("ln f g", "[ \"$(cat f)\" = before ] && [ -s g ]")
        })
        .case("a new file, as asked, from a file", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, file: /etc/libravatar/settings.json}
                  to: {on: new, become: root, file: "HERE/-n it's", owner: daemon, group: adm, mode: 0440}
                  via: relay"#,
            )
            .acts()
            .leaves("[ -s \"./-n it's\" ] && [ \"$(stat -c %U:%G:%a \"./-n it's\")\" = daemon:adm:440 ]")
            .crashes()
        })
        .case("a long file that stood there", |c| {
            c.given("truncate -s 70M f; echo end >>f")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: echo short}
                      to: {on: new, file: "HERE/f"}
                      via: staging"#,
                )
                .acts()
                .leaves("[ \"$(cat f)\" = short ]")
                .crashes()
        })
        .case("a file of somebody without rights", |c| {
            c.given("chown daemon .")
                .step(
                    r#"
                    stream:
                      from: {on: old, become: daemon, run: id -un}
                      to: {on: new, become: daemon, file: "HERE/f", mode: 0644}"#,
                )
                .acts()
                .leaves("[ \"$(cat f)\" = daemon ] && [ \"$(stat -c %U f)\" = daemon ]")
        })
        .case("the source of a file fails", |c| {
            c.given("echo before >f")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: "head -c 3000000 /dev/zero; exit 3"}
                      to: {on: new, file: "HERE/f"}"#,
                )
                .fails("nothing was put in place of")
        })
        .case("no room for a file", |c| {
            c.given("mkdir small; mount -t tmpfs -o size=1m,mode=755 tmpfs small; echo before >small/f")
                .cleared_by("umount small")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: "head -c 3000000 /dev/zero"}
                      to: {on: new, file: "HERE/small/f"}"#,
                )
                .fails("`to`, on new, exited with")
        })
        .case("a file that is not there", |c| {
            c.step(r#"stream: {from: {on: old, file: "HERE/f"}, to: {on: new, run: cat}}"#).folders(&["new"]).on(&[]).blocked("there is no ")
        })
        .hold();
}

#[test]
fn stream_direct() {
    let Some(lab) = Lab::before() else { return };
    table(&lab, "stream-direct")
        .case("direct, into a file", |c| {
            c.folders(&["old", "new"])
                .given("[ $ROLE = old ] || { printf 'before\\n' >f; chmod 604 f; }")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: 'echo "$WORD"; while [ -e "$H/slow" ]; do sleep 0.05; done; echo b', env: {H: "HERE", WORD: "{{ secrets.word }}"}}
                      to: {on: new, file: "HERE/f"}
                      via: direct"#,
                )
                .acts()
                .foresees("from host to host (direct): old reaches new")
                .leaves("[ $ROLE = old ] || { [ \"$(cat f)\" = \"open sesame 4711\"$'\\n'b ] && [ \"$(stat -c %a f)\" = 604 ]; }")
                .crashes_in_the_middle(
                    "[ $ROLE = new ] || touch slow",
                    "[ $ROLE = old ] || ls -A | grep -q runbook-",
                    "[ $ROLE = new ] || rm slow; sleep 0.5",
                )
        })
        .case("direct, into a script of somebody else, whom it waits for", |c| {
            c.given("chown daemon .")
                .step(
                    r#"
                    stream:
                      from: {on: old, become: daemon, run: 'seq 100000; id -un'}
                      to: {on: new, become: daemon, run: '>"$TO.begun"; while [ -e "$TO.slow" ]; do sleep 0.05; done; tail -n 1 >"$TO"; echo "it''s done"', env: {TO: "HERE/f"}}
                      via: direct
                    undo: rm -f QUOTED_HERE/f QUOTED_HERE/f.begun"#,
                )
                .acts()
                .outputs("it's done")
                .leaves("[ \"$(cat f)\" = daemon ] && [ \"$(stat -c %U f)\" = daemon ]")
                .crashes_in_the_middle("touch f.slow", "[ -e f.begun ]", "rm f.slow; sleep 0.5")
        })
        .case("direct, and the source fails", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "head -c 3000000 /dev/zero; echo no such table >&2; exit 3"}
                  to: {on: new, run: "cat >/dev/null; touch \"$TO\"", env: {TO: "HERE/ended"}}
                  via: direct
                undo: nothing"#,
            )
            .fails("`from`, on old, exited with 3")
        })
        .case("direct, and the sink fails", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: "sleep 300; echo never"}
                  to: {on: new, run: "echo disk full >&2; exit 4"}
                  via: direct
                undo: nothing"#,
            )
            .fails("`to`, on new, exited with 4")
        })
        .case("direct, and the disk is full", |c| {
            c.given("mkdir small; mount -t tmpfs -o size=1m,mode=755 tmpfs small; echo before >small/f")
                .cleared_by("umount small")
                .step(
                    r#"
                    stream:
                      from: {on: old, run: "head -c 3000000 /dev/zero"}
                      to: {on: new, file: "HERE/small/f"}
                      via: direct"#,
                )
                .fails("`to`, on new, exited with")
        })
        .case("direct, with a secret at the other end", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: echo a}
                  to: {on: new, run: 'cat; echo "$WORD"', env: {WORD: "{{ secrets.word }}"}}
                  via: direct"#,
            )
            .blocked("the `env` of `to` has a secret")
        })
        .hold();
}

#[test]
fn stream_and_nobody_who_knows() {
    let Some(lab) = Lab::before() else { return };
    table(&lab, "stream-and-nobody-who-knows")
        .one_at_a_time()
        .case("a script, and nobody who knows", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: echo a}
                  to: {on: new, run: 'cat >"$TO"', env: {TO: "HERE/f"}}
                  via: relay
                on_failure: stop
                undo: rm -f QUOTED_HERE/f"#,
            )
            .acts()
            .leaves("[ \"$(cat f)\" = a ]")
            .asks_after_a_crash()
        })
        .case("a script, through a file of ours, and a verify that tells", |c| {
            c.step(
                r#"
                stream:
                  from: {on: old, run: echo a}
                  to: {on: new, run: 'cat >"$TO.new"; mv -- "$TO.new" "$TO"', env: {TO: "HERE/f"}}
                  via: staging
                verify: grep -qx a QUOTED_HERE/f
                on_failure: stop
                undo: rm -f QUOTED_HERE/f"#,
            )
            .acts()
            .foresees("through a file of this machine (staging)")
            .leaves("[ \"$(cat f)\" = a ]")
            .verify_tells_after_a_crash()
        })
        .hold();
}
