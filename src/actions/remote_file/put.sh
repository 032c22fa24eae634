# Puts a file in place. $T: the temporary file. $W: the hash it is due to have. $B: what `hash_of` says of what stands there now. $U, $G, $M:
# owner, group and mode. $V: the command that validates it. $S: 1 where everybody may read it. $Q: another name for what stands there, where
# that is too long to be copied. $TRY: the number of the try, where somebody will ask for it.

# Makes $T, with the ACL and the extended attributes of what stands there.
make() {
  (set -C; : >"$T")
  if [ -f "$R" ]; then
    cp --attributes-only --preserve=xattr -- "$R" "$T" 2>/dev/null || :
    case $(ls -ldn -- "$R") in
      # Until the mode is set, it lets nobody in.
      ??????????+*) getfacl -cpE -- "$R" | sed 's/^mask::.*/mask::---/; s/^other::.*/other::---/' | setfacl --set-file=- -- "$T" ;;
      ??????????.*) cp --attributes-only --preserve=context -- "$R" "$T" 2>/dev/null || : ;;
    esac
  fi
}

# Keeps what stands there by another name: where the host lets us, and on the same file system only.
by_another_name() {
  [ -n "$Q" ] || return 1
  ln -- "$R" "$K/copy" 2>/dev/null || ln -- "$R" "$Q" 2>/dev/null
}

# Once its content is there: nobody sees anything of it before it is right in every way.
place() {
  x=$(hash_of "$T")
  [ "$x" = "file $W" ] || { rm -f -- "$T"; say torn "${x#* }"; }
  dress "$T" "$U" "$G" "$M"
  flush "$T"
  if [ -n "$V" ]; then
    set +e
    (umask "$u"; v=$V; unset R N T K W B U G M V S Q TRY; exec /bin/sh -euc "$v") </dev/null >&2
    x=$?
    set -e
    [ "$x" = 0 ] || { rm -f -- "$T"; say refused "$x"; }
  fi
  x=$(hash_of "$R")
  [ "$x" = "$B" ] || { rm -f -- "$T"; say changed "$x"; }
  room "$K"
  # A first try that was to change the metadata alone has kept no content.
  if [ "$B" != - ] && [ ! -f "$K/copy" ] && { [ -z "$Q" ] || [ ! -f "$Q" ]; }; then
    by_another_name || {
      cp -a -- "$R" "$K/copy.new"
      flush "$K/copy.new"
      mv -T -- "$K/copy.new" "$K/copy"
    }
  fi
  # It goes on under its other names.
  if [ "$B" != - ] && [ -z "$Q" ] && [ "$(stat -c %h -- "$R")" -gt 1 ] && [ -z "$(kept_file)" ]; then
    ln -- "$R" "$K/file" 2>/dev/null || { printf '%s\0' "${N}kept" >"$K/aside"; ln -- "$R" "${N}kept"; }
    flush "$K" "$D"
  fi
  printf '%s %s %s %s%s\n' "$W" "$U" "$G" "$M" "${TRY:+ $TRY}" >>"$K/left"
  [ "$S" = 0 ] || cp -- "$T" "$K/left.$W"
  flush "$K/left"
  mv -fT -- "$T" "$R"
  flush "$D"
  say done
}
