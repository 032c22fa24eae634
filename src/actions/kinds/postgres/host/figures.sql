-- What has to be the same in a database and its copy, one JSON array a line. Sequences come first: no snapshot holds them.
-- :content: yes where what the rows hold counts; :raw: yes where an end has no encoding, and bytes are bytes; :digits: how floats are told.
SET search_path = pg_catalog;
SELECT count(set_config(name, '0', false)) FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout') \g /dev/null
SET row_security = off;
SET DateStyle = ISO;
SET IntervalStyle = postgres;
SET TimeZone = UTC;
SET bytea_output = hex;
SET extra_float_digits = :digits;
SET xmloption = content;
SET lc_monetary = 'C';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT json_build_array('encoding', getdatabaseencoding());
SELECT format('SELECT json_build_array(''sequence'', %L::text, %L::text, last_value, is_called, %s) FROM %I.%I',
    n.nspname, c.relname, s.seqincrement, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname \gexec
-- SNAPSHOT
-- The content of a row as text, hashed; sums do not care in which order the rows come.
SELECT format('SELECT json_build_array(''table'', %L::text, %L::text, count(*)%s) FROM ONLY %I.%I AS "runbook row"',
    n.nspname, c.relname,
    CASE WHEN :'content' = 'yes' THEN
        format($$, coalesce(sum(('x' || left(md5(convert_to("runbook row"::text, %L)), 16))::bit(64)::bigint::numeric), 0)::text$$,
            CASE :'raw' WHEN 'yes' THEN getdatabaseencoding() ELSE 'UTF8' END)
    ELSE '' END,
    n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname \gexec
-- Large objects by pieces: none fits into memory, and zeros that are not stored are zeros all the same.
SELECT json_build_array('large objects', count(*), coalesce(sum(('x' || left(md5(m.oid || ':' || pieces), 16))::bit(64)::bigint::numeric), 0)::text)
FROM pg_largeobject_metadata m
CROSS JOIN LATERAL (SELECT (coalesce(max(o.pageno), -1)::bigint + 1) * (current_setting('block_size')::int / 4) AS size
    FROM pg_largeobject o WHERE o.loid = m.oid) s
CROSS JOIN LATERAL (SELECT coalesce(string_agg(md5(piece), '' ORDER BY at) FILTER (WHERE length(piece) > 0), '') AS pieces
    FROM (SELECT at, lo_get(m.oid, at, 1048576) AS piece FROM generate_series(0, s.size - 1, 1048576) AS at OFFSET 0) p) p;
