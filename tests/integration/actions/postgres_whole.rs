//! All that a database can hold and be given, moved between real servers.

use runbook::actions::{ActionError, Check};
use runbook::events::Progress;

use super::clusters::Clusters;
use super::postgres::{besides, blocked, book, filled, program};
use super::world::{World, action, y};

/// Each way to own something or to be allowed something, and what makes a role, which is called after it, owner of that or lets it.
const WAYS: [(&str, &str, &str); 33] = [
    ("Owns a schema", "", "CREATE SCHEMA theirs AUTHORIZATION ME"),
    ("Owns a table", "", "CREATE TABLE one (a int, b int); ALTER TABLE one OWNER TO ME"),
    ("Owns a view", "", "CREATE VIEW two AS SELECT 1 AS a; ALTER VIEW two OWNER TO ME"),
    (
        "Owns a matview",
        "",
        "CREATE MATERIALIZED VIEW three AS SELECT 1 AS a; ALTER MATERIALIZED VIEW three OWNER TO ME",
    ),
    ("Owns a sequence", "", "CREATE SEQUENCE four; ALTER SEQUENCE four OWNER TO ME"),
    (
        "Owns a function",
        "",
        "CREATE FUNCTION five() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION five() OWNER TO ME",
    ),
    ("Owns a domain", "", "CREATE DOMAIN six AS int; ALTER DOMAIN six OWNER TO ME"),
    ("Owns a large object", "", "SELECT lo_create(71); ALTER LARGE OBJECT 71 OWNER TO ME"),
    (
        "Owns an operator",
        "",
        "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq); ALTER OPERATOR === (int, int) OWNER TO ME",
    ),
    ("Owns a collation", "", "CREATE COLLATION seven FROM \"C\"; ALTER COLLATION seven OWNER TO ME"),
    (
        "Owns a configuration",
        "",
        "CREATE TEXT SEARCH CONFIGURATION eight (COPY = simple); ALTER TEXT SEARCH CONFIGURATION eight OWNER TO ME",
    ),
    ("Owns statistics", "", "CREATE STATISTICS nine ON a, b FROM one; ALTER STATISTICS nine OWNER TO ME"),
    ("Owns a wrapper", "SUPERUSER", "CREATE FOREIGN DATA WRAPPER ten; ALTER FOREIGN DATA WRAPPER ten OWNER TO ME"),
    ("Owns a server", "", "CREATE SERVER eleven FOREIGN DATA WRAPPER ten; ALTER SERVER eleven OWNER TO ME"),
    ("Owns a publication", "", "CREATE PUBLICATION twelve FOR TABLE one; ALTER PUBLICATION twelve OWNER TO ME"),
    (
        "Owns an event trigger",
        "SUPERUSER",
        "CREATE FUNCTION thirteen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; \
         CREATE EVENT TRIGGER thirteen ON ddl_command_end EXECUTE FUNCTION thirteen(); ALTER EVENT TRIGGER thirteen OWNER TO ME",
    ),
    (
        "Owns a subscription",
        "SUPERUSER",
        "CREATE SUBSCRIPTION fourteen CONNECTION 'dbname=nowhere' PUBLICATION x WITH (connect = false); ALTER SUBSCRIPTION fourteen OWNER TO ME",
    ),
    ("May read a table", "", "GRANT SELECT ON one TO ME"),
    ("May read a column", "", "GRANT SELECT (b) ON one TO ME"),
    ("May use a schema", "", "GRANT USAGE ON SCHEMA theirs TO ME"),
    ("May call a function", "", "GRANT EXECUTE ON FUNCTION five() TO ME"),
    ("May use a domain", "", "GRANT USAGE ON TYPE six TO ME"),
    ("May use a sequence", "", "GRANT USAGE ON SEQUENCE four TO ME"),
    ("May read a large object", "", "GRANT SELECT ON LARGE OBJECT 71 TO ME"),
    ("May use a language", "", "GRANT USAGE ON LANGUAGE plpgsql TO ME"),
    ("May use a wrapper", "", "GRANT USAGE ON FOREIGN DATA WRAPPER ten TO ME"),
    ("May use a server", "", "GRANT USAGE ON FOREIGN SERVER eleven TO ME"),
    ("May connect", "", "GRANT CONNECT ON DATABASE site TO ME"),
    ("Will read tables", "", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ME"),
    ("Will let everybody read", "", "ALTER DEFAULT PRIVILEGES FOR ROLE ME GRANT SELECT ON TABLES TO PUBLIC"),
    ("Is mapped", "", "CREATE USER MAPPING FOR ME SERVER eleven OPTIONS (password 'x')"),
    ("Has a policy", "", "CREATE POLICY fifteen ON one TO ME USING (true)"),
    ("Has a setting", "", "ALTER ROLE ME IN DATABASE site SET work_mem = '5MB'"),
];

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[tokio::test]
async fn whoever_owns_something_or_may_do_something_has_to_be_there() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    clusters.sql("old", "postgres", "CREATE DATABASE site");
    for (role, attributes, sql) in WAYS {
        clusters.sql("old", "site", &format!("CREATE ROLE {} {attributes}", quoted(role)));
        clusters.sql("old", "site", &sql.replace(" ME", &format!(" {}", quoted(role))));
    }
    let text = book(&clusters, "site", "site", "");
    let why = blocked(&world, &text).await;
    for (role, attributes, sql) in WAYS {
        assert!(why.contains(&format!("CREATE ROLE {};", quoted(role))), "{sql}: not told in {why}");
        clusters.sql("new", "postgres", &format!("CREATE ROLE {} {attributes}", quoted(role)));
    }
    let Check::Differs(seen) = world.check_on(None, "postgres", &text).await.unwrap() else { panic!() };
    let preview = action("postgres", &text).preview(&seen).unwrap();
    assert!(
        preview.detail.contains("subscriptions come along disabled, for the slots that old uses: fourteen"),
        "{preview:?}"
    );

    let before = clusters.listing("new");
    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    assert_eq!(clusters.dump("new", "site"), clusters.dump("old", "site"));
    assert_eq!(clusters.sql("new", "postgres", "SELECT subname, subenabled FROM pg_subscription"), "fourteen|f\n");
    let of_site =
        |role| clusters.listing(role).lines().filter(|line| line.starts_with("site|")).collect::<Vec<_>>().join("\n");
    assert_eq!(of_site("new"), of_site("old"));
    // A subscription keeps a database from being dropped; that of the copy has never been anywhere.
    world.undo(&applied).await.unwrap();
    assert_eq!(clusters.listing("new"), before);
}

