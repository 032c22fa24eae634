# Gives the entries that were listed in $K/$X what they are due; a later try, which may have more to do, lists its own first.
room "$K"
if [ -f "$K/$X/groups" ]; then cat >/dev/null; else rm -rf -- "$K/$X.new"; list "$K/$X.new"; mv -T -- "$K/$X.new" "$K/$X"; fi
# Type, owner and group or `-`, mode or `-`, paths. What is gone meanwhile, or something else, is left alone.
some='t=$1 own=$2 mode=$3
shift 3
n=$#
while [ "$n" -gt 0 ]; do
  p=$1
  shift
  n=$((n - 1))
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi
done
[ "$#" -gt 0 ] || exit 0
[ "$own" = - ] || find "$@" -maxdepth 0 -type "$t" -exec chown -h -- "$own" {} +
[ "$mode" = - ] || find "$@" -maxdepth 0 -type "$t" -exec chmod -- "$mode" {} +'
while read -r i t m u g m2 u2 g2; do
  [ -s "$K/$X/$i" ] || continue
  own=- mode=-
  [ "$u:$g" = "$u2:$g2" ] || own=$u2:$g2
  [ "$t" = l ] || { [ "$own" = - ] && [ "$((0$m))" = "$((0$m2))" ]; } || mode=$m2
  xargs -0 -r -n 200 -a "$K/$X/$i" sh -c "$some" sh "$t" "$own" "$mode" </dev/null
done <"$K/$X/groups"
say done
