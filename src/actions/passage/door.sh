# Whether this host can be let in by a key made for one passage: fields, each ended by NUL. Changes nothing. $U: the user that is to act here.
# $K: where things are kept for undo.
f() { printf '%s\0' "$1"; }
me=$(id -un)
f "$me"
set -f
# shellcheck disable=SC2086
set -- ${SSH_CONNECTION-}
f "${3-}"
f "${4-}"
if [ -z "$U" ] || [ "$U" = "$me" ]; then f 1
elif command -v sudo >/dev/null; then
  if sudo -n -u "$U" -- true 2>/dev/null; then f 1; else f 0; fi
elif [ "$(id -u)" = 0 ]; then f 1
else f 0; fi
if [ -e "$K/serve" ]; then f 1; else f 0; fi
