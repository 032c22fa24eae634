# What the database comes to now, and what was written to it since it was put in place. Whoever is connected is sent away first, so that
# nothing is written while it is looked at; superusers, as we are, still get in.
cd "$W"
# Of an earlier try that broke off here, the limit is ours.
if [ ! -s limit ]; then
  printf '%s\n' "SELECT datconnlimit FROM pg_database WHERE datname = :'d'" | sql -v d="$NAME" >limit.part
  mv limit.part limit
fi
limit=$(cat limit)
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
printf '%s\n' "$FIGURES" | PGDATABASE=$NAME sql
if [ -n "$SEEN" ]; then printf '%s\n' "$SINCE" | PGDATABASE=$NAME sql -v seen="$SEEN"; fi
printf '\0'
cat "$W/figures"