/// What the first superuser owns, the server does not tell as it tells of others.
#[tokio::test]
async fn the_first_superuser_may_be_called_otherwise() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    let me = clusters.sql("old", "postgres", "SELECT quote_ident(current_user)");
    let me = me.trim_end();
    clusters.sql("old", "postgres", "CREATE ROLE second SUPERUSER LOGIN");
    let rename = format!("ALTER ROLE {me} RENAME TO \"The First\"; CREATE ROLE {me} SUPERUSER LOGIN");
    let renamed = clusters.psql("old", "postgres").env("PGUSER", "second").args(["-c", &rename]).status().unwrap();
    assert!(renamed.success());
    clusters.sql("old", "postgres", "CREATE DATABASE site");
    let text = book(&clusters, "site", "site", "");
    assert!(matches!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Differs(_)));
    for (sql, back) in [
        ("CREATE PUBLICATION p; ALTER PUBLICATION p OWNER TO \"The First\"", "DROP PUBLICATION p"),
        ("CREATE COLLATION c FROM \"C\"; ALTER COLLATION c OWNER TO \"The First\"", "DROP COLLATION c"),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE \"The First\" GRANT SELECT ON TABLES TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE \"The First\" REVOKE SELECT ON TABLES FROM PUBLIC",
        ),
    ] {
        clusters.sql("old", "site", sql);
        let why = blocked(&world, &text).await;
        assert!(why.contains("have a privilege there: The First; make them first"), "{sql}: {why}");
        clusters.sql("old", "site", back);
    }
}

