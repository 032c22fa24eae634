//! Databases that are moved between two servers of this machine.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use runbook::actions::{ActionError, Check, Read, Stash, Verdict, Write};
use runbook::events::Progress;
use runbook::events::record::Outputs;
use runbook::transport::fake::{Fault, Given};
use runbook::transport::{Effect, Fake};
use serde_json::Value;

use super::clusters::Clusters;
use super::world::{Applied, World, action, y};

/// A database whose name, and the names in it, are as bad as they can be.
const HOSTILE: &str = "It's \"größe\" = $(x); 'a'";

const FILL: &str = r#"
CREATE ROLE "Jo ""the"" O'Brien" LOGIN;
CREATE SCHEMA "Schema; DROP" AUTHORIZATION "Jo ""the"" O'Brien";
CREATE TABLE "Schema; DROP"."a	tab, ""quotes"", größe" (id serial PRIMARY KEY, value numeric, "runbook" text);
INSERT INTO "Schema; DROP"."a	tab, ""quotes"", größe" (value, runbook) SELECT CASE n WHEN 3 THEN 'NaN' ELSE n::numeric END, repeat('ü', n) FROM generate_series(1, 100) n;
CREATE TABLE plain (id int);
CREATE SEQUENCE "Down = 1" INCREMENT BY -7 MAXVALUE 1000 START WITH 1000;
SELECT nextval('"Down = 1"');
CREATE SEQUENCE untouched START WITH 41;
SELECT lo_from_bytea(70001, 'whole'), lo_from_bytea(70002, decode(repeat('89504e47', 5000), 'hex'));
GRANT SELECT ON plain TO "Jo ""the"" O'Brien";
"#;

/// The move of `database`, which is there as `to`.
pub(super) fn book(clusters: &Clusters, database: &str, to: &str, more: &str) -> String {
    let name = |text: &str| serde_json::to_string(text).unwrap();
    format!(
        "{{from: {{on: old, database: {}, socket: {}}}, to: {{on: new, database: {}, socket: {}}}{more}}}",
        name(database),
        y(&clusters.socket("old")),
        name(to),
        y(&clusters.socket("new")),
    )
}

/// A source with a database of that name, and the roles that it needs on both.
pub(super) fn filled(clusters: &Clusters, database: &str) {
    let ident = format!("\"{}\"", database.replace('"', "\"\""));
    clusters.sql("old", "postgres", &format!("CREATE DATABASE {ident}"));
    let fill = clusters.socket("old").parent().unwrap().join("fill.sql");
    std::fs::write(&fill, FILL).unwrap();
    clusters.script("old", database, &fill);
    clusters.sql("new", "postgres", "CREATE ROLE \"Jo \"\"the\"\" O'Brien\" LOGIN");
}

pub(super) async fn blocked(world: &World, text: &str) -> String {
    match world.check_on(None, "postgres", text).await.unwrap() {
        Check::Blocked(why) => why,
        other => panic!("not blocked: {other:?}"),
    }
}

