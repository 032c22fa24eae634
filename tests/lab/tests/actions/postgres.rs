//! `postgres` on real hosts.

use crate::lab::Lab;
use crate::operator::{Operator, eventually};
use crate::table::{Case, Table};

/// Databases on old, roles on both, and a program on new that stands still or cheats where a case wants it to.
fn prepare(lab: &Lab) {
    lab.on(
        "old",
        "systemctl stop apache2 pgbouncer
         sql() { runuser -u postgres -- psql -wXAtq -v ON_ERROR_STOP=1 \"$@\"; }
         cd /
         source=\"so ur'ce é\"
         sql -c \"CREATE DATABASE \\\"$source\\\" TEMPLATE libravatar OWNER djangouser\"
         sql -c \"COMMENT ON DATABASE \\\"$source\\\" IS 'it''s \\\\ the source'\" -c \"ALTER DATABASE \\\"$source\\\" SET work_mem = '5MB'\"
         sql -c 'CREATE ROLE \"No Body\"' -c 'CREATE DATABASE roles'
         PGDATABASE=roles sql -c 'CREATE TABLE theirs ()' -c 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO \"No Body\"'
         sql -c 'CREATE DATABASE extended'
         PGDATABASE=extended sql -c 'CREATE EXTENSION hstore'
         sql -c 'CREATE DATABASE busy TEMPLATE libravatar'
         PGDATABASE=busy PGAPPNAME='the old site' setsid runuser -u postgres -- psql -qc 'SELECT pg_sleep(3600)' </dev/null >/dev/null 2>&1 &",
    );
    lab.on(
        "old",
        r#"cat >/usr/local/bin/pg_dump <<'E'
#!/bin/sh
n=${W%/from}
n=${n##*/}
n=${n%@*}
case "$*" in *-Fd*) while [ -e "/run/hold-dump-$n" ]; do : >"/tmp/held-dump-$n"; sleep 0.1; done ;; esac
exec /usr/lib/postgresql/15/bin/pg_dump "$@"
E
           cat >/usr/local/bin/ssh <<'E'
#!/bin/sh
n=$(pwd -P)
n=${n%/direct}
n=${n##*/}
n=${n%@*}
[ -e "/run/hold-ssh-$n" ] || exec /usr/bin/ssh "$@"
{ head -c 20000; while [ -e "/run/hold-ssh-$n" ]; do : >"/tmp/held-ssh-$n"; sleep 0.1; done; cat; } | /usr/bin/ssh "$@"
E
           chmod 755 /usr/local/bin/pg_dump /usr/local/bin/ssh"#,
    );
    lab.on(
        "new",
        r#"cd /
           runuser -u postgres -- createuser djangouser
           mv /usr/share/postgresql/15/extension/hstore.control /usr/share/postgresql/15/extension/hstore.control.away
           cat >/usr/local/bin/pg_restore <<'E'
#!/bin/sh
case "$*" in *--exit-on-error*) ;; *) exec /usr/lib/postgresql/15/bin/pg_restore "$@" ;; esac
n=${NEW%%_new_*}
while [ -e "/run/hold-$n" ]; do : >"/tmp/held-$n"; sleep 0.1; done
/usr/lib/postgresql/15/bin/pg_restore "$@" || exit
case $NEW in *torn*) ;; *) exit ;; esac
PGDATABASE=$NEW psql -qXc 'DELETE FROM emails WHERE user_id = 7; DELETE FROM photos WHERE user_id = 7; DELETE FROM users WHERE id = 7'
E
           chmod 755 /usr/local/bin/pg_restore"#,
    );
}

/// More databases on old that new is not ready for, and two small disks.
fn furnish(lab: &Lab) {
    lab.on(
        "old",
        "sql() { runuser -u postgres -- psql -wXAtq -v ON_ERROR_STOP=1 \"$@\"; }
         cd /
         sql -c 'CREATE DATABASE aged'
         PGDATABASE=aged sql -c 'CREATE EXTENSION citext'
         # A locale that new has not, which is another's by another name.
         cp -a /usr/lib/locale/C.utf8 /usr/lib/locale/xx_XX.utf8
         sql -c \"CREATE DATABASE elsewhere TEMPLATE template0 LC_COLLATE 'xx_XX.utf8' LC_CTYPE 'C.UTF-8'\"
         sql -c 'CREATE DATABASE ordered TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE \"de-u-co-phonebk\"' -c \"ALTER DATABASE ordered SET lc_time = 'xx_XX.utf8'\"
         sql -c 'CREATE DATABASE latin'
         PGDATABASE=latin sql -c \"CREATE TABLE words AS SELECT unnest(ARRAY['Ärger', 'Affe', 'az']) AS w\"
         mkdir /srv/fast; chown postgres /srv/fast
         sql -c \"CREATE TABLESPACE fast LOCATION '/srv/fast'\" -c 'CREATE DATABASE large TABLESPACE fast'
         PGDATABASE=large sql -c 'CREATE TABLE much AS SELECT n, repeat(n::text, 100) AS t FROM generate_series(1, 10000) n'
         useradd -m dba; mount -t tmpfs -o size=1m,mode=700,uid=\"$(id -u dba)\" tmpfs /home/dba
         sql -c 'CREATE ROLE dba SUPERUSER LOGIN'",
    );
    lab.on(
        "new",
        r#"cd /
           sed -i "s/^default_version.*/default_version = '1.5'/" /usr/share/postgresql/15/extension/citext.control
           mkdir /srv/fast; mount -t tmpfs -o size=1m,mode=700,uid="$(id -u postgres)" tmpfs /srv/fast
           runuser -u postgres -- psql -wXAtqc "CREATE TABLESPACE fast LOCATION '/srv/fast'""#,
    );
}

