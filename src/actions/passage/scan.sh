# Which keys answer at the addresses $A, port $P, as seen from here: a line for each, with its fingerprint. Changes nothing.
for t in ssh ssh-keygen ssh-keyscan; do
  command -v "$t" >/dev/null || { printf 'lacks %s\n' "$t"; exit 0; }
done
for a in $A; do
  ssh-keyscan -T 5 -p "$P" "$a" 2>/dev/null | while read -r _ type key; do
    x=$(printf '%s %s\n' "$type" "$key" | ssh-keygen -lf - 2>/dev/null) || continue
    x=${x#* }
    printf '%s %s %s %s\n' "$a" "${x%% *}" "$type" "$key"
  done &
done
wait
