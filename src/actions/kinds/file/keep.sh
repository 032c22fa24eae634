# Lists what changes in $K/1, and says the list's hash. May run twice, even at once.
room
new=$(mktemp -d -- "${K%/*}/new.XXXXXX")
trap 'rm -rf -- "$new"' EXIT
trap 'exit 143' TERM INT HUP
list "$new/1"
h=$(hash_list "$new/1")
rm -rf -- "$K"
mv -T -- "$new" "$K"
flush "${K%/*}"
say "$h"
