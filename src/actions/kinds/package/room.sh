# Makes the folder, and room for a new file in it.
room
[ -d "$K" ] || mkdir -- "$K"
rm -f -- "$T"
: >"$T"
