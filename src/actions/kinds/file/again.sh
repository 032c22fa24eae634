# Moves $A back to $R, where $BACK is 1.
if [ "$BACK" = 1 ]; then
  if [ -e "$R" ] || [ -L "$R" ]; then say changed; fi
  mv -nT -- "$A" "$R"
  if [ -e "$A" ] || [ -L "$A" ]; then say changed; fi
  flush "$D"
fi
if [ "$L" = 1 ]; then forget; else rm -f -- "$K/aside"; fi
say done
