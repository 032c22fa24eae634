# Starts a job once and follows it. mkdir decides: who makes the folder starts the job, anybody else follows the one that is there.
# Before this come $n (a nonce), $base and $run (folders), $d (the job's folder), $program (for the witness), $o and $e (offsets) and
# what detaches a process from the connection as `detach`.
u=$(umask)
umask 077

ours() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; }

# The folders above: made for us alone, and never believed where somebody else has made them first.
prepare() {
  ours "$base" || mkdir -p "$base" || say "failed cannot make $base"
  ours "$base" || say "failed $base is not ours"
  case $(ls -ldn "$base/.") in
    d???------*) ;;
    *) say "failed others may look into $base: make it 0700, or give the host another state_dir" ;;
  esac
  mkdir "$run" 2>/dev/null || ours "$run" || say "failed cannot make $run"
}

made() { mkdir "$d" 2>/dev/null; }

# A folder that is there already has its own job: it is followed, and nothing is started.
ours "$base" && ours "$run" || [ -d "$d" ] || prepare
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
