# The content comes at once.
trap 'rm -f -- "$T"' EXIT
trap 'exit 143' TERM INT HUP
clear_temps
make
cat >"$T"
place
