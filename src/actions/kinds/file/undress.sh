# Gives everything that was listed back what it had: the newest list first. $H: the hash of the first one.
[ ! -e "$K/undone" ] || say already
[ -d "$K/1" ] || { printf 'what was kept in %s is gone\n' "$K" >&2; exit 1; }
x=$(cd -- "$K/1" && export LC_ALL=C && cat groups [0-9]* | sha256sum)
[ "${x%% *}" = "$H" ] || { printf 'what was kept in %s is no longer what it was\n' "$K" >&2; exit 1; }
[ -d "$R" ] || say gone

# Type, both modes, owners and groups, then paths: what is neither as it was left nor as it was before, nor on the way from one to the
# other, goes to $odd; a dot for each path that is gone to $gone.
look='t=$1 m=$2 u=$3 g=$4 m2=$5 u2=$6 g2=$7
shift 7
n=$#
while [ "$n" -gt 0 ]; do
  p=$1
  shift
  n=$((n - 1))
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; else printf . >>"$gone"; fi
done
[ "$#" -gt 0 ] || exit 0
if [ "$t" = l ]; then m=-type m1=l m2=l m3=l; else m3=$(printf "%o" "$((0$m & 01777))"); m1=$m m=-perm; fi
find "$@" -maxdepth 0 ! \( -type "$t" \( "$m" "$m1" -o "$m" "$m2" -o "$m" "$m3" \) \( -uid "$u" -o -uid "$u2" \) \( -gid "$g" -o -gid "$g2" \) \) \
  -printf "%04m %U:%G %p\0" >>"$odd"'
back='t=$1 own=$2 mode=$3
shift 3
n=$#
while [ "$n" -gt 0 ]; do
  p=$1
  shift
  n=$((n - 1))
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi
done
[ "$#" -gt 0 ] || exit 0
find "$@" -maxdepth 0 -type "$t" -exec chown -h -- "$own" {} +
[ "$t" = l ] || find "$@" -maxdepth 0 -type "$t" -exec chmod -- "$mode" {} +'

odd=$K/odd gone=$K/gone
export odd gone
: >"$gone"
for x in $(ls -- "$K" | grep -x '[0-9]*' | sort -rn); do
  : >"$odd"
  while read -r i t m u g m2 u2 g2; do
    [ ! -s "$K/$x/$i" ] || xargs -0 -r -n 200 -a "$K/$x/$i" sh -c "$look" sh "$t" "$m" "$u" "$g" "$m2" "$u2" "$g2" </dev/null
  done <"$K/$x/groups"
  if [ -s "$odd" ]; then
    printf 'changed\0'
    head -z -n 11 <"$odd"
    exit 0
  fi
  while read -r i t m u g m2 u2 g2; do
    [ ! -s "$K/$x/$i" ] || xargs -0 -r -n 200 -a "$K/$x/$i" sh -c "$back" sh "$t" "$u:$g" "0000$m" </dev/null
  done <"$K/$x/groups"
done
gone=$(wc -c <"$gone")
if [ "$L" = 1 ]; then
  # That it was done is remembered: nothing else tells.
  : >"$K/undone"
  flush "$K/undone"
  rm -rf -- "$K"/[0-9]* "$K/odd" "$K/gone" "$K/left"
fi
say done "$gone"