/// Whatever a database can hold.
const FILL: &str = r#"
CREATE EXTENSION hstore; CREATE EXTENSION citext SCHEMA pg_catalog;
CREATE TYPE "Mood" AS ENUM ('sad', 'a "b"', 'größe');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = timestamptz);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE COLLATION phone (provider = icu, locale = 'de-u-co-phonebk');
CREATE TABLE many (id int GENERATED ALWAYS AS IDENTITY (START WITH 7 INCREMENT BY 3) PRIMARY KEY, h hstore, c citext, m "Mood", p pair[], s span,
    d positive, n numeric, f float8, r real, t timestamptz, i interval, b bytea, j jsonb, x xml, y money, v tsvector, k bit(5), u uuid, "Ü ""q""" text COLLATE phone);
INSERT INTO many (h, c, m, p, s, d, n, f, r, t, i, b, j, x, y, v, k, u, "Ü ""q""") VALUES
    ('a=>1, "b c"=>NULL', 'CaSe', 'größe', ARRAY[ROW(1, NULL), ROW(NULL, ',"')]::pair[], '[2018-01-01 00:00+12,infinity)', 5, 'NaN', 0.1::float8 + 0.2, 'Infinity',
     '-infinity', '1 mon -3 days 04:05:06.789', '\x0001ff', '{"ü": [1, null]}', '<a>b</a>', 12.34, 'fat & rat', B'10110', '00000000-0000-0000-0000-00000000000a', E'tab\tnewline\nback\\slash \\N'),
    (NULL, '', NULL, '{}', 'empty', NULL, 1e-300, '-0', 1.1, '2018-08-13 04:00+12', 'P1Y', '', 'null', NULL, -1, '', B'00000', NULL, '');
