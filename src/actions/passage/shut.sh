# Takes a key for one passage out of this user's authorized_keys again: its line alone, where others have changed the file since. $MARK: the end
# of its line.

# One of ours at a time: what one writes while another has just read would be lost.
alone() {
  [ -r "$HOME" ] && command -v flock >/dev/null || return 0
  exec 8<"$HOME"
  flock -w 60 8 || { echo 'another passage keeps hold of authorized_keys' >&2; exit 1; }
  # Of one that the power was cut under.
  for x in "$HOME"/.ssh/.runbook-keys.*; do [ ! -e "$x" ] || rm -f -- "$x"; done
}
shut() {
  alone
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
  fi
  if [ -e "$K/no-folder" ]; then rmdir -- "$s" 2>/dev/null || :; fi
  for x in keys no-keys no-folder folder-time serve; do rm -f -- "$K/$x"; done
}