/// No folder of the move is left on a host, but for what undo needs.
fn swept(world: &World, role: &str) -> Vec<String> {
    let folder = world.home(role).join(".local/state/runbook");
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(name_of(&path)) }
        }
    }
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_database_arrives_with_all_that_belongs_to_it() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, HOSTILE);
    let ident = HOSTILE.replace('"', "\"\"");
    for sql in [
        format!("ALTER DATABASE \"{ident}\" SET search_path = \"$user\", \"Schema; DROP\", public"),
        format!("ALTER ROLE \"Jo \"\"the\"\" O'Brien\" IN DATABASE \"{ident}\" SET work_mem = '5MB'"),
        format!("COMMENT ON DATABASE \"{ident}\" IS 'it''s \\ größer'"),
        format!("ALTER DATABASE \"{ident}\" CONNECTION LIMIT 12"),
        format!(
            "REVOKE ALL ON DATABASE \"{ident}\" FROM PUBLIC; GRANT CONNECT ON DATABASE \"{ident}\" TO \"Jo \"\"the\"\" O'Brien\""
        ),
    ] {
        clusters.sql("old", "postgres", &sql);
    }
    let before = clusters.listing("new");
    let text = book(&clusters, HOSTILE, HOSTILE, ", jobs: 3, parity: content");
    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    assert_eq!(applied.outputs.data, Some(serde_json::json!({"kept_aside": ""})));
    assert!(world.told.lock().unwrap().progress.iter().any(|told| matches!(told, Progress::Note { text, .. }
        if text == "what arrived is what was dumped: 2 tables, 100 rows, 3 sequences, 2 large objects")));
    // Bytes of the transfer and of the restore were told, and got to all there were.
    let amounts = world.told.lock().unwrap().progress.clone();
    assert!(
        amounts
            .iter()
            .any(|told| matches!(told, Progress::Amount { done, of: Some(of), .. } if done == of && *of > 500))
    );

    let same = |sql: &str| assert_eq!(clusters.sql("old", HOSTILE, sql), clusters.sql("new", HOSTILE, sql), "{sql}");
    same("SELECT * FROM \"Schema; DROP\".\"a\ttab, \"\"quotes\"\", größe\" ORDER BY id");
    same("SELECT last_value, is_called FROM \"Down = 1\" UNION ALL SELECT last_value, is_called FROM untouched");
    same("SELECT oid, lo_get(oid) FROM pg_largeobject_metadata ORDER BY oid");
    same(
        "SELECT relname, relacl, pg_get_userbyid(relowner) FROM pg_class WHERE oid >= 16384 AND relkind = 'r' ORDER BY 1",
    );
    let of_it =
        |role| clusters.listing(role).lines().filter(|line| line.starts_with("It's")).collect::<Vec<_>>().join("\n");
    assert_eq!(of_it("old"), of_it("new"));
    assert_eq!(swept(&world, "old"), Vec::<String>::new());
    // It was analysed.
    assert_ne!(clusters.sql("new", HOSTILE, "SELECT count(*) FROM pg_stats WHERE schemaname = 'Schema; DROP'"), "0\n");

    // It is as asked now: another run changes nothing; and once the source has changed, it would.
    assert_eq!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Satisfied);
    let unit = applied.unit.clone();
    assert_eq!(action("postgres", &text).verify(&world.read(&unit, 0)).await.unwrap(), Verdict::Holds);
    clusters.sql(
        "old",
        HOSTILE,
        "UPDATE \"Schema; DROP\".\"a\ttab, \"\"quotes\"\", größe\" SET value = 0 WHERE id = 7",
    );
    assert!(matches!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Differs(_)));

    let note = world.undo(&applied).await.unwrap();
    assert_eq!(note, format!("there is no {HOSTILE} any more, as before; the copy is dropped"));
    assert_eq!(clusters.listing("new"), before);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");
    for role in ["old", "new"] {
        assert_eq!(swept(&world, role), Vec::<String>::new(), "{role}");
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_found_before_anything_runs() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    let text = book(&clusters, "site", "site", "");
    // A role that only has a default privilege, and one that only owns a large object.
    clusters.sql("old", "site", "CREATE ROLE \"Read Only\"; CREATE ROLE keeper; CREATE ROLE nobody_here");
    clusters.sql("old", "site", "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO \"Read Only\"");
    clusters.sql("old", "site", "ALTER LARGE OBJECT 70001 OWNER TO keeper");
    let why = blocked(&world, &text.replace("new, database", "new, owner: boss, database")).await;
    assert!(why.contains("have a privilege there: Read Only, boss, keeper; make them first"), "{why}");
    assert!(why.contains("CREATE ROLE \"Read Only\"; CREATE ROLE \"boss\" LOGIN; CREATE ROLE \"keeper\";"), "{why}");
    clusters.sql("new", "postgres", "CREATE ROLE \"Read Only\"; CREATE ROLE keeper");

    let mut session = clusters.psql("old", "site").env("PGAPPNAME", "the site").stdin(Stdio::piped()).spawn().unwrap();
    let seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the site'";
    while clusters.sql("old", "postgres", seen) == "0\n" {
        std::thread::sleep(Duration::from_millis(50));
    }
    let why = blocked(&world, &text).await;
    assert!(why.contains("the site (") && why.contains("or say `live: true`"), "{why}");
    let live = book(&clusters, "site", "site", ", live: true");
    assert!(matches!(world.check_on(None, "postgres", &live).await.unwrap(), Check::Differs(_)));
    drop(session.stdin.take());
    session.wait().unwrap();

    let why = blocked(&world, &text.replace("\"site\"", "\"sites\"")).await;
    assert!(why.contains("database \"sites\" does not exist"), "{why}");
    let why = blocked(&world, &text.replace("new, database", "new, locale: xx_XX.UTF-8, database")).await;
    assert!(why.contains("new has no locale xx_XX.UTF-8"), "{why}");
    let why = blocked(&world, &text.replace("/new\"", "/nowhere\"")).await;
    assert!(why.contains("the server on new cannot be looked at") && why.contains("does the server run"), "{why}");
    assert_eq!(swept(&world, "old"), Vec::<String>::new());
}

