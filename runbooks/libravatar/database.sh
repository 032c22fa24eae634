#!/bin/sh
# A PostgreSQL database on its way from one host to another; runs as the user postgres.
#
#   database.sh dump DATABASE FILE                  in pg_dump's own format, readable by nobody else
#   database.sh restore DATABASE OWNER FILE         in UTF8; appears under its name only when it is whole
#   database.sh rename DATABASE NAME                does nothing where that was done already
#   database.sh drop DATABASE KEPT                  where it is not as $EXPECTED any more, it is dumped to KEPT first
#   database.sh digest DATABASE                     rows and a digest of every table, the value of every sequence, every large object
#   database.sh same DATABASE                       whether that is $EXPECTED
set -eu
umask 077

exists() { [ "$(echo "SELECT 1 FROM pg_database WHERE datname = :'name'" | psql -XAtq -v name="$1")" = 1 ]; }

dump() {
    pg_dump --format=custom --file="$2.part" --dbname="$1"
    mv -- "$2.part" "$2"
}

restore() {
    if exists "$1"; then
        echo "the database $1 is there already: it is not replaced" >&2
        return 1
    fi
    # What a restore left that was killed half-way has this name, and nothing else ever has.
    dropdb --if-exists -- "$1_incoming"
    createdb --owner="$2" --encoding=UTF8 --template=template0 -- "$1_incoming"
    pg_restore --exit-on-error --dbname="$1_incoming" -- "$3"
    rename "$1_incoming" "$1"
}

rename() {
    if exists "$2" && ! exists "$1"; then return; fi
    echo "ALTER DATABASE :\"from\" RENAME TO :\"to\"" | psql -Xq -v ON_ERROR_STOP=1 -v from="$1" -v to="$2"
}

drop() {
    dropdb --if-exists -- "$1_incoming"
    exists "$1" || return 0
    if ! same "$1" 2>/dev/null; then
        mkdir -p -- "$2"
        dump "$1" "$2/$1.$(date -u +%Y%m%dT%H%M%SZ).pg"
        echo "$1 has changed since it was restored: a dump of it is kept in $2"
    fi
    dropdb --force -- "$1"
}

digest() {
    psql -XAtq -v ON_ERROR_STOP=1 --dbname="$1" <<'SQL'
SELECT format('SELECT %L, count(*), md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))) FROM %I.%I t',
              'table ' || schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY schemaname, tablename \gexec
SELECT 'sequence ' || schemaname || '.' || sequencename, last_value FROM pg_sequences ORDER BY schemaname, sequencename;
SELECT 'large object ' || oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid;
SELECT 'encoding', pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database();
SQL
}

same() {
    found=$(digest "$1")
    [ "$found" = "$EXPECTED" ] && return
    printf 'expected\n%s\nfound\n%s\n' "$EXPECTED" "$found" >&2
    return 1
}

"$@"
