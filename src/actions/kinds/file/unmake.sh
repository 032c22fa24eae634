# Removes the folder $R and those above it, $COUNT in all, if there is nothing in them but one another, and $R has the owner ($U1 or $U2),
# group and mode that it was given.
x=$R n=$COUNT inner=0 there=0
while [ "$n" -gt 0 ]; do
  if [ -L "$x" ] || { [ -e "$x" ] && [ ! -d "$x" ]; }; then say other "$x"; fi
  if [ -d "$x" ]; then
    there=$((there + 1))
    holds=$(find "$x" -mindepth 1 -maxdepth 1 -printf . | head -c 100 | wc -c)
    if [ "$holds" -gt "$inner" ]; then
      printf 'filled\0%s\0' "$x"
      find "$x" -mindepth 1 -maxdepth 1 -printf '%f\0' | head -z -n 12
      exit 0
    fi
    inner=1
    if [ "$x" = "$R" ]; then
      odd=$(find "$x" -maxdepth 0 ! \( \( -perm "$M1" -o -perm "$M2" \) \( -uid "$U1" -o -uid "$U2" \) \( -gid "$G1" -o -gid "$G2" \) \) -printf '%m %U:%G')
      [ -z "$odd" ] || say dressed "$x" "$odd"
    fi
  fi
  x=${x%/*}
  n=$((n - 1))
done
x=$R n=$COUNT
while [ "$n" -gt 0 ]; do
  [ ! -d "$x" ] || rmdir -- "$x"
  x=${x%/*}
  n=$((n - 1))
done
[ "$there" = 0 ] || flush "${x:-/}"
[ "$L" = 0 ] || forget
if [ "$there" = 0 ]; then say already; else say done; fi
