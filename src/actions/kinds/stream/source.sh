# Runs $SCRIPT. What it writes is hashed and counted before it leaves. Its exit code, the hash and the count come at the end, in a line of
# stderr that begins with $MARK. $TAIL: where it is not empty and all went well, it and the hash are written behind all that, for the other
# end to know that this was all.
set +e
script=$SCRIPT mark=$MARK tail=$TAIL
unset SCRIPT MARK TAIL
exec 6>&1
r=$(
  exec 8>&1
  {
    {
      { (exec 5>&- 6>&- 7>&- 8>&-; set -eu; eval " $script") </dev/null; echo "s $?" >&8; } | tee /dev/fd/5 >&6
    } 5>&1 | { tee /dev/fd/7 | sha256sum >&8; } 7>&1
  } | { echo "b $(wc -c)" >&8; }
)
# shellcheck disable=SC2086,SC2116
r=$(echo $r)
printf '\n%s %s\n' "$mark" "$r" >&2
# shellcheck disable=SC2086
[ -z "$tail" ] || case $r in 's 0 '*)
  for x in $r; do [ "${#x}" != 64 ] || printf '%s %s' "$tail" "$x"; done ;;
esac
exit 0
