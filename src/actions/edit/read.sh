# Behind look.sh: whether the file can be written where it is, and its content, if it is not too long. $MOST: so long it may be.
if [ -f "$r" ] && [ -w "$r" ]; then f 1; else f 0; fi
if [ "$kind" = file ] && [ -r "$r" ] && [ "$(stat -c %s -- "$r")" -le "$MOST" ]; then
  f 1
  cat <"$r"
else f 0; fi
