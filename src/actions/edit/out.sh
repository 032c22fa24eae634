# Takes an edit out. $A: `copy`: the file as it was, kept as $F, takes its place; `write`: what comes on stdin does; `nothing`. $I: 1 where it
# is written in place. $C: what `hash_of` says of what stands there now. $L: 1 where nobody will ask for what is kept again.
clear_temps
x=$(hash_of "$R")
[ "$x" = "$C" ] || say changed "$x"
trap 'rm -f -- "$T"' EXIT
trap 'exit 143' TERM INT HUP
in_place() {
  flush "$K/place.new"
  mv -T -- "$K/place.new" "$K/place"
  flush "$K"
  cat <"$K/place" >"$R"
  [ "$A" = write ] || touch -r "$K/place" -- "$R"
  flush "$R"
  rm -f -- "$K/place"
}
case $A$I in
  copy1)
    cp -a -- "$K/$F" "$K/place.new"
    in_place ;;
  copy0)
    cp -a -- "$K/$F" "$T"
    flush "$T"
    mv -fT -- "$T" "$R"
    flush "$D" ;;
  write1)
    cat >"$K/place.new"
    [ "$(hash_of "$K/place.new")" = "file $W" ] || { rm -f -- "$K/place.new"; say torn; }
    in_place ;;
  write0)
    make
    cat >"$T"
    [ "$(hash_of "$T")" = "file $W" ] || { rm -f -- "$T"; say torn; }
    dress "$T" "$U" "$G" "$M"
    flush "$T"
    x=$(hash_of "$R")
    [ "$x" = "$C" ] || say changed "$x"
    mv -fT -- "$T" "$R"
    flush "$D" ;;
esac
[ "$L" = 0 ] || forget
say done
