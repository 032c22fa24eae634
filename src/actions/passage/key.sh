# Makes a key for one passage in $K/direct, with the destination's own key $KNOWN. Says the public half.
room "$K"
rm -rf -- "$K/direct"
mkdir -m 700 -- "$K/direct"
cd -- "$K/direct"
ssh-keygen -q -t ed25519 -N '' -C "$MARK" -f key
printf '%s\n' "$KNOWN" >known
say "$(cat key.pub)"