CREATE TABLE made (a int, twice int GENERATED ALWAYS AS (a * 2) STORED, l text DEFAULT 'x', gone int);
INSERT INTO made (a) SELECT generate_series(1, 50);
ALTER TABLE made DROP COLUMN gone;
CREATE TABLE parts (at date NOT NULL, v text) PARTITION BY RANGE (at);
CREATE TABLE parts_17 PARTITION OF parts FOR VALUES FROM ('2017-01-01') TO ('2018-01-01');
CREATE TABLE parts_18 PARTITION OF parts FOR VALUES FROM ('2018-01-01') TO ('2019-01-01') PARTITION BY LIST (v);
CREATE TABLE parts_18_a PARTITION OF parts_18 FOR VALUES IN ('a');
CREATE TABLE parts_18_rest PARTITION OF parts_18 DEFAULT;
CREATE INDEX ON parts (v);
INSERT INTO parts VALUES ('2017-05-05', 'a'), ('2018-05-05', 'a'), ('2018-05-05', 'b');
CREATE TABLE base (a int); CREATE TABLE child (b int) INHERITS (base);
INSERT INTO base VALUES (1); INSERT INTO child VALUES (2, 3), (4, 5);
CREATE MATERIALIZED VIEW full_view AS SELECT count(*) AS n FROM made;
CREATE UNIQUE INDEX ON full_view (n);
CREATE MATERIALIZED VIEW empty_view AS SELECT a FROM made WITH NO DATA;
CREATE VIEW guarded WITH (security_barrier) AS SELECT * FROM made WHERE a > 3 WITH CHECK OPTION;
CREATE UNLOGGED TABLE fast AS SELECT generate_series(1, 9) AS a;
CREATE TABLE secret (whose text, v int);
INSERT INTO secret VALUES ('nobody', 1), (current_user, 2);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (whose = 'nobody');
CREATE TABLE loose (a int, CONSTRAINT small CHECK (a < 10) NOT VALID);
ALTER TABLE loose DISABLE TRIGGER ALL; ALTER TABLE loose DROP CONSTRAINT small; INSERT INTO loose VALUES (11);
ALTER TABLE loose ADD CONSTRAINT small CHECK (a < 10) NOT VALID;
CREATE TABLE left_one (id int PRIMARY KEY, other int);
CREATE TABLE right_one (id int PRIMARY KEY, other int REFERENCES left_one DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE left_one ADD FOREIGN KEY (other) REFERENCES right_one DEFERRABLE INITIALLY DEFERRED;
BEGIN; INSERT INTO left_one VALUES (1, 1); INSERT INTO right_one VALUES (1, 1); COMMIT;
CREATE TABLE stay (during tsrange, EXCLUDE USING gist (during WITH &&));
INSERT INTO stay VALUES ('[2018-01-01,2018-02-01)');
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, "a b" AS $f$BEGIN RAISE 'never'; END$f$;
CREATE TRIGGER never BEFORE INSERT ON made FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE made DISABLE TRIGGER never;
CREATE TABLE locked AS SELECT 1 AS a;
CREATE TRIGGER never BEFORE INSERT OR DELETE ON locked FOR EACH ROW EXECUTE FUNCTION touched();
CREATE RULE no_delete AS ON DELETE TO base DO INSTEAD NOTHING;
CREATE FUNCTION no_tables() RETURNS event_trigger LANGUAGE plpgsql AS $f$BEGIN IF tg_tag = 'CREATE TABLE' THEN RAISE 'no tables here'; END IF; END$f$;
CREATE SEQUENCE free AS smallint CYCLE; SELECT setval('free', 17, false);
CREATE STATISTICS stats (dependencies) ON a, twice FROM made;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE PUBLICATION a_few FOR TABLE made, ONLY base WITH (publish = 'insert');
CREATE SUBSCRIPTION elsewhere CONNECTION 'host=192.0.2.1 password=x' PUBLICATION p WITH (connect = false, slot_name = 'a_slot');
SELECT lo_from_bytea(5, 'x'); COMMENT ON LARGE OBJECT 5 IS 'it''s'; SELECT lo_create(0);
COMMENT ON COLUMN made.a IS E'line\none';
ALTER TABLE made CLUSTER ON made_pkey;
"#;

#[tokio::test]
async fn whatever_a_database_holds_arrives() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    clusters.sql("old", "postgres", "CREATE DATABASE \"Größe\" IS_TEMPLATE true CONNECTION LIMIT 0");
    let fill = world.home("old").join("fill.sql");
    std::fs::write(&fill, FILL.replace("ALTER TABLE made CLUSTER ON made_pkey;\n", "")).unwrap();
    clusters.script("old", "Größe", &fill);
    // An index that could not be made: nobody can use it, and a dump has nothing of it.
    clusters.sql("old", "Größe", "CREATE TABLE twice AS SELECT 1 AS a FROM generate_series(1, 2)");
    let index = "CREATE UNIQUE INDEX CONCURRENTLY twice_a ON twice (a)";
    assert!(!clusters.psql("old", "Größe").args(["-c", index]).output().unwrap().status.success());
    assert_eq!(clusters.sql("old", "Größe", "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1\n");
    clusters.sql("old", "Größe", "CREATE EVENT TRIGGER no_tables ON ddl_command_start EXECUTE FUNCTION no_tables()");
    let before = clusters.listing("new");
    let text = book(&clusters, "Größe", "Größe", ", jobs: 1, parity: content");
    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    assert_eq!(clusters.dump("new", "Größe"), clusters.dump("old", "Größe"));
    for sql in [
        "SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1",
        "SELECT * FROM full_view",
        "SELECT subname, subenabled, subslotname, subconninfo FROM pg_subscription",
        "SELECT datname, datistemplate, datconnlimit, datallowconn FROM pg_database WHERE datname = 'Größe'",
        "SELECT evtname, evtenabled FROM pg_event_trigger",
    ] {
        let (old, new) = (clusters.sql("old", "Größe", sql), clusters.sql("new", "Größe", sql));
        assert_eq!(old, new, "{sql}");
    }
    // With one job too it was told how far the restore got.
    let progress = world.told.lock().unwrap().progress.clone();
    let amounts = progress
        .iter()
        .filter(|told| matches!(told, Progress::Amount { done, of: Some(of), .. } if *done > 0 && done <= of));
    assert!(amounts.count() > 3);
    assert_eq!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Satisfied);
    world.undo(&applied).await.unwrap();
    assert_eq!(clusters.listing("new"), before);

    // A try that broke off leaves a half-made copy with a subscription in it: the next drops that.
    besides(&world, "exit 9");
    let unit = world.unit(None);
    let moved = action("postgres", &text);
    assert!(world.apply_unit(&unit, &*moved).await.is_err());
    assert_eq!(clusters.sql("new", "postgres", "SELECT count(*) FROM pg_subscription"), "1\n");
    std::fs::remove_file(world.home("new").join("bin/pg_restore")).unwrap();
    world.try_again(&unit, &*moved).await.unwrap();
    assert_eq!(clusters.dump("new", "Größe"), clusters.dump("old", "Größe"));
}

