# Where jobs of this user are kept, and how they outlive the connection. Changes nothing. Before this comes $state, the host's state_dir.
ok() { [ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]; }
# Whether a folder can be made at $1: the nearest one that is there takes it.
could() {
  c=$1
  while [ ! -e "$c" ]; do c=${c%/*}; [ -n "$c" ] || return 1; done
  ok "$c" && [ -O "$c" ]
}
i=$(id -u)
case ${HOME-} in '' | / | [!/]*) h= ;; *) h=$HOME/.local/state/runbook ;; esac
if [ -n "$state" ]; then
  ok "$state" || { printf 'the state_dir %s cannot be written\n' "$state" >&2; exit 1; }
  base=$state/runbook-$i
elif [ -n "$h" ] && could "$h"; then
  base=$h
else
  base=/var/tmp/runbook-$i
fi
[ -d /dev/fd ] || { echo 'there is no /dev/fd: scripts cannot be handed to their shell' >&2; exit 1; }

# A logind that kills what a user leaves behind at logout would kill jobs with the connection.
how=setsid
logind() { busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager "$1" 2>/dev/null || :; }
g=
[ ! -r /proc/self/cgroup ] || g=$(cat /proc/self/cgroup)
case $g in *session-*.scope*)
  case $(logind KillUserProcesses) in *true*)
    if [ "$i" = 0 ]; then how=scope
    elif [ -e "/var/lib/systemd/linger/$(id -un)" ]; then how=user-scope
    else how=killed; fi ;;
  esac ;;
esac
if ! command -v setsid >/dev/null; then
  if command -v perl >/dev/null && [ $how = setsid ]; then how=perl; else how=none; fi
fi
b=-
IFS= read -r b 2>/dev/null </proc/sys/kernel/random/boot_id || :
printf '%s\n%s\n%s\n%s\n' "$i" "$b" "$how" "$base"
