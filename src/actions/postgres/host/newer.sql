-- What was written since transaction :xid: rows of tables, definitions, large objects. One JSON array a line.
SELECT format('SELECT json_build_array(''newer'', %L::text, %L::text, count(*)) FROM ONLY %I.%I WHERE age(xmin) < age(%L::xid) HAVING count(*) > 0',
    n.nspname, c.relname, n.nspname, c.relname, :'xid')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND (n.nspname NOT IN ('pg_catalog', 'information_schema')
    -- What ANALYZE and VACUUM write does not count.
    OR n.nspname = 'pg_catalog' AND c.relname IN ('pg_attrdef', 'pg_attribute', 'pg_class', 'pg_constraint', 'pg_enum', 'pg_extension',
        'pg_index', 'pg_largeobject', 'pg_largeobject_metadata', 'pg_namespace', 'pg_policy', 'pg_proc', 'pg_rewrite', 'pg_trigger', 'pg_type'))
ORDER BY n.nspname, c.relname \gexec
