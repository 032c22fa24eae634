# What the jobs share: apt without questions, that waits for others, and keeps configuration files.
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical APT_LISTCHANGES_FRONTEND=none
export NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1
apt() {
  apt-get -y -q -o Dpkg::Use-Pty=0 -o APT::Color=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout="$WAIT" "$@" </dev/null
}
# What was broken off in the middle is brought to an end: nothing else works before.
settle() {
  for x in /var/lib/dpkg/updates/[0-9]*; do
    [ ! -e "$x" ] || { dpkg --force-confdef --force-confold --configure -a </dev/null; return; }
  done
}
# Lines as arguments.
lines() { printf '%s\n' "$1" | sed '/^$/d' | tr '\n' '\0'; }
