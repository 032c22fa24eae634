# Dumps a database into the folder $W: the dump in `dump`, what it has to come to in `figures`, the digests of both in `manifest`. The
# session that reckons the figures is the one whose snapshot the dump shows.
trap '' PIPE
mkdir -p "$W"
cd "$W"
ready
rm -rf dump figures figures.part snapshot seen pipe manifest sizes
mkfifo pipe
psql -wXAtq -v ON_ERROR_STOP=1 <pipe >figures.part &
session=$! ticker=
trap 'kill "$session" $ticker 2>/dev/null || :' EXIT
exec 4>pipe
printf '%s\n' "$FIGURES" >&4 2>/dev/null || :
until [ -s snapshot ]; do
  # Nobody reads the pipe any more where the session has ended.
  printf ' ' >&4 2>/dev/null || fail "the session that was to hold the snapshot has ended"
  sleep 0.1
done
( set +e; while sleep 1; do set -- $(du -sb dump 2>/dev/null); echo "amount ${1:-0}"; done ) 4>&- &
ticker=$!
code=0
# In the database's own encoding: into another not all can be put, and nothing at all of one that has none.
env -u PGCLIENTENCODING "$PG_DUMP" -w -Fd -j "$JOBS" "$PACK" $QUOTE --snapshot="$(cat snapshot)" -f dump 4>&- || code=$?
[ "$code" = 0 ] || exit "$code"
kill "$ticker" 2>/dev/null || :
echo "phase reckoning what the copy has to come to"
exec 4>&-
wait "$session" || fail "what the copy has to come to could not be reckoned"
mv figures.part figures
rm -f pipe snapshot
find dump figures -type f -printf '%s %p\n' >sizes
find dump figures sizes -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >manifest.part
sync manifest.part 2>/dev/null || sync
mv manifest.part manifest
