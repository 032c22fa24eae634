# The source's part of a direct stream, as a job. $MARK and $TAIL: how the last words of the two ends begin. What the other end says on stderr
# comes with $TAIL in front. $KEYS: the folder in which ssh ($SSH, to $DEST) finds its key.
trap : TERM
m=$MARK t=$TAIL k=$KEYS c="$SSH $DEST"
printf '%s %s\n' "$m" "$t" >&2
# shellcheck disable=SC2086
call() { cd -- "$k" && exec env -i PATH="$PATH" $c; }
n=0
# Where the other end cannot be called, nothing has begun.
echo look | (call) || n=$?
[ "$n" = 0 ] || { printf '\n%s p %s\n' "$m" "$n" >&2; exit 0; }
# What the shell says about whoever is ended goes nowhere.
exec 4>&2 2>/dev/null
(
exec 2>&4 4>&-
echo stream
SOURCE
) | (
  exec 2>&4 3>&1 4>&-
  n=$({ { n=0; (call) || n=$?; echo "$n" >&4; } 2>&1 >&3 | sed -u "s/^/$t /" >&2; } 4>&1)
  printf '\n%s c %s\n' "$m" "$n" >&2
  # Nobody reads any more: whoever still writes is ended.
  [ "$n" = 0 ] || kill -TERM 0
) || :
exit 0
