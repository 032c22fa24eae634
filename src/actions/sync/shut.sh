# Takes a key for one transfer out of this user's authorized_keys again: its line alone, where others have changed the file since. $MARK: the end
# of its line.
shut() {
  s=$HOME/.ssh
  a=$(readlink -f -- "$s/authorized_keys") || a=
  if [ -n "$a" ] && [ -f "$a" ] && grep -qF -- " $MARK" "$a"; then
    t=$(mktemp -- "${a%/*}/.runbook-keys.XXXXXX")
    cp -a -- "$a" "$t"
    grep -avF -- " $MARK" "$a" >"$t" || :
    if [ -f "$K/keys" ]; then
      if cmp -s -- "$t" "$K/keys" || { cat -- "$K/keys"; echo; } | cmp -s -- "$t" -; then
        cp -a -- "$K/keys" "$t"
      fi
    fi
    if [ -e "$K/no-keys" ] && [ ! -s "$t" ]; then
      rm -f -- "$t" "$a"
    else
      mv -f -- "$t" "$a"
    fi
    if [ -f "$K/folder-time" ]; then touch -d "$(cat "$K/folder-time")" -- "$s"; fi
    if [ -e "$K/no-folder" ]; then rmdir -- "$s" 2>/dev/null || :; fi
  fi
  for x in serve keys no-keys no-folder folder-time; do rm -f -- "$K/$x"; done
}
