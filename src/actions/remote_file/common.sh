# What the scripts that write share. $R: the path. $K: the folder where things are kept for undo. $N: how the names of our temporary files
# beside the path begin, with the folder.
say() { printf '%s\0' "$@"; exit 0; }
u=$(umask)
umask 077
D=${R%/*}
D=${D:-/}

# The hash of what is at $1: of a link where it leads, `-` where there is nothing, `other` of anything without a content.
hash_of() {
  if [ -L "$1" ]; then _x=$(readlink -n -- "$1" | sha256sum); printf 'link %s' "${_x%% *}"
  elif [ -f "$1" ]; then _x=$(sha256sum <"$1"); printf 'file %s' "${_x%% *}"
  elif [ -e "$1" ]; then printf other
  else printf -- -; fi
}

# Where a file is kept under one more name that has several, so that undo finds the file itself: beside it where nowhere else on its disk.
kept_file() { if [ -e "$K/file" ]; then printf %s "$K/file"; elif [ -e "${N}kept" ]; then printf %s "${N}kept"; fi; }

# Removes our temporary files but $1.
clear_temps() {
  for _x in "$N"*; do
    [ "$_x" = "${1-}" ] || [ "$_x" = "${N}kept" ] || { [ ! -e "$_x" ] && [ ! -L "$_x" ]; } || rm -f -- "$_x"
  done
}

# Data and name are on the disk when this returns, wherever the host can say so of one file.
flush() { sync -- "$@" 2>/dev/null || sync; }

# Gives $1 the owner $2:$3 and, unless it is a link, the mode $4. The mode last: a new owner takes set-id bits away.
dress() {
  [ "$(stat -c %u:%g -- "$1")" = "$2:$3" ] || chown -h -- "$2:$3" "$1"
  [ -L "$1" ] || chmod -- "$4" "$1"
}

# Makes $K and the folders above it, for us alone. What somebody else has made there is not believed.
ours() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; }
room() {
  _x=${K%/*}
  run=${_x%/*}
  base=${run%/*}
  # Another run that takes its last away here takes the empty folders above along, between any two of these lines.
  _try=0
  until rooms "$@"; do
    _try=$((_try + 1))
    [ $_try -lt 5 ] || { printf '%s is not ours\n' "$_x" >&2; exit 1; }
  done
}
rooms() {
  _x=$base
  ours "$base" || mkdir -p -- "$base"
  ours "$base" || return 1
  case $(ls -ldn -- "$base/." 2>/dev/null) in
    d???------*) ;;
    d*) printf 'others may look into %s: make it 0700, or give the host another state_dir\n' "$base" >&2; exit 1 ;;
  esac
  for _x in "$run" "$run/kept" "$@"; do
    ours "$_x" || mkdir -- "$_x" 2>/dev/null || ours "$_x" || return 1
  done
}

# Removes what was kept, and the folders above that are empty then.
forget() {
  rm -rf -- "$K"
  _x=${K%/*}
  rmdir -- "$_x" "${_x%/*}" "${_x%/*/*}" 2>/dev/null || :
}
