# Restores what has landed in $W/in as the database $NEW, beside what stands there, and reckons what it comes to.
cd "$W"
ready
rm -f figures figures.part made
printf '%s\n' "$FINISH" >finish.sql

# What an earlier try has left: it carries our mark, or it broke off before it could be marked and is empty.
if [ -n "$(number "$NEW")" ]; then
  mark=$(printf '%s\n' "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'d'" | sql -v d="$NEW")
  if [ "$mark" != "$MARK" ]; then
    n=$(echo 'SELECT count(*) FROM pg_class WHERE oid >= 16384' | PGDATABASE=$NEW sql)
    [ -z "$mark" ] && [ "$n" = 0 ] || fail "a database $NEW stands there that is not ours"
  fi
  drop "$NEW"
fi

printf '%s\n' "$CREATE" 'COMMENT ON DATABASE :"d" IS :'"'mark'" | sql -v d="$NEW" -v mark="$MARK"
number "$NEW" >made
# What it is given once it is whole, it can be given: better known now than when it is to be put in place.
printf 'BEGIN;\n%s\nROLLBACK;\n' "$TRIAL" | sql
"$PG_RESTORE" -l in/dump >list
awk 'NR == FNR { n = $2; sub(/.*\//, "", n); sub(/\..*/, "", n); size[n] += $1; next }
  $4 == "TABLE" && $5 == "DATA" { n = $1; sub(/;/, "", n); print "data", n, size[n] + 0 }' in/sizes list
rm -f list
"$PG_RESTORE" -w -d "$CONNECTION" -j "$JOBS" --exit-on-error --verbose in/dump

echo "phase analysing it"
v=${PG_RESTORE%/*}/vacuumdb
[ -x "$v" ] || v=$(command -v vacuumdb) || v=
if [ -n "$v" ]; then
  "$v" -w --quiet --analyze-only -j "$JOBS" "$CONNECTION"
else
  echo 'ANALYZE' | PGDATABASE=$NEW sql
fi
if [ "$PARITY" = yes ]; then echo "phase comparing it with the dump"; fi
printf '%s\n' "$FIGURES" | PGDATABASE=$NEW sql >figures.part
mv figures.part figures
