# Runs $SCRIPT. What it writes is hashed before it leaves. Its exit code and the hash come at the end, in a line of stderr that begins with
# $MARK.
set +e
script=$SCRIPT mark=$MARK
unset SCRIPT MARK
exec 6>&1
r=$(
  exec 8>&1
  {
    { (exec 5>&- 6>&- 8>&-; set -eu; eval " $script") </dev/null; echo "s $?" >&8; } | tee /dev/fd/5 >&6
  } 5>&1 | sha256sum >&8
)
printf '\n%s %s\n' "$mark" "$(echo $r)" >&2
exit 0
