//! `sql` with a psql that tells what it is given. What a server makes of it is tried on the lab.

use runbook::actions::{ActionError, AfterCrash, Reversible, Verdict};
use runbook::base::secret::sealed;
use runbook::events::record::Failure;
use serde_json::json;

use super::world::{World, action};

/// Answers two rows, or as the query asks, and leaves what it was given in `given`.
const PSQL: &str = r#"#!/bin/sh
{ printf '%s\n' "$@"; env | grep -E '^(PG|CONNINFO)' | sort; cat; } >"$HOME/given"
f= r= n=
for a; do case $p in -F) f=$a ;; -R) r=$a ;; esac; case $a in null=*) n=${a#null=} ;; esac; p=$a; done
case $(cat "$HOME/given") in
  *fail*) echo "psql:<stdin>:2: ERROR:  no hunter2" >&2; exit 3 ;;
  *away*) echo "psql: error: no server" >&2; exit 2 ;;
  *one*) printf '7\n' ;;
  *) printf 'a, b%s%s%s%s%s\n' "$f" "$n" "$r" 'it''s
two' "${f}hunter2" ;;
esac
"#;

async fn world() -> World {
    let world = World::with_secrets(&[("db", "hunter2")]).await;
    world.command("psql", PSQL);
    world
}

fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

fn given(world: &World) -> String {
    std::fs::read_to_string(world.home("old").join("given")).unwrap()
}

#[tokio::test]
async fn a_query_is_asked_where_nothing_can_be_changed() {
    let world = world().await;
    let text = format!(
        "{{database: \"it's = a DB\", query: \"SELECT ';' -- x\\n;\", host: /run/pg, port: 5433, user: web, password: \"{}\"}}",
        sealed("db")
    );
    let applied = world.apply("sql", &text).await.unwrap();
    let given = given(&world);
    for line in ["-X", "-w", "-qAt", "CONNINFO=dbname='it\\'s = a DB'", "PGHOST=/run/pg", "PGPORT=5433", "PGUSER=web"] {
        assert!(given.lines().any(|known| known == line), "{line}: {given}");
    }
    let sent = "BEGIN TRANSACTION READ ONLY; SELECT 1 \\g /dev/null\nSELECT ';' -- x\n\n;\nROLLBACK;\n";
    assert!(given.ends_with(sent), "{given}");
    assert!(given.contains("PGPASSWORD=hunter2\n"));
    assert_eq!(applied.outputs.stdout, "\"a, b\",\n\"its\ntwo\",***");
    assert_eq!(applied.outputs.data, Some(json!({"rows": [["a, b", null], ["its\ntwo", "***"]]})));
    assert_eq!((applied.undo, applied.outputs.changed), (Reversible::Nothing, false));
    assert_eq!(action("sql", &text).after_crash(), AfterCrash::Reapply);
    let given = world.old.given();
    assert!(given.iter().all(|given| !given.command.script.contains("hunter2")), "the password is data");
}

#[tokio::test]
async fn what_comes_is_held_to_what_is_expected() {
    let world = world().await;
    let text = |more: &str| format!("{{database: x, query: SELECT {more}}}");
    assert_eq!(world.probe("sql", &text("one, expect: 7.0")).await.unwrap(), Verdict::Holds);
    assert_eq!(
        world.probe("sql", &text("'''one''', expect: 8")).await.unwrap(),
        Verdict::Fails("it is 7, not 8".into())
    );
    let rows = text("x, expect: [['a, b', null], [\"its\\ntwo\", other]]");
    let failed = failure(world.apply("sql", &rows).await.err().unwrap());
    assert_eq!(failed.why, "2 rows came, and they are not the 2 rows expected");
    assert!(failed.stderr.contains("+two | ***") && !failed.stderr.contains("hunter2"), "{}", failed.stderr);
    let failed = failure(world.apply("sql", &text("fail")).await.err().unwrap());
    assert_eq!(failed.why, "the server refused it: ERROR:  no ***");
    assert_eq!((failed.exit_code, failed.stderr.as_str()), (Some(3), "ERROR:  no ***"));
    assert_eq!(
        world.probe("sql", &text("away")).await.unwrap(),
        Verdict::Fails("no connection to the database: no server".into())
    );
    world.command("psql", "#!/bin/sh\nexit 127\n");
    assert!(matches!(world.probe("sql", &text("one")).await, Err(ActionError::Failed(_))), "no 'no'");
}

#[tokio::test]
async fn a_script_is_a_job() {
    let world = world().await;
    let text = "{database: x, script: \"CREATE TABLE one();\\n\\\\d\\n\"}";
    let applied = world.apply("sql", text).await.unwrap();
    let heard = given(&world);
    assert!(heard.contains("--single-transaction\n") && heard.ends_with("CREATE TABLE one();\n\\d\n"), "{heard}");
    assert_eq!((applied.outputs.stdout.as_str(), applied.outputs.changed), ("7", true));
    assert!(matches!(applied.undo, Reversible::No(_)));
    assert_eq!(action("sql", text).after_crash(), AfterCrash::Reattach);
    assert_eq!(world.told.lock().unwrap().sent.len(), 1);
    world.apply("sql", "{database: x, script: VACUUM one, transaction: false}").await.unwrap();
    assert!(!given(&world).contains("--single-transaction"));
    let failed = failure(world.apply("sql", "{database: x, script: fail}").await.err().unwrap());
    assert_eq!(failed.exit_code, Some(3));
    assert!(world.probe("sql", text).await.unwrap_err().to_string().contains("cannot be a check"));
}
