# What is known of a job from its folder, $d.

# The last words: after them nothing is read. $n is a nonce.
say() { printf '%s %s\n' "$n" "$*"; exit 0; }

# Reads who the witness is into $p (process), $t (start time) and $b (boot); false where that is not known.
witness() {
  p='' t='' b='' e=''
  [ -r "$d/pid" ] && IFS=' ' read -r p t b e <"$d/pid" && [ "$e" = . ]
}

# Whether the witness is still there: the same process of the same boot.
alive() {
  witness || return 1
  r=- s=
  IFS= read -r r </proc/sys/kernel/random/boot_id || :
  [ "$r" = "$b" ] || return 1
  [ -r "/proc/$p/stat" ] || { [ "$b" = - ] && kill -0 "$p"; return; }
  IFS= read -r s <"/proc/$p/stat" || return 1
  set -- ${s##*) }
  [ "$1" != Z ] && [ "${20-}" = "$t" ]
} 2>/dev/null

# Waits until the witness has made `go`, which it does before it begins. For one that does not come the file is made in its place, with a word
# in it: then it never begins, however late it comes, and what is told of it holds.
settle() {
  for nap in 0.05 0.1 0.2 0.4 0.8 1.6 3.2; do
    [ -d "$d" ] && [ ! -e "$d/go" ] || return 0
    sleep $nap 2>/dev/null || sleep 1
  done
  (set -C; printf 'given up\n' >"$d/go") 2>/dev/null || [ -e "$d/go" ] || [ ! -d "$d" ] || say "failed nothing can be written to $d"
}

# Sets $k to what has become of the job. A witness that was waited for may have begun since, and one that has just gone may have left the
# exit code since that was looked for: so it is looked three times before anybody is told that it died.
look() {
  for x in 1 2 3; do
    k=missing
    [ -d "$d" ] || return 0
    if [ -e "$d/code" ]; then IFS=' ' read -r c e <"$d/code" || :; k="ended ${c:-?}"; return 0; fi
    k=running
    ! alive || return 0
    settle
  done
  k=died
  [ ! -s "$d/go" ] || k=unbegun
}
