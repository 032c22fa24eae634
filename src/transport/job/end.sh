# `kill -SIGNAL -GROUP` is the one spelling that dash, bash and busybox all take.
# Ends the job in $d: its process group gets SIGTERM, after $grace tenths of a second SIGKILL. The witness lives through the first and
# notes the exit code; after the second we note it in its place.
gone() { ! kill -0 "-$p" 2>/dev/null; }
look
[ "$k" = running ] || say "$k"
kill -TERM "-$p" 2>/dev/null || say "failed $(kill -TERM "-$p" 2>&1 || :)"
while [ "$grace" -gt 0 ] && ! gone; do
  look
  [ "$k" = running ] || break
  sleep 0.1 2>/dev/null || { sleep 1; grace=$((grace - 9)); }
  grace=$((grace - 1))
done
# What it left behind in its group goes too.
kill -KILL "-$p" 2>/dev/null || :
x=50
while [ $x -gt 0 ] && ! gone; do sleep 0.1 2>/dev/null || sleep 1; x=$((x - 1)); done
alive && say "failed it does not end"
[ -e "$d/code" ] || { printf '%-6s\n' 137 >"$d/code.new" && mv "$d/code.new" "$d/code"; }
look
say "stopped $k"