/// The databases of the case's own: what is known of them from outside, and all that the asked one holds.
const STATE: &str = r#"
cd /
runuser -u postgres -- psql -XAtq -v name="$SELF" <<'E' | sed 's/_\(before\|after\|new\)_[0-9a-z_]*/_\1/'
SELECT datname, datallowconn, datconnlimit, datdba::regrole, pg_encoding_to_char(encoding), datcollate, datctype, datacl,
    shobj_description(d.oid, 'pg_database'), setconfig
FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE starts_with(datname, :'name') ORDER BY 1;
E
runuser -u postgres -- pg_dump "$SELF" 2>/dev/null | grep -v -e '^--' -e restrict | md5sum
"#;

const CLEARED: &str = r#"
cd /
runuser -u postgres -- psql -XAtq -v name="$SELF" <<'E'
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname) FROM pg_database WHERE starts_with(datname, :'name') \gexec
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE starts_with(datname, :'name') \gexec
E
"#;

/// Something of that name stands there.
const STANDING: &str = r#"
cd /
runuser -u postgres -- createdb "$SELF"
PGDATABASE=$SELF runuser -u postgres -- psql -qXc 'CREATE TABLE stood AS SELECT 1 AS x'
"#;

const SOURCE: &str = r#""so ur'ce é""#;

fn step(from: &str, role: &str, more: &str) -> String {
    format!(
        "postgres: {{from: {{on: old, database: {from}, become: postgres}}, \
         to: {{on: {role}, database: SELF, owner: djangouser, encoding: UTF8, become: postgres}}{more}}}"
    )
}

/// A case whose controller is killed while that program stands still on old.
fn held(case: Case, program: &str) -> Case {
    let on_old = |script: &str| format!("[ $ROLE = new ] || {{ {} }}", script.replace("PROGRAM", program));
    case.folders(&["old", "new"])
        .state(STATE)
        .cleared_by(CLEARED)
        .leaves(&format!("[ $ROLE = old ] || [ \"$({})\" = 412 ]", psql("SELECT count(*) FROM users")))
        .crashes_in_the_middle(
            &on_old("rm -f /tmp/held-PROGRAM-$SELF; touch /run/hold-PROGRAM-$SELF;"),
            &on_old("[ -e /tmp/held-PROGRAM-$SELF ];"),
            &on_old("rm -f /run/hold-PROGRAM-$SELF; sleep 0.3; rm -f /tmp/held-PROGRAM-$SELF;"),
        )
}

