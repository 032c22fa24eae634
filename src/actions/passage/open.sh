# Lets a key for one passage in, for what stdin says and nothing else, and for an hour. $PUB: its public half. $MARK: the end of its line.
shut
room "$K" "$K"
s=$HOME/.ssh
a=$s/authorized_keys
case $K in *[\'\"\\]*) printf 'a forced command cannot name %s\n' "$K" >&2; exit 1 ;; esac
cat >"$K/serve"
if [ -d "$s" ]; then stat -c %y -- "$s" >"$K/folder-time"; else
  : >"$K/no-folder"
  mkdir -m 700 -- "$s"
fi
# A key is let in for so long only as it takes to begin. sshd reckons in the host's own time.
line="restrict,expiry-time=\"$(env -u TZ date -d '+1 hour' +%Y%m%d%H%M)\",command=\"/bin/sh '$K/serve'\" $PUB"
if [ -e "$a" ]; then
  cp -aL -- "$a" "$K/keys"
  if [ -s "$a" ] && [ -n "$(tail -c 1 -- "$a")" ]; then line="
$line"; fi
else : >"$K/no-keys"; fi
printf '%s\n' "$line" >>"$a"
flush "$a"
say done
