# What every script here begins with. PGDATABASE, PGHOST and PGPORT say where to; nobody is asked for a password, and no psqlrc is read.
export LC_ALL=C PGCLIENTENCODING=UTF8 PGAPPNAME=runbook
umask 077

# Answers a script on stdin, fields and rows bare; what goes wrong ends it.
sql() { psql -wXAtq -v ON_ERROR_STOP=1 "$@"; }

fail() { printf '%s\n' "$*" >&2; exit 1; }

# Ends the sessions of the database $1 that are not ours, and waits until they are gone.
alone() {
  n=50
  while [ "$n" -gt 0 ]; do
    s=$(printf '%s\n' "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :'d' AND pid <> pg_backend_pid()" |
      sql -v d="$1")
    [ "$s" != 0 ] || return 0
    sleep 0.1
    n=$((n - 1))
  done
  fail "somebody stays connected to the database $1"
}

# Drops the database $1, which is ours. Its subscriptions go first, and nothing is said to who publishes: it is the source that is subscribed.
drop() {
  echo 'ALTER DATABASE :"d" IS_TEMPLATE false ALLOW_CONNECTIONS true' | sql -v d="$1"
  PGDATABASE=$1 sql <<'E'
SELECT format('ALTER SUBSCRIPTION %I DISABLE', subname), format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname), format('DROP SUBSCRIPTION %I', subname)
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database() \gexec
E
  echo 'ALTER DATABASE :"d" ALLOW_CONNECTIONS false' | sql -v d="$1"
  alone "$1"
  echo 'DROP DATABASE :"d"' | sql -v d="$1"
}

# The number of the database $1; nothing where there is none.
number() { printf '%s\n' "SELECT oid FROM pg_database WHERE datname = :'d'" | sql -v d="$1"; }

# Waits for a server that comes up with its host.
ready() {
  n=60
  until echo 'SELECT 1' | sql >/dev/null 2>&1; do
    n=$((n - 1))
    [ "$n" -gt 0 ] || { echo 'SELECT 1' | sql >/dev/null; return; }
    sleep 0.5
  done
}
