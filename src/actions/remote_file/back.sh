# Takes a file or link back. $A: what to do. $C: what `hash_of` says of what stands there now; $O: of what is kept. $T: a temporary file. $L: 1
# where nobody will ask for what is kept again. $U, $G, $M: owner, group and mode of before. $Q: where a long one is kept by another name.
clear_temps
x=$(hash_of "$R")
[ -z "$C" ] || [ "$x" = "$C" ] || say changed "$x"
case $A in
  copy)
    c=$K/copy
    [ -z "$Q" ] || [ -f "$c" ] || c=$Q
    x=$(hash_of "$c")
    [ "$x" = "$O" ] || { printf 'what was kept in %s is no longer what it was\n' "$K" >&2; exit 1; }
    k=$(kept_file)
    [ -z "$k" ] || [ "$(hash_of "$k")" = "$O" ] || say others "$k"
    trap 'rm -f -- "$T"' EXIT
    trap 'exit 143' TERM INT HUP
    if [ -n "$k" ]; then ln -- "$k" "$T"
    elif [ -z "$Q" ] || ! ln -- "$c" "$T" 2>/dev/null; then cp -a -- "$c" "$T"; fi
    [ -L "$T" ] || flush "$T"
    mv -fT -- "$T" "$R"
    flush "$D"
    # One file by two names is changed by both.
    [ -z "$Q" ] || rm -f -- "$c" ;;
  remove)
    rm -f -- "$R"
    flush "$D" ;;
  dress)
    dress "$R" "$U" "$G" "$M"
    flush "$D" ;;
esac
[ -z "$Q" ] || rm -f -- "$Q"
[ "$L" = 0 ] || { rm -f -- "${N}kept"; forget; }
say done
