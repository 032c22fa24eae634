//! What happens to the source while its copy is made.

use std::process::Stdio;

use runbook::actions::ActionError;

use super::clusters::Clusters;
use super::postgres::{besides, book, filled};
use super::world::{World, action};

/// A move during which a script runs, with `on_old` for a `psql` of the source; what it fails with.
async fn meanwhile(clusters: &Clusters, script: &str, more: &str) -> Option<(String, String)> {
    let world = World::new().await;
    let psql = format!("on_old() {{ PGHOST='{}' psql -wXAtq \"$@\"; }}", clusters.socket("old").display());
    besides(&world, &format!("{psql}\n{script}"));
    let before = clusters.listing("new");
    let unit = world.unit(None);
    let text = book(clusters, "site", "site", more);
    let moved = action("postgres", &text);
    match world.apply_unit(&unit, &*moved).await {
        Ok(applied) => {
            world.undo(&applied).await.unwrap();
            assert_eq!(clusters.listing("new"), before);
            None
        }
        Err(ActionError::Failed(failure)) => {
            // What stands there is as it was, and the next try goes well.
            let standing = "SELECT oid, datallowconn FROM pg_database WHERE datname = 'site'";
            assert_eq!(clusters.sql("new", "site", "SELECT x FROM stood"), "1\n", "{standing}");
            std::fs::remove_file(world.home("new").join("bin/pg_restore")).unwrap();
            world.try_again(&unit, &*moved).await.unwrap();
            assert_eq!(clusters.dump("new", "site"), clusters.dump("old", "site"));
            let back = "SELECT format('DROP DATABASE site'), format('ALTER DATABASE %I RENAME TO site', datname), \
                        'ALTER DATABASE site ALLOW_CONNECTIONS true' FROM pg_database WHERE datname LIKE 'site_before_%' \\gexec";
            let mut psql = clusters.psql("new", "postgres");
            let mut psql = psql.stdin(Stdio::piped()).spawn().unwrap();
            std::io::Write::write_all(&mut psql.stdin.take().unwrap(), back.as_bytes()).unwrap();
            assert!(psql.wait().unwrap().success());
            Some((failure.why, failure.hint.unwrap_or_default()))
        }
        Err(error) => panic!("{error}"),
    }
}

fn standing(clusters: &Clusters) {
    clusters.sql("new", "postgres", "CREATE DATABASE site");
    clusters.sql("new", "site", "CREATE TABLE stood AS SELECT 1 AS x");
    clusters.sql("old", "site", "INSERT INTO plain VALUES (1), (2)");
}

#[tokio::test]
async fn what_is_written_to_the_source_meanwhile_is_not_lost_silently() {
    let Some(clusters) = Clusters::start() else { return };
    filled(&clusters, "site");
    standing(&clusters);
    for (sql, due) in [
        (
            "INSERT INTO plain VALUES (3); SELECT nextval('untouched'), lo_unlink(70001)",
            &[
                "1 newer in public.plain; ",
                "table public.plain: 2 rows then, 3 now",
                "sequence public.untouched: 41 (not called yet) then, 41 now",
                "large objects: 2 then, 1 now",
            ][..],
        ),
        (
            "UPDATE plain SET id = 7 WHERE id = 1; CREATE TABLE late ()",
            &["1 newer in public.plain", "newer in pg_catalog.pg_class"],
        ),
        ("DELETE FROM plain WHERE id = 2", &["table public.plain: 3 rows then, 2 now"]),
        ("TRUNCATE plain", &["newer in pg_catalog.pg_class; table public.plain: "]),
        // The servers take no prepared transactions: nothing is written.
        ("BEGIN; SAVEPOINT a; INSERT INTO plain VALUES (4); RELEASE a; PREPARE TRANSACTION 'x'", &[]),
    ] {
        let told = meanwhile(&clusters, &format!("on_old -d site -c \"{sql}\" >/dev/null 2>&1 || :"), "").await;
        if due.is_empty() {
            assert_eq!(told, None, "{sql}");
            continue;
        }
        let (why, hint) = told.unwrap_or_else(|| panic!("not noticed: {sql}"));
        assert!(
            why.starts_with(
                "site on old has been in use since it was dumped, and the copy lacks what was written there: "
            ),
            "{why}"
        );
        for due in due {
            assert!(why.contains(due), "{sql}: {why}");
        }
        assert!(hint.contains("site on new is as it was") && hint.contains("`live: true`"), "{hint}");
    }
    // With nothing to compare by, what was written shows all the same.
    let (why, _) =
        meanwhile(&clusters, "on_old -d site -c 'INSERT INTO plain VALUES (9)'", ", parity: none").await.unwrap();
    assert!(why.contains("1 newer in public.plain"), "{why}");
}