/// A script for the case's database.
fn psql(sql: &str) -> String {
    format!("cd /; PGDATABASE=$SELF runuser -u postgres -- psql -XAtqc \"{sql}\"")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn postgres() {
    let Some(lab) = Lab::before() else { return };
    prepare(&lab);
    furnish(&lab);
    let moved = |role: &str| step(SOURCE, role, "");
    let counts = "SELECT count(*), (SELECT count(*) FROM emails), (SELECT count(*) FROM pg_largeobject_metadata), \
                  (SELECT last_value || is_called::text FROM photos_id_seq) FROM users";
    let later = "a=$(runuser -u postgres -- psql -XAtql | sed -n \"s/^\\(${SELF}_after_[^|]*\\).*/\\1/p\")
                 [ \"$(PGDATABASE=$a runuser -u postgres -- psql -XAtqc 'SELECT motto FROM users WHERE id = 3')\" = later ]";
    Table::new(&lab, "postgres")
        .plain_names()
        .one_at_a_time()
        .on(&["new"])
        .roles(&["old"])
        .case("fresh", |c| {
            c.step(&moved("new"))
                .state(STATE)
                .cleared_by(CLEARED)
                .foresees("move database so ur'ce é of old to new as ")
                .foresees("the dump goes from host to host (direct): old reaches new")
                .foresees("compared with the dump before it is put in place: encoding, rows of every table")
                .leaves(&format!("[ \"$({})\" = '412|735|2|90210false' ]", psql(counts)))
                .crashes_in_the_middle(
                    "rm -f /tmp/held-$SELF; touch /run/hold-$SELF",
                    "[ -e /tmp/held-$SELF ]",
                    "rm -f /run/hold-$SELF; sleep 0.3; rm -f /tmp/held-$SELF",
                )
        })
        .case("standing", |c| {
            c.given(STANDING)
                .step(&moved("new"))
                .state(STATE)
                .cleared_by(CLEARED)
                .foresees("it goes aside as ")
                .leaves("cd /; runuser -u postgres -- psql -XAtql | grep -q \"^${SELF}_before_\"")
                // What was written to the copy is kept, and what stood there is back.
                .goes_back_after(
                    &psql("UPDATE users SET motto = 'later' WHERE id = 3"),
                    &format!("[ \"$({})\" = 1 ]\n{later}", psql("SELECT x FROM stood")),
                )
                .stops_after(
                    "cd /; runuser -u postgres -- psql -qXc \"ALTER DATABASE \\\"$SELF\\\" RENAME TO \\\"$SELF-mine\\\"\"
                     runuser -u postgres -- createdb \"$SELF\"",
                    "another database stands there now",
                )
        })
        .case("killed in the dump", |c| held(c.step(&step(SOURCE, "new", ", via: direct")), "dump"))
        .case("killed in the transfer", |c| held(c.step(&step(SOURCE, "new", ", via: direct")), "ssh"))
        .case("by relay", |c| {
            c.step(&step(SOURCE, "new", ", via: relay"))
                .state(STATE)
                .cleared_by(CLEARED)
                .foresees("the dump goes by way of this process (relay)")
        })
        .case("by a password", |c| {
            c.on(&["keeper"])
                .step(&moved("keeper"))
                .state(STATE)
                .cleared_by(CLEARED)
                .foresees("(relay): keeper cannot become postgres on keeper without a password")
        })
        .case("no passage", |c| {
            c.on(&["keeper"])
                .step(&step(SOURCE, "keeper", ", via: direct"))
                .state(STATE)
                .blocked("there is no direct way: keeper cannot become postgres on keeper without a password")
        })
        .case("live", |c| {
            c.step(&step("busy", "new", ", live: true")).state(STATE).cleared_by(CLEARED).foresees("the old site")
        })
        .case("in use", |c| {
            c.step(&step("busy", "new", "")).state(STATE).blocked("somebody is connected to the database on old")
        })
        .case("roles", |c| {
            c.step(&step("roles", "new", "")).state(STATE).blocked("have a privilege there: No Body; make them first")
        })
        .case("extensions", |c| {
            c.step(&step("extended", "new", ""))
                .state(STATE)
                .blocked("new lacks extensions that the database has: hstore (not installed)")
        })
        .case("an older extension", |c| {
            c.step(&step("aged", "new", "")).state(STATE).blocked("lacks extensions that the database has: citext (1.5, and old has 1.6)")
        })
        .case("a locale", |c| {
            c.step(&step("elsewhere", "new", "")).state(STATE).blocked("new has no locale xx_XX.utf8: generate it there")
        })
        .case("another locale", |c| {
            c.step(&step("elsewhere", "new", "").replace("encoding: UTF8", "locale: C.UTF-8"))
                .state(STATE)
                .cleared_by(CLEARED)
                .foresees("UTF8, locale C.UTF-8")
                .leaves(&format!("[ \"$({})\" = C.UTF-8 ]", psql("SELECT datcollate FROM pg_database WHERE datname = current_database()")))
        })
        .case("another encoding", |c| {
            c.step(&step("latin", "new", ", parity: content").replace("encoding: UTF8", "encoding: latin1, locale: C"))
                .state(STATE)
                .cleared_by(CLEARED)
                .leaves(&format!(
                    "[ \"$({})\" = 'LATIN1|13|rger' ]",
                    psql("SELECT getdatabaseencoding(), octet_length(string_agg(w, ',' ORDER BY w)), right(string_agg(w, ',' ORDER BY w), 4) FROM words")
                ))
        })
        .case("a setting that new does not take", |c| {
            c.given(STANDING)
                .cleared_by(CLEARED)
                .step(&step("ordered", "new", ""))
                .state(&STATE.replace("starts_with(datname, :'name')", "datname = :'name'"))
                .fails("lc_time")
        })
        .case("no room for the dump", |c| {
            c.step(&step("large", "new", "").replacen("become: postgres", "become: dba", 1))
                .state(STATE)
                .blocked("old has 1.0 MiB free, and up to")
        })
        .case("no room in a tablespace", |c| {
            c.step(&step("large", "new", "")).state(STATE).blocked("are needed for a tablespace")
        })
        .case("torn", |c| {
            // The copy is left to be looked at, until the step is taken back.
            c.given(STANDING)
                .cleared_by(CLEARED)
                .step(&moved("new"))
                .state(&STATE.replace("starts_with(datname, :'name')", "datname = :'name'"))
                .fails("table public.users: 412 rows on old, 411 on new")
        })
        .hold();
}

/// The host of the target loses its power while the database is restored there: the same run goes on once it is up.
#[test]
fn a_restore_survives_the_power_cord() {
    let Some(lab) = Lab::before() else { return };
    prepare(&lab);
    let before = lab.listing(&["old", "new"]);
    let operator = Operator::new(&lab);
    let step = step(SOURCE, "new", "").replace("SELF", "\"Ångström's\"");
    let hosts = "hosts: {old: old, new: {ssh: new, become: root}}";
    let book = operator.write_book(&format!("runbook: 1\nname: power\n{hosts}\nsteps:\n  - id: move\n    {step}\n"));
    lab.on("new", "touch \"/run/hold-Ångström's\"");
    let mut run = operator.start(operator.command(&["run", &book]));
    eventually(60, "the database is being restored", || {
        assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", operator.said());
        lab.holds("new", "[ -e \"/tmp/held-Ångström's\" ]")
    });
    lab.tool(&["power", "new", "cut"]);
    lab.tool(&["power", "new", "boot"]);
    // What holds the restore is gone with the power: /run is new.
    assert_eq!(run.wait().unwrap().code(), Some(0), "{}", operator.said());
    assert!(operator.said().contains("begun anew"), "{}", operator.said());
    let rows = "cd /; PGDATABASE=\"Ångström's\" runuser -u postgres -- psql -XAtqc 'SELECT count(*) FROM users'";
    assert_eq!(lab.on("new", rows), "412\n");
    operator.roll_back();
    lab.on("new", "rm -f \"/tmp/held-Ångström's\"");
    assert_eq!(lab.listing(&["old", "new"]), before);
}

/// Somebody comes back to the old site while its database is restored on the new host, writes, and goes.
#[test]
fn what_is_written_to_the_source_meanwhile_holds_the_swap_up() {
    let Some(lab) = Lab::before() else { return };
    prepare(&lab);
    lab.on("new", "cd /; runuser -u postgres -- createdb site; touch /run/hold-site");
    let before = lab.listing(&["old", "new"]);
    let operator = Operator::new(&lab);
    let hosts = "hosts: {old: old, new: {ssh: new, become: root}}";
    let step = step("libravatar", "new", "").replace("SELF", "site");
    let book =
        operator.write_book(&format!("runbook: 1\nname: meanwhile\n{hosts}\nsteps:\n  - id: move\n    {step}\n"));
    let mut run = operator.start(operator.command(&["run", &book]));
    eventually(60, "the database is being restored", || {
        assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", operator.said());
        lab.holds("new", "[ -e /tmp/held-site ]")
    });
    let on_old =
        |sql: &str| lab.on("old", &format!("cd /; PGDATABASE=libravatar runuser -u postgres -- psql -XAtqc \"{sql}\""));
    on_old("UPDATE users SET motto = 'late' WHERE id = 3");
    lab.on("new", "rm /run/hold-site");
    assert_eq!(run.wait().unwrap().code(), Some(1), "{}", operator.said());
    let said = operator.said();
    assert!(
        said.contains("libravatar on old has been in use since it was dumped")
            && said.contains("1 newer in public.users"),
        "{said}"
    );
    assert_eq!(lab.on("new", "cd /; PGDATABASE=site runuser -u postgres -- psql -XAtqc 'SELECT count(*) FROM pg_class WHERE oid >= 16384'"), "0\n");
    // Once nobody does any more, the next try has it.
    operator.runbook(&["retry", &operator.run_id(), "move"]).ended(0);
    operator.runbook(&["resume"]).ended(0);
    assert_eq!(
        lab.on(
            "new",
            "cd /; PGDATABASE=site runuser -u postgres -- psql -XAtqc 'SELECT motto FROM users WHERE id = 3'"
        ),
        "late\n"
    );
    operator.roll_back();
    lab.on("new", "rm -f /tmp/held-site");
    let changed = lab.listing(&["old", "new"]);
    let changed = similar::TextDiff::from_lines(&before, &changed);
    let changed: Vec<_> = changed
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| change.value())
        .collect();
    assert!(changed.len() == 2 && changed.iter().all(|line| line.contains("users")), "{changed:?}");
}
