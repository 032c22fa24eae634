# The destination is as before: what was kept goes. $L: 1 where nobody will ask for it again. $FRESH: 1 where the folder was made.
if [ "$FRESH" = 1 ] && [ -d "$B" ]; then rmdir -- "$B" 2>/dev/null || :; fi
rm -rf -- "$BK/files" "$BK/temp"
rm -f -- "$K/after" "$K/now" "$K/undoing"
if [ "$L" = 1 ]; then
  rm -rf -- "$BK" "$K/before" "$K/attributes"
  : >"$K/undone"
fi
say done
