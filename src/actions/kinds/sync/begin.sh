# Keeps, in a later try, what undo needs of what has to be changed since. $X: as there. $CALM: 1 where nothing of ours runs there.
[ -f "$K/before" ] || { printf 'what was kept in %s is gone\n' "$K" >&2; exit 1; }
[ "$CALM" = 0 ] || calm
rm -f -- "$K/after"
backup_room
attributes
say done
