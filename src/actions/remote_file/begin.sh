# Before a content of $Z bytes that comes in pieces. Says how much of it is there from an earlier try, and the room on the disk in KiB.
clear_temps "$T"
have=0
if [ -f "$T" ] && [ ! -L "$T" ] && [ -O "$T" ] && [ "$(stat -c %s -- "$T")" -le "$Z" ]; then
  have=$(stat -c %s -- "$T")
else
  rm -f -- "$T"
  make
fi
say "$have" "$(df -k --output=avail -- "$D" | tail -n 1 | tr -d ' ')"
