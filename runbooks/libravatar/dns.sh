#!/bin/sh
# Record sets of a zone, read and replaced by dynamic update (RFC 2136) with TSIG.
#
#   dns.sh get SERVER NAME TYPE [NAME TYPE]...  print the sets as the server has them, a line each: name ttl IN type data
#   dns.sh put SERVER ZONE...                   put the sets of $AFTER in the place of those of $BEFORE
#   dns.sh holds SERVER                         whether the sets of $AFTER are what the server has
#
# `put` is all or nothing in each zone. It changes nothing where AFTER stands there already, and refuses where BEFORE does not
# stand there any more: somebody else has been at the zone. $TSIG is algorithm:name:base64.
set -eu
LC_ALL=C
export LC_ALL

get() {
    server=$1
    shift
    found=
    while [ $# -gt 0 ]; do
        reply=$(dig +norecurse +nocmd +noquestion +nostats +noauthority +noadditional "@$server" "$1" "$2")
        # An empty set and a server that could not answer look alike further on: tell them apart here.
        case $reply in
            *'status: NOERROR'*'flags: qr aa'* | *'status: NXDOMAIN'*'flags: qr aa'*) ;;
            *) printf '%s %s: no authoritative answer from %s\n%s\n' "$1" "$2" "$server" "$reply" >&2; return 1 ;;
        esac
        found="$found
$(printf '%s\n' "$reply" | awk -v type="$2" '!/^;/ && $4 == type { $1 = $1; print }')"
        shift 2
    done
    printf '%s\n' "$found" | sed '/^$/d' | sort
}

# The name and type of every set that has a record on stdin.
sets() { awk 'NF { print $1, $4 }' | sort -u; }

# Of the records on stdin those whose names are in a zone.
in_zone() { awk -v zone=".$1." 'substr("." $1, length("." $1) - length(zone) + 1) == zone' | sort; }

# An update that demands $1 and leaves $2.
update() {
    printf '%s\n' "$1" | awk 'NF { $2 = ""; print "prereq yxrrset", $0 }'
    printf '%s\n' "$2" | sets | while read -r name type; do
        printf '%s\n' "$1" | sets | grep -qx "$name $type" || echo "prereq nxrrset $name $type"
    done
    printf '%s\n%s\n' "$1" "$2" | sets | sed 's/^/update delete /'
    printf '%s\n' "$2" | sed -n 's/^./update add &/p'
    echo send
}

# shellcheck disable=SC2153 # BEFORE and AFTER come from the runbook
put() {
    server=$1
    shift
    for zone; do
        before=$(printf '%s\n' "$BEFORE" | in_zone "$zone")
        after=$(printf '%s\n' "$AFTER" | in_zone "$zone")
        # shellcheck disable=SC2046 # one word for each name and type
        there=$(get "$server" $(printf '%s\n%s\n' "$before" "$after" | sets))
        [ "$there" = "$after" ] && continue
        {
            printf 'server %s\nzone %s.\nkey %s %s\n' "$server" "$zone" "${TSIG%:*}" "${TSIG##*:}"
            update "$before" "$after"
        } | nsupdate
        printf '%s\n' "$after"
    done
}

holds() {
    # shellcheck disable=SC2046 # as above
    there=$(get "$1" $(printf '%s\n' "$AFTER" | sets))
    [ "$there" = "$(printf '%s\n' "$AFTER" | sed '/^$/d' | sort)" ] && return
    printf 'the server has\n%s\n' "$there" >&2
    return 1
}

"$@"
