# Takes it back. $BACK: what is said to apt, one a line. $PURGE: packages that leave nothing behind. $AUTO, $MANUAL: how they were marked.
# $NAMES: all that were changed. $LEFT: what configuration files had beside them before.
beside() {
  lines "$NAMES" | xargs -0 -r dpkg-query -W -f '${Conffiles}\n' -- 2>/dev/null | sed -n 's/^ \(.*\) [0-9a-f]\{32\}.*$/\1/p' || :
}
settle
conf=$(beside)
set -f
old=$IFS
IFS='
'
set -- $BACK
[ $# = 0 ] || { IFS=$old; apt --allow-downgrades install "$@"; }
# What a rebuilt .deb has instead of a configuration file that was changed by hand (see keep.sh) is for dpkg alone.
lines "$BACK" | xargs -0 -r sh -c 'for x; do [ ! -d "$x.changed" ] || (
  cd -- "$x.changed" && find . -type f -exec sh -c '\''for y; do
    if printf "runbook\n" | cmp -s - "${y#.}"; then cp -a -- "$y" "${y#.}"; fi
  done'\'' sh {} +
); done' sh
IFS='
'
set -- $PURGE
[ $# = 0 ] || { IFS=$old; apt purge "$@"; }
IFS=$old
set +f
[ -z "$AUTO" ] || lines "$AUTO" | xargs -0 apt-mark auto >/dev/null
[ -z "$MANUAL" ] || lines "$MANUAL" | xargs -0 apt-mark manual >/dev/null
printf '%s\n%s\n' "$conf" "$(beside)" | sort -u | while IFS= read -r x; do
  [ -n "$x" ] || continue
  for y in "$x.dpkg-dist" "$x.dpkg-new" "$x.dpkg-old"; do
    if [ -f "$y" ] && ! printf '%s\n' "$LEFT" | grep -qxF -- "$y"; then rm -f -- "$y"; fi
  done
done
