#!/bin/sh
# The folders below ROOT, each as a line: a digest of names, contents, symlinks and hard links, and how many files there are.
# Owners and modes are left out.
#
#   tree.sh digest ROOT FOLDER...
#   tree.sh same ROOT FOLDER...            whether each folder's line is in $EXPECTED
#   tree.sh take-away ROOT FOLDER KEPT     removes the folder; where it is not as $EXPECTED any more, it goes to KEPT instead
#
# Names are data, whatever is in them, newlines and leading dashes included: they end in a zero byte here.
set -eu
LC_ALL=C
export LC_ALL

line() (
    cd -- "$1"
    sum=$({
        find "./$2" -type d -print0 | sort -z
        find "./$2" -type f -print0 | sort -z | xargs -0r sha256sum --zero
        find "./$2" -type l -printf '%p -> %l\0' | sort -z
        find "./$2" -type f -links +1 -printf '%p = %n\0' | sort -z
    } | sha256sum)
    echo "$2 ${sum%% *} $(find "./$2" -type f -printf x | wc -c) files"
)

digest() {
    root=$1
    shift
    for folder; do line "$root" "$folder"; done
}

same() {
    root=$1
    shift
    for folder; do
        found=$(line "$root" "$folder")
        printf '%s\n' "$EXPECTED" | grep -qxF "$found" || {
            printf 'expected\n%s\nfound\n%s\n' "$EXPECTED" "$found" >&2
            return 1
        }
    done
}

take_away() {
    [ -e "$1/$2" ] || return 0
    if same "$1" "$2" 2>/dev/null; then
        rm -rf -- "${1:?}/$2"
    else
        mkdir -p -- "$3"
        mv -- "$1/$2" "$3/$2.$(date -u +%Y%m%dT%H%M%SZ)"
        echo "$2 has changed since it was copied: kept in $3"
    fi
}

case $1 in
    digest | same) "$@" ;;
    take-away) shift && take_away "$@" ;;
esac
