# Ends what a lost connection has left unpacking in $W/in: it waits for what never comes.
calm() {
  find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h %l\n' 2>/dev/null |
    I=$W/in awk '{ p = $1; sub(/^[^ ]* /, ""); if ($0 == ENVIRON["I"]) print p }' |
    while read -r p; do
      read -r c <"$p/comm" || continue
      [ "$c" != tar ] || kill -- "${p#/proc/}" || :
    done 2>/dev/null
}
