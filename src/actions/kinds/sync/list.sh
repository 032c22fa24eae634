# What the scripts of a sync's destination share. $B: the folder of the transfer. $E: what changes in it, `.` or `./name`. $S: what of runbook's
# own lies there, as a pattern of find(1). $K: the folder where things are kept for undo. $BK: the one for what is replaced and deleted.
export LC_ALL=C
say() { printf '%s\0' "$@"; exit 0; }
f='%y %m %U %G %T@ %s %D:%i %C@ %p//%l\0'

# Lists everything that is there: type, mode, owner, group, time, size, inode, time of the last change, path and where a link leads. Sorted.
list() {
  : >"$1.list"
  if [ -d "$B" ]; then
    (
      cd -P -- "$B"
      [ "$E" = . ] || find . -maxdepth 0 -printf "$f"
      if [ -e "$E" ] || [ -L "$E" ]; then
        find "$E" -name '.runbook-*' -prune -o -path "${S:-//}" -prune -o -printf "$f" 2>"$1.errors" || {
          # What comes and goes meanwhile is no trouble.
          ! grep -v 'No such file or directory' "$1.errors" >&2 || exit 1
        }
      fi
    ) >"$1.list"
  fi
  sort -z "$1.list" >"$1.new"
  rm -f -- "$1.list" "$1.errors"
  mv -f -- "$1.new" "$1"
}

# Ends the rsyncs that a lost connection has left behind: they wait for what never comes, and then put away what they have.
calm() {
  for _n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    # shellcheck disable=SC2046
    set -- $(printf '%s\n' "--backup-dir=$BK/files" | grep -lzxF -f - -- /proc/[0-9]*/cmdline 2>/dev/null)
    [ $# -gt 0 ] || return 0
    for _x; do
      _x=${_x%/cmdline}
      if [ "$_n" -lt 15 ]; then kill -- "${_x##*/}" 2>/dev/null || :; else kill -9 -- "${_x##*/}" 2>/dev/null || :; fi
    done
    sleep 0.5
  done
}

# Makes the folder for what is replaced and deleted, for us alone.
backup_room() {
  ours "$BK" || mkdir -m 700 -- "$BK" 2>/dev/null || ours "$BK" || { printf '%s is not ours\n' "$BK" >&2; exit 1; }
  [ -d "$BK/temp" ] || mkdir -m 700 -- "$BK/temp"
}

# Copies owner, mode, times, ACLs and attributes of the names on stdin, without content, to where undo finds them. What is there already is
# from before. The lists' names are none of the folders' there.
attributes() {
  [ -d "$BK/attributes" ] || mkdir -m 700 -- "$BK/attributes"
  [ -d "$B" ] || { cat >/dev/null; return 0; }
  for _x in captured list-files list-folders; do [ -e "$BK/$_x" ] || : >"$BK/$_x"; done
  (
    cd -P -- "$B"
    xargs -0 -r sh -c 'for p; do if [ "$p" = . ]; then printf ".\0"; else printf "./%s\0" "$p"; fi; done' sh |
      sort -zu | comm -z -23 - "$BK/captured" |
      xargs -0 -r sh -c '
        k=$1
        shift
        for p; do
          if [ -L "$p" ]; then :
          elif [ -d "$p" ]; then printf "%s\0" "$p" >>"$k/list-folders"
          elif [ -f "$p" ]; then printf "%s\0" "$p" >>"$k/list-files"; fi
        done' sh "$BK"
    xargs -0 -r cp --attributes-only --preserve=all --no-dereference --parents -t "$BK/attributes" -- <"$BK/list-files"
    [ ! -s "$BK/list-folders" ] ||
      rsync -dlpogt $X --numeric-ids --no-implied-dirs --from0 --files-from="$BK/list-folders" ./ "$BK/attributes/"
  )
  sort -zu -- "$BK/captured" "$BK/list-files" "$BK/list-folders" >"$BK/captured.new"
  mv -f -- "$BK/captured.new" "$BK/captured"
  rm -f -- "$BK/list-files" "$BK/list-folders"
}

# Removes what an interrupted transfer has left, without a trace in the folders that it was in.
tidy() {
  rm -rf -- "$BK/temp"
  [ ! -d "$B" ] || (
    cd -P -- "$B"
    [ ! -e "$E" ] || find "$E" -name "$PARTIAL" -type d -prune -print0 | xargs -0 -r sh -c '
      for p; do
        d=${p%/*}
        t=$(stat -c %y -- "$d")
        rm -rf -- "$p"
        touch -d "$t" -- "$d"
      done' sh
  )
}