#[tokio::test]
async fn order_and_encoding_of_texts_are_as_asked() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    let fill = "CREATE TABLE words (w text); INSERT INTO words VALUES ('Zebra'), ('Ärger'), ('Affe'), ('az')";
    for (name, how) in [
        ("icu", "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk'"),
        ("plain", "ENCODING 'LATIN1' LOCALE 'C'"),
        ("utf", ""),
    ] {
        clusters.sql("old", "postgres", &format!("CREATE DATABASE {name} TEMPLATE template0 {how}"));
        clusters.sql("old", name, fill);
    }
    clusters.sql("old", "postgres", "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
    clusters.sql("old", "bytes", "CREATE TABLE words (w text); INSERT INTO words VALUES (E'caf\\xe9'), ('ü')");
    let sorted = "SELECT string_agg(w, ',' ORDER BY w) FROM words";
    let kind = |role: &str, name: &str| {
        let row = "row_to_json(d)::jsonb - 'oid' - 'datfrozenxid' - 'datminmxid' - 'datcollversion'";
        clusters.sql(role, "postgres", &format!("SELECT {row} FROM pg_database d WHERE datname = '{name}'"))
    };
    let asked = |more: &str, from: &str, to: &str| {
        let socket = y(&clusters.socket("new"));
        let text = book(&clusters, from, to, ", parity: content");
        text.replace(&format!("\"{to}\", socket: {socket}"), &format!("\"{to}\", socket: {socket}{more}"))
    };
    for (name, from, more, order) in [
        ("icu", "icu", "", "Ärger,Affe,az,Zebra\n"),
        ("plain", "plain", "", "Affe,Zebra,az,Ärger\n"),
        ("latin", "utf", ", encoding: LATIN1, locale: C", "Affe,Zebra,az,Ärger\n"),
        ("unicode", "plain", ", encoding: UTF8, locale: C.UTF-8", "Affe,Zebra,az,Ärger\n"),
    ] {
        let text = asked(more, from, name);
        world.apply_on(None, "postgres", &text).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(clusters.sql("new", name, sorted), order, "{name}");
        if more.is_empty() {
            assert_eq!(kind("new", name), kind("old", from));
        }
    }
    assert_eq!(clusters.sql("new", "latin", "SELECT getdatabaseencoding()"), "LATIN1\n");
    let why = blocked(&world, &asked(", encoding: LATIN1", "utf", "it")).await;
    assert!(why.contains("the locale C.UTF-8 is for texts in utf8, and the database is to be in LATIN1"), "{why}");

    // What the other encoding does not have is no copy, and nothing is left of that.
    clusters.sql("old", "utf", "INSERT INTO words VALUES ('€')");
    let before = clusters.listing("new");
    let unit = world.unit(None);
    let failed =
        world.capture_and_fail(&unit, &*action("postgres", &asked(", encoding: LATIN1, locale: C", "utf", "it"))).await;
    assert!(world.said(&unit).1.contains("has no equivalent in encoding \"LATIN1\""), "{:?}", world.said(&unit));
    world.undo(&failed).await.unwrap();
    assert_eq!(clusters.listing("new"), before);

    // Bytes without an encoding are compared as bytes.
    let raw = "SELECT string_agg(encode(convert_to(w, getdatabaseencoding()), 'hex'), ',' ORDER BY w) FROM words";
    world.apply_on(None, "postgres", &asked("", "bytes", "it")).await.unwrap();
    assert_eq!(clusters.sql("new", "it", raw), clusters.sql("old", "bytes", raw));
    let text = asked("", "bytes", "it");
    assert_eq!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Satisfied);
    clusters.sql("old", "bytes", "DELETE FROM words WHERE w <> 'ü'");
    world.apply_on(None, "postgres", &asked(", encoding: UTF8", "bytes", "it")).await.unwrap();
    assert_eq!(clusters.sql("new", "it", "SELECT w, getdatabaseencoding() FROM words"), "ü|UTF8\n");
}