#[tokio::test]
async fn what_stood_there_goes_aside_and_comes_back() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    clusters.sql("new", "postgres", "CREATE DATABASE \"The Site\"");
    clusters.sql("new", "The Site", "CREATE TABLE theirs AS SELECT 1 AS x");
    clusters.sql("new", "postgres", "ALTER DATABASE \"The Site\" SET work_mem = '7MB'");
    let before = clusters.listing("new");
    let text = book(&clusters, "site", "The Site", "");
    let mut session =
        clusters.psql("new", "The Site").env("PGAPPNAME", "theirs").stdin(Stdio::piped()).spawn().unwrap();
    let seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'theirs'";
    while clusters.sql("new", "postgres", seen) == "0\n" {
        std::thread::sleep(Duration::from_millis(50));
    }
    // They are named at the gate.
    let Check::Differs(found) = world.check_on(None, "postgres", &text).await.unwrap() else { panic!() };
    let preview = action("postgres", &text).preview(&found).unwrap();
    assert!(
        preview.detail.contains("The Site stands on new already") && preview.detail.contains("theirs ("),
        "{preview:?}"
    );
    assert!(preview.undo.contains("is put back"), "{preview:?}");

    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    drop(session.stdin.take());
    session.wait().unwrap();
    let aside = applied.outputs.data.as_ref().unwrap()["kept_aside"].as_str().unwrap().to_owned();
    assert!(aside.starts_with("The Site_before_"), "{aside}");
    assert_eq!(clusters.sql("new", "The Site", "SELECT count(*) FROM plain"), "0\n");
    let closed = clusters.psql("new", &aside).args(["-c", "SELECT 1"]).output().unwrap();
    assert!(String::from_utf8_lossy(&closed.stderr).contains("not currently accepting connections"));

    // Somebody writes to the copy: that is not lost when what stood there comes back.
    clusters.sql("new", "The Site", "INSERT INTO plain VALUES (1)");
    let note = world.undo(&applied).await.unwrap();
    let after = aside.replace("before", "after");
    assert_eq!(
        note,
        format!(
            "The Site is again what stood there before; the copy was written to since it was put in place, and is kept as {after}: \
             1 newer in public.plain; table public.plain: 0 rows then, 1 now"
        )
    );
    assert_eq!(clusters.sql("new", "The Site", "SELECT x FROM theirs"), "1\n");
    assert_eq!(clusters.sql("new", &after, "SELECT * FROM plain"), "1\n");
    clusters.sql("new", "postgres", &format!("DROP DATABASE \"{after}\""));
    assert_eq!(clusters.listing("new"), before);
    assert_eq!(world.undo(&applied).await.unwrap(), "was already as before");

    // What is not ours is not touched.
    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    clusters.sql("new", "postgres", "ALTER DATABASE \"The Site\" RENAME TO elsewhere");
    clusters.sql("new", "postgres", "CREATE DATABASE \"The Site\"");
    let there = clusters.listing("new");
    let error = world.undo(&applied).await.unwrap_err();
    assert!(
        matches!(&error, ActionError::Changed { difference, .. } if difference.contains("another database")),
        "{error}"
    );
    assert_eq!(clusters.listing("new"), there);
}

#[tokio::test]
async fn a_copy_that_is_not_what_was_dumped_is_not_put_in_place() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    clusters.sql("old", "site", "INSERT INTO plain VALUES (1), (2)");
    clusters.sql("new", "postgres", "CREATE DATABASE site");
    let before = clusters.listing("new");
    // A pg_restore that loses a row, moves a sequence on, and says nothing.
    lose(&world, "DELETE FROM plain WHERE id = 1; SELECT nextval('untouched'); SELECT lo_unlink(70002)");
    let unit = world.unit(None);
    let text = book(&clusters, "site", "site", "");
    let lost = action("postgres", &text);
    let failed = world.apply_unit(&unit, &*lost).await.err().unwrap();
    let ActionError::Failed(failure) = failed else { panic!("{failed}") };
    assert_eq!(
        failure.why,
        "what arrived is not what was dumped: table public.plain: 2 rows on old, 1 on new; sequence public.untouched: 41 (not called yet) on \
         old, 41 on new; large objects: 2 on old, 1 on new"
    );
    let standing = clusters.listing("new");
    assert!(
        standing.contains(&before.lines().nth(1).unwrap().to_owned()) && standing.contains("site_new_"),
        "{standing}"
    );
    // The next try drops it, and goes well.
    std::fs::remove_file(world.home("new").join("bin/pg_restore")).unwrap();
    world.try_again(&unit, &*lost).await.unwrap();
    assert_eq!(clusters.sql("new", "site", "SELECT count(*) FROM plain"), "2\n");
    assert!(!clusters.listing("new").contains("site_new_"));
}

