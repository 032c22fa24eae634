# What an end of a sync is: fields, each ended by NUL. Changes nothing. $P: its path, without a slash at its end. $K: the folder where things
# are kept for undo, which need not be there.
export LC_ALL=C
f() { printf '%s\0' "$1"; }

# The nearest folder at or above $1.
nearest() {
  _x=$1
  while [ ! -d "$_x" ]; do
    case $_x in
      */*) _x=${_x%/*} ;;
      *) _x=/ ;;
    esac
    _x=${_x:-/}
  done
}
# Where $1, a folder, really is.
physical() {
  _x=$(cd -P -- "$1" 2>/dev/null && pwd -P && printf .) || _x=
  _x=${_x%.}
  _x=${_x%?}
}

if [ -d "$P" ]; then kind=directory
elif [ -f "$P" ]; then kind=file
elif [ -e "$P" ]; then kind=other
elif [ -L "$P" ]; then kind=dangling
else kind=absent; fi
parent=${P%/*}
nearest "$P"
near=$_x
physical "$near"
real=$_x
physical "${parent:-/}"
f "$(id -u)"
f "$(id -un)"
f "$(rsync --version 2>/dev/null || :)"
f "$kind"
if [ -L "$P" ]; then f 1; else f 0; fi
f "$real"
f "$_x"
f "$(stat -f -c '%a %S %T' -- "$near" 2>/dev/null || :)"
f "$(stat -L -c %d -- "$near")"
f "$(stat -L -c %d -- "$near/.." 2>/dev/null || :)"
if [ -w "$near/.." ]; then f 1; else f 0; fi
if [ -w "$near" ] && [ -x "$near" ]; then f 1; else f 0; fi
if [ -r "$P" ]; then f 1; else f 0; fi
nearest "$K"
f "$(stat -L -c %d -- "$_x")"
