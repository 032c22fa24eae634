# Keeps what `receive` gives in the file $T, for us alone, in the folder $K of the unit.
W=
over() {
  s=$?
  [ "$s" = 0 ] || rm -f -- "$T"
  printf '\n%s s %s %s b %s\n' "$mark" "$s" "$W" "${c:-0}" >&2
}
trap over EXIT
trap 'exit 143' TERM INT HUP
room "$K"
rm -rf -- "$T"
(set -C; : >"$T")
receive 3>/dev/null >"$T"
W=$(sha256sum <"$T")
W=${W%% *}
c=$(stat -c %s -- "$T")
exit 0
