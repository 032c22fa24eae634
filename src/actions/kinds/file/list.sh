# Lists on the host what is about to change: reads groups of entries on stdin (number, type, mode, owner, group, then what they get) and
# writes the paths of each group's entries into the folder $1, ended by NUL, in a file by the group's number.
list() {
  _d=$1
  mkdir -- "$_d"
  cat >"$_d/groups"
  set -- -false
  _n=0
  while read -r i t m u g _; do
    set -- "$@" -o -type "$t" -perm "$m" -uid "$u" -gid "$g" -fprintf "$_d/$i" '%p\0'
    _n=$((_n + 1))
    if [ "$_n" = 200 ]; then find "$R" -ignore_readdir_race "$@"; set -- -false; _n=0; fi
  done <"$_d/groups"
  find "$R" -ignore_readdir_race "$@"
  flush "$_d"/* "$_d"
}

# The hash of a list.
hash_list() {
  _x=$(cd -- "$1" && export LC_ALL=C && cat groups [0-9]* | sha256sum)
  printf '%s' "${_x%% *}"
}
