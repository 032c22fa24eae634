# One part of taking a sync back, of the paths on stdin. $OP: which. $V: a value.
: >"$K/undoing"
cd -P -- "$B"
case $OP in
  remove) xargs -0 -r rm -f -- ;;
  rmdir) xargs -0 -r rmdir -- ;;
  mkdir) xargs -0 -r mkdir -m 700 -- ;;
  restore) xargs -0 -r sh -c 'k=$1; shift; for p; do mv -fT -- "$k/files/$p" "$p" || exit 1; done' sh "$BK" ;;
  owner) xargs -0 -r chown -h -- "$V" ;;
  mode) xargs -0 -r chmod -- "$V" ;;
  time) xargs -0 -r -n 2 touch -h -d ;;
  attributes)
    [ -s "$BK/captured" ] || say done
    sort -z | comm -z -12 - "$BK/captured" >"$K/list"
    # A copy without content, as long as the file is: rsync takes it for the same, and sets what it is like.
    xargs -0 -r sh -c '
      k=$1
      shift
      for p; do [ ! -f "$k/$p" ] || truncate -s "$(stat -c %s -- "$p")" -- "$k/$p"; done' sh "$BK/attributes" <"$K/list"
    [ ! -s "$K/list" ] || rsync -dlpog $X --numeric-ids --size-only --no-implied-dirs --from0 --files-from="$K/list" "$BK/attributes/" ./
    rm -f -- "$K/list" ;;
esac
say done
