-- What a server says of itself, and of the database :name if it has it. One JSON array a line; whole rows of the catalogue, whose columns
-- differ from version to version, go as they are.
SELECT json_build_array('server', json_build_object(
    'version', current_setting('server_version_num')::int,
    'user', current_user,
    'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)));
SELECT json_build_array('database', json_build_object(
    'row', to_jsonb(d) - 'datacl',
    'oid', d.oid::bigint,
    'encoding', pg_encoding_to_char(d.encoding),
    'owner', pg_get_userbyid(d.datdba),
    'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = d.dattablespace),
    'comment', shobj_description(d.oid, 'pg_database'),
    'size', pg_database_size(d.oid),
    'settings', (SELECT coalesce(json_agg(json_build_object(
            'role', CASE setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(setrole) END,
            'config', setconfig) ORDER BY setrole <> 0, pg_get_userbyid(setrole)), '[]')
        FROM pg_db_role_setting s WHERE s.setdatabase = d.oid),
    'privileges', CASE WHEN d.datacl IS NOT NULL THEN (SELECT coalesce(json_agg(json_build_object(
            'grantor', pg_get_userbyid(a.grantor),
            'grantee', CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,
            'privilege', a.privilege_type, 'grantable', a.is_grantable)
            ORDER BY a.ordinality), '[]')
        FROM aclexplode(d.datacl) WITH ORDINALITY a) END,
    'labels', (SELECT coalesce(json_agg(json_build_object('provider', provider, 'label', label) ORDER BY provider), '[]')
        FROM pg_shseclabel l WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid),
    'sessions', (SELECT coalesce(json_agg(json_build_object(
            'application', coalesce(application_name, ''), 'user', coalesce(usename, ''),
            'address', coalesce(host(client_addr), 'local'), 'count', n)), '[]')
        FROM (SELECT coalesce(nullif(application_name, ''), nullif(backend_type, 'client backend')) AS application_name, usename, client_addr,
                count(*) AS n FROM pg_stat_activity
            -- Looks of ours, of other steps too, write nothing; nor does who only sends, or tidies up. A subscription's worker writes.
            WHERE datid = d.oid AND pid <> pg_backend_pid() AND application_name <> 'runbook'
                AND backend_type NOT IN ('autovacuum worker', 'parallel worker', 'walsender')
            GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2) s),
    'prepared', (SELECT count(*) FROM pg_prepared_xacts x WHERE x.database = d.datname)))
FROM pg_database d WHERE d.datname = :'name';