/// Lets `pg_restore` of new do something besides, when it restores.
fn lose(world: &World, sql: &str) {
    besides(world, &format!("PGDATABASE=$NEW psql -Xqc \"{sql}\""));
}

/// The same with a script.
pub(super) fn besides(world: &World, script: &str) {
    let real = "r=$(ls /usr/lib/postgresql/*/bin/pg_restore | tail -n 1)";
    let script =
        format!("#!/bin/sh\n{real}\n\"$r\" \"$@\" || exit\ncase \"$*\" in *--exit-on-error*)\n{script}\n;; esac\n");
    program(world, "new", "pg_restore", &script);
}

/// Gives a host a program of its own.
pub(super) fn program(world: &World, role: &str, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = world.home(role).join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::write(bin.join(name), script).unwrap();
    std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The controller is lost at one command after the other: each move gets to its end, once, and all the way back.
#[tokio::test]
async fn a_move_that_is_broken_off_anywhere_goes_on_to_its_end() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    clusters.sql("new", "postgres", "CREATE DATABASE site");
    let before = clusters.listing("new");
    let text = book(&clusters, "site", "site", "");
    // Where an undisturbed move changes something: at its n-th command on a host.
    let count = |fake: &Fake| fake.given().len();
    let (unit, moved) = (world.unit(None), action("postgres", &text));
    let begun = (count(&world.old), count(&world.new));
    let applied = world.apply_unit(&unit, &*moved).await.unwrap();
    let changes = |fake: &Fake, begun: usize| -> Vec<usize> {
        let given = fake.given();
        let changes = |(_, given): &(usize, &Given)| given.command.effect == Effect::Changes;
        given[begun..].iter().enumerate().filter(changes).map(|(at, _)| at + 1).collect()
    };
    // The looks before the deed count too, here and below.
    let (on_old, on_new) = (changes(&world.old, begun.0), changes(&world.new, begun.1));
    world.undo(&applied).await.unwrap();
    let (land, swap, over) = (on_new[0], on_new[on_new.len() - 2], on_new[on_new.len() - 1]);
    let clear = on_old[on_old.len() - 1];
    let mut broken = 0;
    for (host, nth, fault) in [
        (&world.new, land, Fault::BeforeSending),
        (&world.new, swap, Fault::BeforeSending),
        (&world.new, swap, Fault::BeforeAnswer),
        (&world.old, clear, Fault::BeforeAnswer),
        (&world.new, over, Fault::BeforeAnswer),
    ] {
        let (unit, moved) = (world.unit(None), action("postgres", &text));
        let read = world.read(&unit, 1);
        host.fail_nth(nth, fault);
        let Check::Differs(seen) = moved.check(&read).await.unwrap() else { panic!("nothing to move") };
        let undo = moved.capture(&seen, &Stash::new(read.clone())).await.unwrap();
        let mut intent = world.intend(&unit, "postgres").await;
        let mut went = moved.apply(&seen, &Write::new(read.clone(), &intent)).await;
        while let Err(error) = went {
            assert!(error.leaves_unsure(), "{error}");
            broken += 1;
            host.mend();
            drop(intent);
            intent = world.intend_again(&unit);
            went = go_on(&world, &unit, &*moved, &Write::new(read.clone(), &intent)).await;
        }
        host.mend();
        drop(intent);
        let rows = "SELECT count(*) FROM \"Schema; DROP\".\"a\ttab, \"\"quotes\"\", größe\"";
        assert_eq!(clusters.sql("new", "site", rows), "100\n");
        assert_eq!(clusters.listing("new").matches("site_before_").count(), 1);
        let applied = Applied { unit, kind: "postgres", outputs: Outputs::default(), undo };
        world.undo(&applied).await.unwrap();
        assert_eq!(clusters.listing("new"), before);
    }
    assert_eq!(broken, 5);
}

/// What a resumed run does: finds the last job that the journal has, or begins.
async fn go_on(
    world: &World,
    unit: &runbook::base::UnitId,
    moved: &dyn runbook::actions::DynAction,
    write: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let sent = world.told.lock().unwrap().sent.clone();
    let job: Option<Value> = sent.into_iter().rfind(|(of, _)| of == unit).map(|(_, job)| job);
    let read: &Read<'_> = write;
    match job {
        Some(job) => moved.reattach(&job, write).await,
        None => match moved.check(read).await? {
            Check::Differs(seen) => moved.apply(&seen, write).await,
            other => panic!("{other:?}"),
        },
    }
}
