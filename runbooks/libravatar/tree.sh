#!/bin/sh
# All that is in some folders below ROOT in two lines each: names, contents, symlinks and hard links. Owners are left out.
#
#   tree.sh digest ROOT FOLDER...
#   tree.sh same ROOT FOLDER...       whether that is $EXPECTED
#
# Names are data, whatever is in them, newlines and leading dashes included: they end in a zero byte here.
set -eu
LC_ALL=C
export LC_ALL

digest() {
    cd -- "$1"
    shift
    for folder; do
        {
            find "./$folder" -type d -print0 | sort -z
            find "./$folder" -type f -print0 | sort -z | xargs -0r sha256sum --zero
            find "./$folder" -type l -printf '%p -> %l\0' | sort -z
            find "./$folder" -type f -links +1 -printf '%p = %n\0' | sort -z
        } | sha256sum | sed "s|-\$|$folder|"
        echo "$(find "./$folder" -type f -printf x | wc -c) files in $folder"
    done
}

same() {
    found=$(digest "$@")
    [ "$found" = "$EXPECTED" ] && return
    printf 'expected\n%s\nfound\n%s\n' "$EXPECTED" "$found" >&2
    return 1
}

"$@"
