# Does it. $VERB and $WHAT for apt, one a line. $MAY: the packages that may change. $CONFIGURE: 1 where we had begun before. $UP: a .deb
# that was brought here for this.
[ ! -d "$K" ] || : >"$K/begun"
[ "$CONFIGURE" = 0 ] || settle
now=$(LC_ALL=C apt-get -s -y -q --allow-downgrades -o Debug::NoLocking=1 -o APT::Get::Show-User-Simulation-Note=0 "$VERB" "$WHAT" 2>&1) || {
  printf '%s\n' "$now" >&2
  exit 100
}
more=$(printf '%s\n' "$now" | awk '/^(Inst|Remv|Purg) / { print $2 }' | sort -u | while IFS= read -r p; do
  printf '%s\n' "$MAY" | grep -qxF -- "$p" || printf ' %s' "$p"
done)
[ -z "$more" ] || { printf 'E: apt would now change more than was foreseen:%s\n' "$more" >&2; exit 75; }
case $DOWN in 1) apt --allow-downgrades "$VERB" "$WHAT" ;; *) apt "$VERB" "$WHAT" ;; esac
[ -z "$UP" ] || rm -f -- "$UP"
