# Removes the folder $W, and the folders of the durable jobs of $STAGES whose names begin with $JOBS; and what is empty above them.
calm
rm -rf -- "$W"
for s in $STAGES; do
  for d in "$JOBS"*."$s"; do [ ! -e "$d" ] || rm -rf -- "$d"; done
done
d=$W
for n in unit kept run base; do
  d=${d%/*}
  rmdir -- "$d" 2>/dev/null || :
done
