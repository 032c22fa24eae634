-- What of the database that we are connected to has to be known, or be there, where it is restored.
SELECT json_build_array('contents', json_build_object(
    'tables', (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384 AND relpersistence <> 't'),
    'bytes', pg_table_size('pg_largeobject') + (SELECT coalesce(sum(pg_table_size(oid)), 0) FROM pg_class
        WHERE relkind IN ('r', 'm') AND oid >= 16384 AND relpersistence <> 't'),
    'extensions', (SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion) ORDER BY extname), '[]')
        FROM pg_extension),
    -- By tablespace, without what is in the database's own.
    'tablespaces', (SELECT coalesce(json_agg(json_build_object('name', spcname, 'bytes', bytes) ORDER BY spcname), '[]')
        FROM (SELECT t.spcname, sum(pg_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
            WHERE t.spcname <> 'pg_global' AND c.relkind IN ('r', 'm', 'i', 't', 'S') AND c.relpersistence <> 't' GROUP BY 1) s),
    -- Who owns something here, has a privilege, a default privilege, a policy or settings: whoever is not there cannot get it.
    'roles', (SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'login', r.rolcanlogin) ORDER BY r.rolname), '[]')
        FROM pg_roles r WHERE r.oid IN (
            SELECT s.refobjid FROM pg_shdepend s JOIN pg_database d ON d.datname = current_database()
                WHERE s.refclassid = 'pg_authid'::regclass AND (s.dbid = d.oid
                    OR s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid AND s.deptype <> 'o')
            UNION SELECT s.setrole FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                WHERE d.datname = current_database()
            -- What the first superuser owns is not told in pg_shdepend, and it need not be called the same there.
            UNION SELECT owner FROM (
                SELECT oid, relowner FROM pg_class WHERE relkind <> 't'
                    AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp|toast_temp)')
                UNION ALL SELECT oid, nspowner FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp|toast_temp)'
                UNION ALL SELECT oid, proowner FROM pg_proc
                UNION ALL SELECT oid, typowner FROM pg_type
                UNION ALL SELECT oid, oprowner FROM pg_operator
                UNION ALL SELECT oid, opcowner FROM pg_opclass
                UNION ALL SELECT oid, opfowner FROM pg_opfamily
                UNION ALL SELECT oid, collowner FROM pg_collation
                UNION ALL SELECT oid, conowner FROM pg_conversion
                UNION ALL SELECT oid, dictowner FROM pg_ts_dict
                UNION ALL SELECT oid, cfgowner FROM pg_ts_config
                UNION ALL SELECT oid, fdwowner FROM pg_foreign_data_wrapper
                UNION ALL SELECT oid, srvowner FROM pg_foreign_server
                UNION ALL SELECT oid, lanowner FROM pg_language
                UNION ALL SELECT oid, stxowner FROM pg_statistic_ext
                UNION ALL SELECT oid, pubowner FROM pg_publication
                UNION ALL SELECT oid, evtowner FROM pg_event_trigger
                UNION ALL SELECT oid, defaclrole FROM pg_default_acl) AS owned (oid, owner) WHERE oid >= 16384
            UNION SELECT lomowner FROM pg_largeobject_metadata
            -- And these are told to belong to no database.
            UNION SELECT subowner FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database())),
    'subscriptions', (SELECT coalesce(json_agg(subname ORDER BY subname), '[]')
        FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()),
    'slots', (SELECT coalesce(json_agg(slot_name ORDER BY slot_name), '[]') FROM pg_replication_slots WHERE database = current_database())));
