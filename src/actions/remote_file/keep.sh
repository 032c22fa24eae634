# Copies what is at $R to $K/copy, as it is: metadata too. Says its hash, and its owner, group and mode. May run twice, even at once.
room
new=$(mktemp -d -- "${K%/*}/new.XXXXXX")
trap 'rm -rf -- "$new"' EXIT
trap 'exit 143' TERM INT HUP
cp -a -- "$R" "$new/copy"
say_it=$(hash_of "$new/copy")
[ -L "$new/copy" ] || flush "$new/copy"
flush "$new"
rm -rf -- "$K"
mv -T -- "$new" "$K"
flush "${K%/*}"
say "$say_it" "$(stat -c '%u %g %a' -- "$K/copy")"
