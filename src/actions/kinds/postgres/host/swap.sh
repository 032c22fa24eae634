# Puts the database $NEW in the place of $NAME, which goes aside as $BEFORE, in one transaction. Done twice it is done once.
cd "$W"
made=$(cat made)
now=$(number "$NAME")
if [ -z "$(number "$NEW")" ]; then
  [ "$now" = "$made" ] || fail "the database that was restored is gone"
  for d in "$AFTER" "$BEFORE"; do
    if [ -n "$(number "$d")" ]; then echo "aside $d"; break; fi
  done
  echo done
  exit 0
fi
[ "$(number "$NEW")" = "$made" ] || fail "the database $NEW is not the one that was restored"
aside=$BEFORE
# An earlier try of this run has put something aside already: what it made instead goes beside that.
[ -z "$(number "$BEFORE")" ] || aside=$AFTER
if [ -n "$now" ]; then
  [ -z "$(number "$aside")" ] || fail "a database $aside stands there already: whatever it is, rename or drop it"
  open=$(printf '%s\n' "SELECT datallowconn FROM pg_database WHERE datname = :'d'" | sql -v d="$NAME")
  reopen() {
    code=$?
    trap - EXIT
    [ "$code" = 0 ] || [ "$open" != t ] || echo 'ALTER DATABASE :"d" ALLOW_CONNECTIONS true' | sql -v d="$NAME" || :
    exit "$code"
  }
  trap reopen EXIT
  echo 'ALTER DATABASE :"d" ALLOW_CONNECTIONS false' | sql -v d="$NAME"
  alone "$NAME"
  away='ALTER DATABASE :"name" RENAME TO :"aside";'
else
  away=
fi
alone "$NEW"
echo 'SELECT txid_current_snapshot()' | sql >seen
sync seen made 2>/dev/null || sync
{ printf '%s\n' 'BEGIN;' "$away" 'ALTER DATABASE :"new" RENAME TO :"name";'; cat finish.sql; echo 'COMMIT;'; } |
  sql -v name="$NAME" -v new="$NEW" -v aside="$aside"
if [ -n "$now" ]; then echo "aside $aside"; fi
echo done
