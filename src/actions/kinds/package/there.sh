# How packages stand that were changed, and what taking that back would do. $NAMES: one a line. $BACK: what is said to apt, one a line.
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
f() { printf '%s\0' "$1"; }
i=0
for x in /var/lib/dpkg/updates/[0-9]*; do [ ! -e "$x" ] || i=1; done
f "$i"
if [ -e "$K/begun" ]; then f 1; else f 0; fi
old=$IFS
IFS='
'
set -f
set -- $NAMES
for p; do
  s=$(dpkg-query -W -f '${db:Status-Abbrev}|${Version}|${Architecture}\n' -- "$p" 2>/dev/null) || s=
  a=$(dpkg --print-architecture)
  f "$(printf '%s\n' "$s" | awk -F'|' -v a="$a" 'NR == 1 || $3 == a || $3 == "all" { line = $0 } END { print line }')"
done
set -- $BACK
set +f
IFS=$old
c=0 x=
[ $# = 0 ] || x=$(apt-get -s -y -q -o Debug::NoLocking=1 -o APT::Get::Show-User-Simulation-Note=0 --allow-downgrades install "$@" 2>&1) || c=$?
f "$c"
f "$x"
