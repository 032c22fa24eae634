# What the database comes to now that was dumped, as far as it may have changed since; NUL, and what it came to then. Changes nothing.
cd "$W"
seen=$(cat seen)
printf '%s\n' "$SEQUENCES" | sql
# Where the whole server has written nothing since, nobody has.
if [ "$(echo 'SELECT txid_current_snapshot()' | sql)" != "$seen" ]; then
  printf '%s\n' "$SINCE" | sql -v seen="$seen"
fi
printf '\0'
cat figures
