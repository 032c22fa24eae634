# Passes on what the job in $d says, from the offsets $o (stdout) and $e (stderr), and tells at the end what has become of it.

open() {
  [ -r "$d/out" ] && [ -r "$d/err" ] || { look; say "$k"; }
  exec 5<"$d/out" 6<"$d/err"
  [ "$o" = 0 ] || dd bs=1 count=0 skip="$o" <&5 2>/dev/null
  [ "$e" = 0 ] || dd bs=1 count=0 skip="$e" <&6 2>/dev/null
}

# What was said since the last time: both files are read on from where they were left.
pass_on() { cat <&5; cat <&6 >&2; }

# The job is not our child: look after it, ever more seldom.
watch() {
  w=0.02
  while :; do
    look
    pass_on
    [ "$k" = running ] || say "$k"
    sleep $w 2>/dev/null || sleep 1
    case $w in 0.02) w=0.05 ;; 0.05) w=0.1 ;; 0.1) w=0.2 ;; *) w=0.4 ;; esac
  done
}

# The job is our child $1: its end is known at once, and what it says meanwhile is passed on by a helper.
attend() {
  (
    trap 'exit 0' TERM
    w=0.1
    while :; do
      # A wait can be interrupted, a sleep cannot.
      { sleep $w || sleep 1; } >/dev/null 2>&1 5<&- 6<&- &
      wait "$!" || :
      pass_on
      w=0.3
    done
  ) &
  h=$!
  c=0
  wait "$1" || c=$?
  kill "$h" 2>/dev/null || :
  wait "$h" || :
  # The witness fails only where it did not start the job: with 1 where it could not, with 2 where others had it not begin.
  [ "$c" != 1 ] || { rm -rf "$d"; say "failed nothing can be written to $d: is its disk full?"; }
  look
  [ ! -s "$d/out" ] || cat <&5
  [ ! -s "$d/err" ] || cat <&6 >&2
  [ "$k" = running ] || say "$k"
  watch
}

# Joins a job that somebody else has started, a moment ago perhaps.
join() {
  settle
  open
  watch
}
