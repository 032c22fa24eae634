# Keeps what undo needs of a destination before anything is changed. $X: rsync's options for ACLs and attributes. Says the hash of
# the list. May run twice. Where it was taken back before, that was another one.
rm -f -- "$K/undone"
room "$K"
backup_room
list "$K/before"
attributes
flush "$K/before" "$K"
x=$(sha256sum <"$K/before")
say "${x%% *}"
