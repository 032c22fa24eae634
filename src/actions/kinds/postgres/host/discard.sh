# Drops what stood there before, $OID, and what did not become whole. Where nothing stands in its place, what stood there is all that there is.
if [ "$(number "$BEFORE")" = "$OID" ]; then
  [ -n "$(number "$NAME")" ] || fail "there is no database $NAME, so what stood there before is left as $BEFORE"
  drop "$BEFORE"
fi
if [ -n "$(number "$NEW")" ]; then drop "$NEW"; fi
