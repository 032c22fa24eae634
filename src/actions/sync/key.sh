# Makes a key for one transfer in $K/direct, with the destination's own key $KNOWN. Says the public half. What follows says what rsync would
# ask for at the destination.
room "$K"
rm -rf -- "$K/direct"
mkdir -m 700 -- "$K/direct"
cd -- "$K/direct"
ssh-keygen -q -t ed25519 -N '' -C "$MARK" -f key
printf '%s\n' "$KNOWN" >known
printf '%s\0' "$(cat key.pub)"
