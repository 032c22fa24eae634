# Puts an edited file in place, so that the edit alone can be taken out again. $I: `renamed`, `in-place` or `finish`. What was there is kept
# beside the copy that undo has, where that is another: a retry finds what others have written since.
if [ "$I" != finish ]; then
  room "$K"
  if [ "$(hash_of "$K/copy")" != "$B" ]; then
    cp -a -- "$R" "$K/was.new"
    x=$(hash_of "$K/was.new")
    [ "$x" = "$B" ] || { rm -f -- "$K/was.new"; say changed "$x"; }
    flush "$K/was.new"
    mv -T -- "$K/was.new" "$K/was.$W"
  fi
fi
if [ "$I" = renamed ]; then
  S=1
  clear_temps
  trap 'rm -f -- "$T"' EXIT
  trap 'exit 143' TERM INT HUP
  make
  cat >"$T"
  place
fi
# Where it cannot be replaced, it is written: what it is to become stands beside, so that a write that breaks off can be finished.
cat >"$K/place.new"
x=$(hash_of "$K/place.new")
[ "$x" = "file $W" ] || { rm -f -- "$K/place.new"; say torn "${x#* }"; }
x=$(hash_of "$R")
[ "$x" = "$B" ] || { rm -f -- "$K/place.new"; say changed "$x"; }
if [ "$I" = in-place ]; then
  cp -- "$K/place.new" "$K/left.$W"
  printf '%s %s %s %s\n' "$W" "$U" "$G" "$M" >>"$K/left"
fi
flush "$K/place.new"
mv -T -- "$K/place.new" "$K/place"
flush "$K"
cat <"$K/place" >"$R"
flush "$R"
rm -f -- "$K/place"
say done
