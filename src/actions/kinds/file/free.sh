# The first name from $A on that is free, and how many entries the folder has that is to move there.
a=$A n=1
while [ -e "$a" ] || [ -L "$a" ]; do n=$((n + 1)); a=$A-$n; done
f "$a"
if [ "$kind" = directory ]; then find "$r" -mindepth 1 -printf . | head -c 100001 | wc -c; fi