#[tokio::test]
async fn tablespaces_are_used_where_they_are() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    let make = |role: &str, name: &str| {
        let folder = clusters.folder(&format!("{name}-{role}"));
        clusters.sql(role, "postgres", &format!("CREATE TABLESPACE \"{name}\" LOCATION '{}'", folder.display()));
    };
    make("old", "Fast Disk");
    make("old", "slow");
    clusters.sql("old", "postgres", "CREATE DATABASE site TABLESPACE slow");
    clusters.sql(
        "old",
        "site",
        "CREATE TABLE t (a int) TABLESPACE \"Fast Disk\"; INSERT INTO t SELECT generate_series(1, 1000)",
    );
    clusters.sql("old", "site", "CREATE INDEX t_a ON t (a) TABLESPACE pg_default");
    let text = book(&clusters, "site", "site", "");
    let why = blocked(&world, &text).await;
    assert!(why.contains("new lacks tablespaces that the database uses: slow, Fast Disk"), "{why}");
    make("new", "Fast Disk");
    make("new", "slow");
    world.apply_on(None, "postgres", &text).await.unwrap();
    let where_it_lies = "SELECT relname, spcname FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE relname IN ('t', 't_a') \
                         UNION ALL SELECT datname, spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = 'site' ORDER BY 1";
    assert_eq!(clusters.sql("new", "site", where_it_lies), clusters.sql("old", "site", where_it_lies));
    assert!(clusters.sql("new", "site", where_it_lies).contains("site|slow\nt|Fast Disk\nt_a|"));
}

#[tokio::test]
async fn privileges_on_a_database_are_from_whom_they_were() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    clusters.sql("old", "postgres", "CREATE DATABASE site");
    for role in ["old", "new"] {
        clusters.sql(role, "postgres", "CREATE ROLE \"Mid Dle\"; CREATE ROLE last; CREATE ROLE owner");
    }
    for sql in [
        "ALTER DATABASE site OWNER TO owner",
        "GRANT CONNECT, TEMPORARY ON DATABASE site TO \"Mid Dle\" WITH GRANT OPTION",
        "GRANT CONNECT ON DATABASE site TO last",
        "SET ROLE \"Mid Dle\"; GRANT CONNECT ON DATABASE site TO last",
    ] {
        clusters.sql("old", "postgres", sql);
    }
    let text = book(&clusters, "site", "site", "");
    world.apply_on(None, "postgres", &text).await.unwrap();
    let acl = "SELECT datacl::text FROM pg_database WHERE datname = 'site'";
    assert!(
        clusters.sql("old", "postgres", acl).contains("last=c/\\\"Mid Dle\\\""),
        "{}",
        clusters.sql("old", "postgres", acl)
    );
    assert_eq!(clusters.sql("new", "postgres", acl), clusters.sql("old", "postgres", acl));
    assert_eq!(world.check_on(None, "postgres", &text).await.unwrap(), Check::Satisfied);
}

