# Sends what stdin names of the folder $W, packed, to whoever is called by the words $CALL. The exit code is the one from there.
c=
if tar --help 2>/dev/null | grep -q checkpoint-action; then c='--checkpoint=100 --checkpoint-action=echo=amount:%u'; fi
# shellcheck disable=SC2086
{ tar -C "$W" $c -cf - -T - || echo 'packing the dump has failed' >&2; } | $CALL
