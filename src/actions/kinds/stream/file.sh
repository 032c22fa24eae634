# Puts what `receive` gives in place of a file, and only once that is all; `make` and `place` are those of every file. How that ended, the hash
# and the count come at the end, in a line of stderr that begins with $mark.
W='' hashed=''
over() {
  s=$?
  unwatched || :
  rm -f -- "$T"
  printf '\n%s s %s %s b %s\n' "$mark" "$s" "$W" "${c:-0}" >&2
}
trap over EXIT
trap 'exit 143' TERM INT HUP
clear_temps
make
W=$(receive 3>&1 >"$T")
c=$(stat -c %s -- "$T")
place