#[tokio::test]
async fn what_is_closed_stays_closed_or_is_refused() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    let text = book(&clusters, "site", "site", "");
    clusters.sql("new", "postgres", "CREATE DATABASE site ALLOW_CONNECTIONS false");
    let before = clusters.listing("new");
    let applied = world.apply_on(None, "postgres", &text).await.unwrap();
    assert_eq!(clusters.sql("new", "site", "SELECT count(*) FROM plain"), "0\n");
    world.undo(&applied).await.unwrap();
    assert_eq!(clusters.listing("new"), before);
    clusters.sql("old", "postgres", "ALTER DATABASE site ALLOW_CONNECTIONS false");
    let why = blocked(&world, &text).await;
    assert!(why.contains("not currently accepting connections (somebody has closed it: ALTER DATABASE"), "{why}");
}

/// There is one version of PostgreSQL on this machine: what the server on new says of its version is bent, all else is real.
#[tokio::test]
async fn an_older_target_is_refused_before_anything_runs() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    let psql = clusters.bin().join("psql");
    let script =
        format!("#!/bin/sh\n'{}' \"$@\" | sed 's/\\(\"version\" : \\)[0-9][0-9]*,/\\1140003,/'\n", psql.display());
    program(&world, "new", "psql", &script);
    let before = clusters.listing("new");
    let why = blocked(&world, &book(&clusters, "site", "site", "")).await;
    assert!(why.contains("new has PostgreSQL 14.3, which is older than the ") && why.contains(" of old: "), "{why}");
    assert_eq!(clusters.listing("new"), before);
    assert!(world.told.lock().unwrap().sent.is_empty());
}

/// What the copy is given at the end is tried at the beginning.
#[tokio::test]
async fn settings_that_the_target_does_not_take_are_found_before_the_restore() {
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    clusters.sql("old", "postgres", "ALTER DATABASE site SET TimeZone = 'Pacific/Auckland'");
    // As if the source's server knew of a zone that the target's does not.
    let psql = clusters.bin().join("psql");
    let script = format!("#!/bin/sh\n'{}' \"$@\" | sed 's,Pacific/Auckland,Nowhere/Land,'\n", psql.display());
    program(&world, "old", "psql", &script);
    clusters.sql("new", "postgres", "CREATE DATABASE site");
    let before = clusters.listing("new");
    besides(&world, "echo restored >\"$HOME/restored\"");
    let unit = world.unit(None);
    let text = book(&clusters, "site", "site", "");
    let failed = world.capture_and_fail(&unit, &*action("postgres", &text)).await;
    assert!(
        world.said(&unit).1.contains("invalid value for parameter \"TimeZone\": \"Nowhere/Land\""),
        "{:?}",
        world.said(&unit)
    );
    assert!(!world.home("new").join("restored").exists(), "it was restored first");
    world.undo(&failed).await.unwrap();
    assert_eq!(clusters.listing("new"), before);
}

/// A rollback that breaks off between its look and its deed does not take the copy's limit of connections for the one that it has set itself.
#[tokio::test]
async fn a_rollback_that_breaks_off_keeps_the_limit_of_connections() {
    use runbook::transport::Effect;
    use runbook::transport::fake::Fault;
    let Some(clusters) = Clusters::start() else { return };
    let world = World::new().await;
    filled(&clusters, "site");
    clusters.sql("old", "postgres", "ALTER DATABASE site CONNECTION LIMIT 12");
    let applied = world.apply_on(None, "postgres", &book(&clusters, "site", "site", "")).await.unwrap();
    clusters.sql("new", "site", "INSERT INTO plain VALUES (1)");
    let begun = world.new.given().len();
    // Its look is the first thing that may change something, and what puts it back the second.
    world.new.fail_nth(3, Fault::BeforeSending);
    let error = world.undo(&applied).await.unwrap_err();
    let given = world.new.given();
    let changes = given[begun..].iter().filter(|given| given.command.effect == Effect::Changes).count();
    assert_eq!(changes, 2, "{error}: {given:?}");
    world.new.mend();
    world.undo(&applied).await.unwrap();
    let after = "SELECT datconnlimit FROM pg_database WHERE datname LIKE 'site_after_%'";
    assert_eq!(clusters.sql("new", "postgres", after), "12\n");
    assert!(!matches!(error, ActionError::Failed(_)), "{error}");
}
