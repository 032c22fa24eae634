-- How many rows there are now, and what of them is not in the snapshot :seen: of tables, definitions, large objects. One JSON array a line.
SET search_path = pg_catalog;
SET row_security = off;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
-- A row tells the last 32 bits of its transaction's number: the others are those of the next one, or one less.
SELECT next & 4294967295 AS low, next >> 32 << 32 AS high FROM txid_snapshot_xmax(txid_current_snapshot()) AS next \gset
SELECT format('SELECT line FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE NOT txid_visible_in_snapshot(greatest(3,
            %1$s + xmin::text::bigint - CASE WHEN xmin::text::bigint > %2$s THEN 4294967296 ELSE 0 END), %3$L)) AS newer FROM ONLY %4$I.%5$I %7$s) AS counted,
        LATERAL (VALUES (CASE WHEN %6$L THEN json_build_array(''table'', %4$L::text, %5$L::text, rows) END),
            (CASE WHEN newer > 0 THEN json_build_array(''newer'', %4$L::text, %5$L::text, newer) END)) AS lines (line) WHERE line IS NOT NULL',
    :'high', :'low', :'seen', n.nspname, c.relname, n.nspname <> 'pg_catalog',
    -- Whoever makes a temporary table leaves a schema behind for the next who does.
    CASE WHEN n.nspname = 'pg_catalog' AND c.relname = 'pg_namespace' THEN 'WHERE nspname !~ ''^pg_(toast_)?temp_''' END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND (n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    -- What ANALYZE and VACUUM write does not count.
    OR n.nspname = 'pg_catalog' AND c.relname IN ('pg_attrdef', 'pg_attribute', 'pg_class', 'pg_constraint', 'pg_enum', 'pg_extension',
        'pg_index', 'pg_largeobject', 'pg_largeobject_metadata', 'pg_namespace', 'pg_policy', 'pg_proc', 'pg_rewrite', 'pg_trigger', 'pg_type'))
ORDER BY n.nspname, c.relname \gexec
SELECT json_build_array('large objects', count(*)) FROM pg_largeobject_metadata;
