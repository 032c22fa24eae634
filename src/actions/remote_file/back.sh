# Takes a file or link back. $A: what to do. $C: what `hash_of` says of what stands there now; $O: of what is kept. $T: a temporary file. $L: 1
# where nobody will ask for what is kept again. $U, $G, $M: owner, group and mode of before.
clear_temps
x=$(hash_of "$R")
[ -z "$C" ] || [ "$x" = "$C" ] || say changed "$x"
case $A in
  copy)
    x=$(hash_of "$K/copy")
    [ "$x" = "$O" ] || { printf 'what was kept in %s is no longer what it was\n' "$K" >&2; exit 1; }
    k=$(kept_file)
    [ -z "$k" ] || [ "$(hash_of "$k")" = "$O" ] || say others "$k"
    trap 'rm -f -- "$T"' EXIT
    trap 'exit 143' TERM INT HUP
    if [ -n "$k" ]; then ln -- "$k" "$T"; else cp -a -- "$K/copy" "$T"; fi
    [ -L "$T" ] || flush "$T"
    mv -fT -- "$T" "$R"
    flush "$D" ;;
  remove)
    rm -f -- "$R"
    flush "$D" ;;
  dress)
    dress "$R" "$U" "$G" "$M"
    flush "$D" ;;
esac
[ "$L" = 0 ] || { rm -f -- "${N}kept"; forget; }
say done