#[tokio::test]
async fn what_hurts_nobody_does_not_hold_a_move_up() {
    let Some(clusters) = Clusters::start() else { return };
    filled(&clusters, "site");
    standing(&clusters);
    let script = [
        // Somebody looks in.
        "on_old -d site -c 'SELECT count(*) FROM plain' >/dev/null",
        // Somebody changes their mind.
        "on_old -d site -c 'BEGIN; INSERT INTO plain VALUES (3); ROLLBACK'",
        // The server tidies up.
        "on_old -d site -c 'VACUUM ANALYZE'",
        // Another database is in use.
        "on_old -d postgres -c 'CREATE TABLE elsewhere AS SELECT 1 AS a; DROP TABLE elsewhere'",
        "on_old -d site -c 'CREATE TEMPORARY TABLE passing AS SELECT 1 AS a'",
    ];
    assert_eq!(meanwhile(&clusters, &script.join("\n"), "").await, None);
    let written = "on_old -d site -c 'INSERT INTO plain VALUES (3)'";
    assert_eq!(meanwhile(&clusters, written, ", live: true").await, None, "it may");
}

#[tokio::test]
async fn whoever_is_connected_to_the_source_at_the_end_is_named() {
    let Some(clusters) = Clusters::start() else { return };
    filled(&clusters, "site");
    standing(&clusters);
    let comes = "PGAPPNAME='the old site' PGHOST=OLD setsid psql -wXqd site -c 'BEGIN; INSERT INTO plain VALUES (5); SELECT pg_sleep(SECONDS)' >/dev/null 2>&1 &\nsleep 0.5";
    let comes = comes.replace("OLD", &format!("'{}'", clusters.socket("old").display()));
    // Who is gone in a moment, and has written nothing that stays, is let go.
    assert_eq!(meanwhile(&clusters, &comes.replace("SECONDS", "2"), "").await, None);
    let end = "on_old -d postgres -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the old site'\" >/dev/null";
    // The next try finds them gone: it has to, to be one.
    let script = format!(
        "if [ ! -e \"$HOME/came\" ]; then : >\"$HOME/came\"; {}; fi",
        comes.replace("SECONDS", "20").replace('\n', " ")
    );
    let begun = std::time::Instant::now();
    let world = World::new().await;
    besides(
        &world,
        &format!("on_old() {{ PGHOST='{}' psql -wXAtq \"$@\"; }}\n{script}", clusters.socket("old").display()),
    );
    let text = book(&clusters, "site", "site", "");
    let unit = world.unit(None);
    let Err(ActionError::Failed(failure)) = world.apply_unit(&unit, &*action("postgres", &text)).await else {
        panic!("not noticed")
    };
    assert!(failure.why.contains("connected now: the old site ("), "{}", failure.why);
    assert!(begun.elapsed().as_secs() < 20);
    let psql = format!("on_old() {{ PGHOST='{}' psql -wXAtq \"$@\"; }}\n{end}", clusters.socket("old").display());
    assert!(std::process::Command::new("sh").args(["-c", &psql]).status().unwrap().success());
    world.try_again(&unit, &*action("postgres", &text)).await.unwrap();
}
