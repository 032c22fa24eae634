#!/bin/sh
# A line of /etc/hosts that carries our mark.
#
#   hosts.sh add MARK ADDRESS NAME...
#   hosts.sh remove MARK
#
# The file is written in place: it may be a mount point, over which nothing can be renamed.
set -eu

add() {
    mark=$1 address=$2
    shift 2
    grep -q " # $mark\$" /etc/hosts && return
    for name; do
        if awk -v name="$name" '{ sub(/#.*/, ""); for (i = 2; i <= NF; i++) if ($i == name) found = 1 } END { exit !found }' /etc/hosts
        then
            echo "/etc/hosts has a line for $name already: look at it first" >&2
            return 1
        fi
    done
    # The last line may be one without an end.
    [ -z "$(tail -c 1 /etc/hosts)" ] || echo >>/etc/hosts
    echo "$address $* # $mark" >>/etc/hosts
}

remove() {
    rest=$(sed "/ # $1\$/d" /etc/hosts && echo .)
    printf %s "${rest%.}" >/etc/hosts
}

"$@"
