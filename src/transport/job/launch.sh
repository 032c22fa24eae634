# Starts a job once and follows it. mkdir decides: who makes the folder starts the job, anybody else follows the one that is there.
# Before this come $n (a nonce), $base and $run (folders), $d (the job's folder), $program (for the witness), $o and $e (offsets) and
# what detaches a process from the connection as `detach`.
u=$(umask)
umask 077

ours() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; }

# The folders above: made for us alone, and never believed where somebody else has made them first.
prepare() {
  ours "$base" || mkdir -p "$base" || say "failed cannot make $base"
  [ ! -e "$base" ] || ours "$base" || say "failed $base is not ours"
  case $(ls -ldn "$base/." 2>/dev/null) in
    d???------*) ;;
    d*) say "failed others may look into $base: make it 0700, or give the host another state_dir" ;;
  esac
  mkdir "$run" 2>/dev/null || ours "$run" || [ "$try" -lt 5 ] || say "failed cannot make $run"
}

# A folder that is there already has its own job: it is followed, and nothing is started. Who takes away the last of another job takes the
# empty folders above along, between any two of these lines: so the folders are made again, until somebody's is there.
made() {
  try=0
  until [ -d "$d" ] || [ "$try" = 5 ]; do
    try=$((try + 1))
    ours "$base" && ours "$run" || prepare
    ! mkdir "$d" 2>/dev/null || return 0
  done
  return 1
}

if made; then
  : >"$d/out"
  : >"$d/err"
  printf 'u=%s\n%s' "$u" "$program" | detach >/dev/null 2>&1 &
  program='' w=$!
  open
  attend "$w"
fi
[ -d "$d" ] || say "failed $(mkdir "$d" 2>&1 || :)"
ours "$d" || say "failed $d is not ours"
join
