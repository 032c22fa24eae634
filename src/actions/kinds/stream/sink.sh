# Feeds $SCRIPT what `receive` gives. Where that is not all, the script never sees the end of its input: it and all that belongs to it are
# killed, so that a piece is not taken for the whole. What it reads is hashed and counted as it arrives; its exit code, the hash and the count
# come at the end, in lines of stderr that begin with $mark.
set +e
script=$SCRIPT hashed=1
unset SCRIPT
feed() {
  receive 3>/dev/null
  [ $? != 2 ] || kill -9 0
}
exec 6>&1
r=$(
  exec 8>&1
  {
    {
      feed | tee /dev/fd/5 | {
        (exec 5>&- 7>&- 8>&-; set -eu; eval " $script") >&6 6>&-
        s=$?
        if [ "$s" = 0 ]; then
          # Some are content before the last byte: what is left still belongs to what is hashed.
          cat >/dev/null
        else
          # Said at once: what would be fed to it may be long in coming.
          printf '\n%s s %s\n' "$mark" "$s" >&2
          failed
        fi
        echo "s $s" >&8
      }
    } 5>&1 | { tee /dev/fd/7 | sha256sum >&8; } 7>&1
  } | { echo "b $(wc -c)" >&8; }
)
unwatched
# shellcheck disable=SC2046,SC2086
printf '\n%s %s\n' "$mark" "$(echo $r)" >&2
exit 0
