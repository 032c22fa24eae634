-- What a server has for a database that is to come: roles, extensions, tablespaces, and which of our names are taken.
SELECT json_build_array('house', json_build_object(
    'roles', (SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles),
    'extensions', (SELECT coalesce(json_agg(json_build_object('name', name, 'version', default_version)), '[]')
        FROM pg_available_extensions),
    'tablespaces', (SELECT json_agg(json_build_object('name', spcname, 'oid', oid::bigint)) FROM pg_tablespace),
    'icu', (SELECT count(*) > 0 FROM pg_collation WHERE collprovider = 'i'),
    'taken', (SELECT coalesce(json_agg(datname), '[]') FROM pg_database WHERE datname IN (:'new', :'before', :'after'))));
