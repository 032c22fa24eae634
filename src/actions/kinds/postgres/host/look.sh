# What is on a host, and changes nothing: lines of JSON from the server, and lines of words with tabs between them. What may take long
# waits for nobody's locks.
export PGOPTIONS='-c lock_timeout=10s'
printf '%s\n' "$SQL" | sql -v name="$NAME" -v new="$NEW" -v before="$BEFORE" -v after="$AFTER"

tool() {
  v=$("$2" --version 2>/dev/null </dev/null) || return 0
  l=$(ldd "$2" 2>/dev/null | sed -n 's/.*lib\(zstd\|lz4\)\.so.*/\1/p' | tr '\n' ' ') || l=
  printf 'tool\t%s\t%s\t%s\t%s\n' "$1" "$2" "$v" "$l"
}
for n in pg_dump pg_restore; do
  p=$(command -v "$n") && tool "$n" "$p" || :
  for d in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
    [ ! -x "$d/$n" ] || tool "$n" "$d/$n"
  done
done

free() {
  p=$2
  while [ ! -e "$p" ]; do p=${p%/*}; [ -n "$p" ] || p=/; done
  a=$(df -k --output=avail -- "$p" 2>/dev/null | tail -n 1) || return 0
  printf 'free\t%s\t%s\t%s\n' "$1" "$(stat -c %d -- "$p")" "$((a))"
}
free work "$W"
if [ "$SIDE" = to ]; then
  free data "$(echo 'SHOW data_directory' | sql)"
  echo "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''" | sql -F '	' |
    while IFS='	' read -r o l; do free "$o" "$l"; done
  locale -a 2>/dev/null | sed 's/^/locale	/' || :
fi
