# Keeps what undo needs of packages that are about to change: for each, its state, version, whether it was installed for another's sake, and
# a .deb of it. $NAMES: one a line. $K: the folder. Then the leftovers of earlier changes of their configuration files.
export LC_ALL=C
room
rm -rf -- "$K"
mkdir -- "$K"
f() { printf '%s\0' "$1"; }
auto=$(apt-mark showauto 2>/dev/null || :)

# A configuration file that was changed by hand has to count as that afterwards, or a later version would take its place: the .deb gets another
# content for it than stands there, so that dpkg keeps the one that stands there. That one is kept beside, should it be gone by then.
disguise() {
  dpkg-query -W -f '${Conffiles}\n' -- "$1" | sed -n 's/^ \(.*\) \([0-9a-f]\{32\}\).*$/\2 \1/p' | while IFS= read -r x; do
    p=${x#* }
    if [ ! -f "$t$p" ] || [ -L "$t$p" ] || ! cmp -s -- "$t$p" "$p"; then continue; fi
    y=$(md5sum <"$p")
    [ "${y%% *}" != "${x%% *}" ] || continue
    mkdir -p -- "$2.changed${p%/*}"
    cp -a -- "$p" "$2.changed$p"
    flush "$2.changed$p"
    printf 'runbook\n' >"$t$p"
  done
}

# A .deb made of what is installed: its files as they are, and what dpkg knows of it.
rebuild() {
  t=$K/tree
  rm -rf -- "$t"
  mkdir -m 0755 -- "$t" "$t/DEBIAN"
  info=${DPKG_ADMINDIR:-/var/lib/dpkg}/info/$1
  [ -f "$info.list" ] || info=$info:$3
  [ -f "$info.list" ] || { printf 'dpkg has no list of the files of %s\n' "$1" >&2; exit 1; }
  dpkg-divert --list | awk -v p="$1" '/^(local )?diversion of / { by = ""; n = split($0, w, " ")
    for (i = 1; i <= n; i++) { if (w[i] == "of") a = w[i+1]; if (w[i] == "to") b = w[i+1]; if (w[i] == "by") by = w[i+1] }
    if (by != p) print a "\t" b }' >"$K/diverted"
  # A folder is what something is in, also where a link stands for it here; other folders are what they are.
  awk -F/ '{ path = $0; while (sub("/[^/]*$", "", path) && path != "" && !(path in above)) above[path] = 1; all[NR] = $0 }
    END { for (i = 1; i <= NR; i++) print ((all[i] in above) ? "d" : "f") all[i] }' "$info.list" >"$K/list"
  while IFS= read -r x; do
    p=${x#?}
    case $p in /. | /) continue ;; esac
    from=$(awk -F'\t' -v p="$p" '$1 == p { print $2 }' "$K/diverted")
    if [ -n "$from" ]; then
      if [ -e "$from" ] || [ -L "$from" ]; then mkdir -p -- "$t${p%/*}"; cp -a -- "$from" "$t$p"; fi
    elif { [ "${x%"$p"}" = d ] && [ -d "$p" ]; } || { [ -d "$p" ] && [ ! -L "$p" ]; }; then
      mkdir -p -- "$t$p"
      chown --reference="$p" -- "$t$p"
      chmod --reference="$p" -- "$t$p"
    elif [ -e "$p" ] || [ -L "$p" ]; then printf '.%s\0' "$p" >>"$K/files"
    fi
  done <"$K/list"
  [ ! -e "$K/files" ] || (cd / && xargs -0 cp -a --parents -t "$t" -- <"$K/files")
  dpkg-query -s "$1" | awk '/^[^ \t]/ { on = 1 } /^(Status|Conffiles|Config-Version|Triggers-Awaited|Triggers-Pending):/ { on = 0 } on' \
    >"$t/DEBIAN/control"
  chmod 0644 -- "$t/DEBIAN/control"
  for x in $(dpkg-query --control-list "$1"); do
    cp -p -- "$(dpkg-query --control-path "$1" "$x")" "$t/DEBIAN/$x"
  done
  if [ -f "$info.conffiles" ]; then
    while IFS= read -r x; do [ ! -f "$t$x" ] || printf '%s\n' "$x"; done <"$info.conffiles" >"$t/DEBIAN/conffiles"
    chmod 0644 -- "$t/DEBIAN/conffiles"
  fi
  disguise "$1" "$2"
  dpkg-deb -Zgzip -z1 -b "$t" "$2" >&2
  rm -rf -- "$t" "$K/list" "$K/files" "$K/diverted"
}

old=$IFS
IFS='
'
set -f
set -- $NAMES
set +f
IFS=$old
n=0
for p; do
  n=$((n + 1))
  s=$(dpkg-query -W -f '${db:Status-Abbrev}|${Version}|${Architecture}\n' -- "$p" 2>/dev/null) || s=
  a=$(dpkg --print-architecture)
  s=$(printf '%s\n' "$s" | awk -F'|' -v a="$a" 'NR == 1 || $3 == a || $3 == "all" { line = $0 } END { print line }')
  f "$s"
  if printf '%s\n' "$auto" | grep -qxF -- "$p"; then f 1; else f 0; fi
  v=${s#*|}
  a=${v#*|}
  v=${v%%|*}
  case $s in
    ?[iWt]*)
      # Where apt has it or can get it, as it was made; else from what is installed.
      d=$K/$n.deb how=cached
      plain=${p%:*}
      e=$(printf '%s' "$v" | sed 's/:/%3a/g')
      c=/var/cache/apt/archives/${plain}_${e}_$a.deb
      if [ -f "$c" ] && dpkg-deb -I "$c" >/dev/null 2>&1; then cp -- "$c" "$d"
      else
        how=fetched
        mkdir -- "$K/get"
        (cd "$K/get" && apt-get -q -o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
          -o APT::Sandbox::User=root download "$p=$v") >/dev/null 2>&1 || :
        got=
        for x in "$K/get"/*.deb; do [ ! -f "$x" ] || got=$x; done
        if [ -n "$got" ]; then mv -- "$got" "$d"; else how=rebuilt; rebuild "$p" "$d" "$a"; fi
        rm -rf -- "$K/get"
      fi
      flush "$d"
      f "$d"
      f "$how" ;;
    *) f ''; f '' ;;
  esac
done
# What configuration files have beside them already.
conf=$(dpkg-query -W -f '${Conffiles}\n' -- "$@" 2>/dev/null | sed -n 's/^ \(.*\) [0-9a-f]\{32\}.*$/\1/p') || :
printf '%s\n' "$conf" | while IFS= read -r x; do
  for y in "$x.dpkg-dist" "$x.dpkg-new" "$x.dpkg-old"; do [ -z "$x" ] || [ ! -e "$y" ] || f "$y"; done
done
flush "$K"
