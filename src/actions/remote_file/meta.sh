# Gives what stands at $R the owner $U, the group $G and the mode $M, if it is still what was seen: $B, or nothing where that does not count.
[ ! -L "$R" ] || say changed "$(hash_of "$R")"
x=
if [ -n "$B" ]; then
  x=$(hash_of "$R")
  [ "$x" = "$B" ] || say changed "$x"
fi
room "$K"
x=${x#* }
printf '%s %s %s %s\n' "${x:--}" "$U" "$G" "$M" >>"$K/left"
flush "$K/left"
dress "$R" "$U" "$G" "$M"
flush "$R"
say done
