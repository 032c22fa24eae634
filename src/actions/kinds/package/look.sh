# How a package stands on the host, and what apt would do about it. Fields, each ended by NUL. Changes nothing. $NAME, $VERSION, $STATE
# (present, latest, absent). $DEB: a .deb of the host. $HEAD: 1 where the beginning of a .deb comes on stdin, as far as its control data.
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
f() { printf '%s\0' "$1"; }
for x in apt-get dpkg-query dpkg-deb; do
  command -v "$x" >/dev/null || { f none; exit 0; }
done
f apt
f "$(id -u)"
i=0
for x in /var/lib/dpkg/updates/[0-9]*; do [ ! -e "$x" ] || i=1; done
f "$i"

# What the .deb is.
fields='' why=
want='Package Version Architecture Pre-Depends Depends Conflicts Breaks'
if [ "$HEAD" = 1 ]; then fields=$(dpkg-deb -f - $want 2>&1) || { why=$fields fields=; }
elif [ -n "$DEB" ]; then fields=$(dpkg-deb -f "$DEB" $want 2>&1) || { why=$fields fields=; }; fi
get() {
  printf '%s\n' "$fields" | awk -v k="$1:" 'index($0, k) == 1 { on = 1; sub(/^[^:]*:[ \t]*/, ""); printf "%s ", $0; next }
    /^[ \t]/ { if (on) printf "%s ", $0; next } { on = 0 }' | sed 's/ *$//'
}
p=$(get Package) v=$(get Version)
f "$p"
f "$v"
f "$(get Architecture)"
f "$why"
case $HEAD$DEB in 0) p=$NAME v=$VERSION ;; esac
[ -n "$p" ] || p=$NAME

# Of several architectures the host's own counts, unless another was asked for.
s=$(dpkg-query -W -f '${db:Status-Abbrev}|${Version}|${Architecture}\n' -- "$p" 2>/dev/null) || :
a=$(dpkg --print-architecture)
s=$(printf '%s\n' "$s" | awk -F'|' -v a="$a" 'NR == 1 || $3 == a || $3 == "all" { line = $0 } END { print line }')
f "$s"

here=${s#?}
here=${here%"${here#?}"}
case $here in i | W | t) here=1 ;; U | F | H) here=half ;; *) here=0 ;; esac
x=${s#*|}
x=${x%%|*}
case $STATE$here in
  absent0) f satisfied; exit 0 ;;
  present1) if [ -z "$v" ] || [ "$v" = "$x" ]; then f satisfied; exit 0; fi ;;
esac
f differs

set -- apt-get -s -y -q -o Debug::NoLocking=1 -o APT::Get::Show-User-Simulation-Note=0
case $STATE in
  absent) set -- "$@" remove "$p" ;;
  latest) set -- "$@" install "$p" ;;
  *)
    if [ -n "$why" ]; then set -- true
    elif [ "$HEAD" = 1 ]; then
      # The file is not there yet: what it needs and what it drives out is.
      not=$(printf '%s, %s\n' "$(get Conflicts)" "$(get Breaks)" | tr ',' '\n' | awk -v p="$p" '{ gsub(/^ +| +$/, ""); n = $1
        sub(/:.*|\(.*/, "", n); if (n != "" && n != p) printf "%s%s", sep, $0; sep = ", " }' | sed 's/^, //')
      need=$(printf '%s, %s\n' "$(get Pre-Depends)" "$(get Depends)" | sed 's/^, //; s/, $//')
      if [ -n "$need$not" ]; then
        set -- "$@" satisfy
        [ -z "$need" ] || set -- "$@" "$need"
        [ -z "$not" ] || set -- "$@" "Conflicts: $not"
      else set -- true; fi
    elif [ -n "$DEB" ]; then set -- "$@" --allow-downgrades install "$DEB"
    elif [ -n "$VERSION" ]; then set -- "$@" --allow-downgrades install "$p=$VERSION"
    else set -- "$@" install "$p"; fi ;;
esac
c=0
x=$("$@" 2>&1) || c=$?
f "$c"
f "$x"
