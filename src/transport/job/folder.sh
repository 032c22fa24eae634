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

# Sets $k to what has become of the job. A witness that has just gone may have left the exit code since it was looked for.
look() {
  k=missing
  [ -d "$d" ] || return 0
  k=running
  for x in 1 2; do
    if [ -e "$d/code" ]; then IFS=' ' read -r c e <"$d/code" || :; k="ended ${c:-?}"; return 0; fi
    alive && return 0
  done
  k=died
}
