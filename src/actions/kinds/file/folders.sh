# Makes the folder $R and those above it that are missing. Those get what a new folder gets; $R its owner $U, group $G and mode $M.
umask 022
make() {
  [ ! -d "$1" ] || return 0
  _a=${1%/*}
  make "${_a:-/}"
  mkdir -- "$1" 2>/dev/null || [ -d "$1" ] || mkdir -- "$1"
}
make "$R"
dress "$R" "$U" "$G" "$M"
flush "$R" "$D"
say done
