# What has become of a destination: records, each with a digit in front. 0: facts. 1: before only. 2: after only. 3: now, and not left so.
# 4: left so, and not now. 5: what was replaced and deleted.
if [ -e "$K/undone" ]; then say 0undone; fi
[ -f "$K/before" ] || say 0lost
x=$(sha256sum <"$K/before")
printf '0%s\0' "${x%% *}"
calm
if [ -e "$K/undoing" ]; then printf '0undoing\0'; fi
tidy
list "$K/now"
after=$K/after
if [ ! -f "$after" ]; then
  printf '0half\0'
  after=$K/now
fi
comm -z -23 -- "$K/before" "$after" | sed -z 's/^/1/'
comm -z -13 -- "$K/before" "$after" | sed -z 's/^/2/'
comm -z -13 -- "$after" "$K/now" | sed -z 's/^/3/'
comm -z -23 -- "$after" "$K/now" | sed -z 's/^/4/'
if [ -d "$BK/files" ]; then
  cd -- "$BK/files"
  find . -printf "$f" | sed -z 's/^/5/'
fi
