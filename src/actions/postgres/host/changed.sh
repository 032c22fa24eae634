# What the database comes to now, and what was written to it since it was put in place. Whoever is connected is sent away first, so that
# nothing is written while it is looked at; superusers, as we are, still get in.
limit=$(printf '%s\n' "SELECT datconnlimit FROM pg_database WHERE datname = :'d'" | sql -v d="$NAME")
reopen() {
  code=$?
  trap - EXIT
  [ "$code" = 0 ] || printf '%s\n' 'ALTER DATABASE :"d" CONNECTION LIMIT :l' | sql -v d="$NAME" -v l="$limit" || :
  exit "$code"
}
trap reopen EXIT
echo 'ALTER DATABASE :"d" CONNECTION LIMIT 0' | sql -v d="$NAME"
alone "$NAME"
echo "limit $limit"
printf '%s\n' "$FIGURES" | PGDATABASE=$NAME sql -v content=no
printf '%s\n' "$NEWER" | PGDATABASE=$NAME sql -v xid="$XID"
printf '\0'
cat "$W/figures"
