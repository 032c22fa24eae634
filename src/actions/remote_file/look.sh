# What is at $P: fields, each ended by NUL, then contents. Changes nothing. $FOLLOW: 1 where a symbolic link stands for what it leads to.
# $HASH: 1 where the content counts. $OWNER, $GROUP: names to look up. $LIMIT: so much content may be shown, if everybody may read it.
# $SPACE: 1 where the room on the disk counts. $TO: what a link is to lead to. $KEPT: a folder with what was left there.
f() { printf '%s\0' "$1"; }

r=$P linked=0
if [ "$FOLLOW" = 1 ] && [ -L "$P" ]; then
  linked=1
  r=$(readlink -nf -- "$P" && printf .) || r=.
  r=${r%.}
fi
d=${r%/*}
d=${d:-/}

if [ -z "$r" ]; then kind=loop
elif [ -L "$r" ]; then kind=link
elif [ -f "$r" ]; then kind=file
elif [ -d "$r" ]; then kind=directory
elif [ -e "$r" ]; then kind=other
else kind=absent; fi

f "$kind"
f "$r"
f "$linked"
case $kind in
  loop | absent) printf '\0\0\0\0\0\0\0' ;;
  *) stat --printf '%a\0%u\0%g\0%U\0%G\0%s\0%h\0' -- "$r" ;;
esac

# The content's hash; of a link, where it leads. Empty where it cannot be read.
h=
case $HASH$kind in
  1file) if [ -r "$r" ]; then h=$(sha256sum <"$r"); fi ;;
  ?link) h=$(readlink -n -- "$r" | sha256sum) ;;
esac
f "${h%% *}"
if [ "$kind" = link ]; then readlink -n -- "$r"; fi
printf '\0'

# The folder that it is in, or the nearest one above that is there.
x=$d
while [ ! -d "$x" ] && [ ! -e "$x" ] && [ ! -L "$x" ]; do x=${x%/*}; x=${x:-/}; done
f "$x"
if [ ! -d "$x" ]; then f blocked; elif [ ! -x "$x" ]; then f closed; elif [ ! -w "$x" ]; then f read-only; else f open; fi
# Who a new file there belongs to.
i=$(id -u)
f "$i"
f "$(id -G)"
if [ -g "$x" ]; then stat --printf '%g\0' -L -- "$x"; f 1; else f "$(id -g)"; f 0; fi

# Whether everybody can get to it, and read it.
everybody=1
set -- "$x"
while [ "$x" != / ]; do x=${x%/*}; x=${x:-/}; set -- "$@" "$x"; done
for m in $(stat -L -c %a -- "$@"); do case $m in *[1357]) ;; *) everybody=0 ;; esac; done
f "$everybody"
shown=0
if [ "$everybody" = 1 ] && [ "$kind" = file ]; then case $(stat -c %a -- "$r") in *[4567]) shown=1 ;; esac; fi

# What is mounted there can be neither replaced nor moved.
mounted=0
case $kind in file | directory)
  c=$(readlink -nf -- "$r" && printf .)
  c=${c%.}
  case $c in *[\\\ \	]*) c=$(printf '%s' "$c" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') ;; esac
  if [ -r /proc/self/mountinfo ] && cut -d' ' -f5 /proc/self/mountinfo | grep -qxF -- "$c"; then mounted=1; fi ;;
esac
f "$mounted"

# An ACL, and whether it can be kept.
acl=
case $kind in file)
  case $(ls -ldn -- "$r") in ??????????+*) acl=lost; if command -v getfacl >/dev/null && command -v setfacl >/dev/null; then acl=kept; fi ;; esac ;;
esac
f "$acl"

# Names that are to own it, as numbers. `?` where there is no such name.
number() {
  n=$(getent "$1" "$2" | cut -d: -f3)
  case $n in '') case $2 in *[!0-9]*) n='?' ;; *) n=$2 ;; esac ;; esac
  f "$n"
}
if [ -n "$OWNER" ]; then number passwd "$OWNER"; else f ''; fi
if [ -n "$GROUP" ]; then number group "$GROUP"; else f ''; fi

room=
if [ "$SPACE" = 1 ] && [ -d "$d" ]; then room=$(df -k --output=avail -- "$d" | tail -n 1 | tr -d ' '); fi
f "$room"

leads=
if [ -n "$TO" ]; then
  case $TO in /*) t=$TO ;; *) t=$d/$TO ;; esac
  if [ -e "$t" ]; then leads=1; else leads=0; fi
fi
f "$leads"

# What an earlier try left there, a line each: hash, owner, group, mode. And the content that the last one left.
left='' content=
if [ -n "$KEPT" ] && [ -f "$KEPT/left" ]; then
  left=$(cat "$KEPT/left")
  content=$KEPT/left.${left##*
}
  content=${content%% *}
fi
f "$left"

# Contents come last: they may hold anything.
if [ -n "$content" ] && [ -f "$content" ]; then stat --printf '%s\0' -- "$content"; else f 0; content=; fi
if [ "$shown" = 1 ] && [ "$LIMIT" -gt 0 ] && [ "$(stat -c %s -- "$r")" -le "$LIMIT" ]; then f 1; else f 0; shown=0; fi
if [ -n "$content" ]; then cat <"$content"; fi
if [ "$shown" = 1 ]; then cat <"$r"; fi
