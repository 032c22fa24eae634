# Behind look.sh: the file's content, and all that was kept of it. Each with its name and size.
each() {
  if [ -f "$2" ] && [ -r "$2" ]; then
    f "$1"
    stat --printf '%s\0' -- "$2"
    cat <"$2"
  fi
}
if [ -w "$r" ]; then f 1; else f 0; fi
if [ "$kind" = file ] && [ "$(stat -c %s -- "$r")" -le "$MOST" ]; then each now "$r"; fi
for x in copy place; do each "$x" "$KEPT/$x"; done
for x in "$KEPT"/left.* "$KEPT"/was.*; do each "${x##*/}" "$x"; done
