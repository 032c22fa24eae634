# Moves what is at $R aside to $A. Where that is, is noted for whoever cleans up.
[ -e "$R" ] || [ -L "$R" ] || say changed -
if [ -e "$A" ] || [ -L "$A" ]; then say changed "$A"; fi
room "$K"
printf '%s\0' "$A" >"$K/aside"
flush "$K/aside"
mv -nT -- "$R" "$A"
if [ -e "$R" ] || [ -L "$R" ]; then say changed "$A"; fi
flush "$D"
say done
