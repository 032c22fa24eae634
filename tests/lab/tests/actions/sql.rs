//! `sql` on a real server.

use crate::lab::Lab;
use crate::table::Table;

/// A database of the case's own, with a name that would be taken for something else. Its folder is the `postgres` user's.
const GIVEN: &str = r#"
cd /; su postgres -s /bin/sh -c 'createdb "It'\''s \"a\" = $SELF" && psql -qX -d "dbname='\''It\\'\''s \"a\" = $SELF'\''" -c "CREATE TABLE \"T\" (a int, b text, c boolean, d numeric); INSERT INTO \"T\" VALUES (1, NULL, true, 1.50), (2, '\'''\'', false, 2), (3, E'\''x|y\nz'\'', NULL, NULL)"'
"#;

const CLEARED: &str = r#"cd /; su postgres -s /bin/sh -c 'dropdb "It'\''s \"a\" = $SELF"'"#;

/// What of it is compared.
const STATE: &str = r#"cd /; su postgres -s /bin/sh -c 'psql -qXAt -d "dbname='\''It\\'\''s \"a\" = $SELF'\''" -c "TABLE \"T\" ORDER BY 1"'"#;

/// Whether a script has begun there.
const HELD_UP: &str = r#"cd /; [ "$(su postgres -s /bin/sh -c 'psql -qXAt -c "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '\''%$SELF'\''"')" = 1 ]"#;

/// The name in YAML.
/// (`HERE` would be replaced in a step, in `WHERE` too.)
const NAME: &str = r#""It's \"a\" = SELF""#;

#[test]
fn sql() {
    let Some(lab) = Lab::before() else { return };
    let query = |rest: &str| format!("become: postgres\nsql: {{database: {NAME}, {rest}}}");
    Table::new(&lab, "sql")
        .plain_names()
        .on(&["old", "new"])
        .case("a value", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&query(r#"query: 'SELECT count(*) FROM "T";', expect: 3"#))
                .state(STATE)
                .acts()
                .outputs("3")
                .crashes()
        })
        .case("rows", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&query(
                    r#"query: 'TABLE "T" ORDER BY a -- all', expect: [[1, null, true, 1.5], [2, "", false, 2.0], [3, "x|y\nz", null, ~]]"#,
                ))
                .acts()
                .outputs("1,,t,1.50")
        })
        .case("no rows, and none expected", |c| {
            c.step("become: postgres\nsql: {database: postgres, query: SELECT 1 LIMIT 0, expect: []}").acts()
        })
        .case("NULL", |c| c.step("become: postgres\nsql: {database: postgres, query: SELECT NULL, expect: null}").acts())
        .case("values that would be taken for something else", |c| {
            c.step(
                r#"become: postgres
sql: {database: postgres, query: "SELECT :'a', :'b'", variables: {a: "it's \\ :b $(id) `id`\n\\q ü", b: ""}, expect: [["it's \\ :b $(id) `id`\n\\q ü", ""]]}"#,
            )
            .acts()
        })
        .case("another value", |c| {
            c.step("become: postgres\nsql: {database: postgres, query: SELECT 'a', expect: b}").fails("it is a, not b")
        })
        .case("a query that would change something", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&query(r#"query: 'DELETE FROM "T" RETURNING a'"#))
                .state(STATE)
                .fails("cannot execute DELETE in a read-only transaction")
        })
        .case("a query that would make itself able to", |c| {
            c.step("become: postgres\nsql: {database: postgres, query: SET TRANSACTION READ WRITE}").fails("read-write mode")
        })
        .case("no such database", |c| {
            c.step("become: postgres\nsql: {database: \"no = such\", query: SELECT 1}").fails("database \"no = such\" does not exist")
        })
        .case("a user that the server does not know", |c| {
            c.step("become: daemon\nsql: {database: postgres, query: SELECT 1}").fails("no connection to the database")
        })
        .case("a script", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&query(&format!(
                    "script: 'INSERT INTO \"T\" VALUES (4)'}}\n\
                     undo: [{{sql: {{database: {NAME}, script: 'DELETE FROM \"T\" where a = 4'}}}}]\n#"
                )))
                .state(STATE)
                .acts()
        })
        .case("a script that is held up", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&query(&format!(
                    "script: \"\\\\! while [ -e HERE/slow ]; do sleep 0.05; done\\nINSERT INTO \\\"T\\\" VALUES (5);\"}}\n\
                     undo: [{{sql: {{database: {NAME}, script: 'DELETE FROM \"T\" where a = 5'}}}}]\n#"
                )))
                .state(STATE)
                .acts()
                .crashes_in_the_middle("touch slow", HELD_UP, "rm slow; sleep 0.5")
        })
        .case("a script that fails in its middle", |c| {
            c.given(GIVEN)
                .cleared_by(CLEARED)
                .step(&(query(r#"script: "DELETE FROM \"T\";\nSELECT nope;\n""#) + "\nundo: nothing"))
                .state(STATE)
                .fails("column \"nope\" does not exist")
        })
        .case("no way back", |c| {
            c.step("become: postgres\nsql: {database: postgres, script: 'SELECT 1'}").acts().no_way_back("has no undo of its own")
        })
        .hold();
}
