# Which of our names stand there, and whether connections to them are allowed; what was made, and whether all is over.
printf '%s\n' "SELECT CASE datname WHEN :'name' THEN 'name' WHEN :'new' THEN 'new' WHEN :'before' THEN 'before' ELSE 'after' END, oid, datallowconn
  FROM pg_database WHERE datname IN (:'name', :'new', :'before', :'after')" |
  sql -F ' ' -v name="$NAME" -v new="$NEW" -v before="$BEFORE" -v after="$AFTER"
for f in made seen; do if [ -s "$W/$f" ]; then echo "$f $(cat "$W/$f")"; fi; done
for f in figures over; do if [ -e "$W/$f" ]; then echo "$f"; fi; done
