# Puts what stood there back in its place, in one transaction with the way out of what was made. What was made goes to $AWAY, and is dropped
# there where that is $NEW, or else may be used there.
sequence=
if [ "$SWAPPED" = yes ]; then
  open=$(printf '%s\n' "SELECT datallowconn FROM pg_database WHERE datname = :'d'" | sql -v d="$NAME")
  reopen() {
    code=$?
    trap - EXIT
    [ "$open" != t ] || printf '%s\n' 'ALTER DATABASE :"d" ALLOW_CONNECTIONS true; ALTER DATABASE :"d" CONNECTION LIMIT :l' | sql -v d="$NAME" -v l="$LIMIT" || :
    exit "$code"
  }
  trap reopen EXIT
  echo 'ALTER DATABASE :"d" ALLOW_CONNECTIONS false' | sql -v d="$NAME"
  alone "$NAME"
  sequence='ALTER DATABASE :"name" RENAME TO :"away";'
fi
if [ "$RETURN" = yes ]; then sequence="$sequence"' ALTER DATABASE :"before" RENAME TO :"name";'; fi
if [ -n "$sequence" ]; then
  printf '%s\n' "BEGIN; $sequence COMMIT;" | sql -v name="$NAME" -v away="$AWAY" -v before="$BEFORE"
fi
trap - EXIT
if [ "$OPEN" = yes ]; then echo 'ALTER DATABASE :"d" ALLOW_CONNECTIONS true' | sql -v d="$NAME"; fi
if [ "$SWAPPED" = yes ] && [ "$AWAY" != "$NEW" ]; then
  printf '%s\n' 'ALTER DATABASE :"d" ALLOW_CONNECTIONS true; ALTER DATABASE :"d" CONNECTION LIMIT :l' | sql -v d="$AWAY" -v l="$LIMIT"
fi
if [ -n "$(number "$NEW")" ]; then drop "$NEW"; fi
