# Lets the link at $R lead to $TO: in one step, from where it led before.
clear_temps
x=$(hash_of "$R")
[ "$x" = "${B:-$x}" ] || say changed "$x"
trap 'rm -f -- "$T"' EXIT
trap 'exit 143' TERM INT HUP
ln -s -- "$TO" "$T"
dress "$T" "$U" "$G" "$M"
room "$K"
printf '%s %s %s 777\n' "$W" "$U" "$G" >>"$K/left"
flush "$K/left"
mv -fT -- "$T" "$R"
flush "$D"
say done
