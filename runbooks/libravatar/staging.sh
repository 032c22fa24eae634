#!/bin/sh
# Folders from one host to another by way of this machine, with rsync over $SSH.
#
#   staging.sh pull HOST FOLDER HERE [OPTION]...     from the host into the staging folder
#   staging.sh push HERE HOST FOLDER [OPTION]...     from the staging folder to the other host
#
# Owners, modes and links survive the stop here without root's help: rsync notes what it may not set (--fake-super). Ids are
# numbers of the host that they come from; $OWNERS says which names they stood for there (lines like 'user 801 alice'), and
# they get those names there. rsync only mentions a name that the other host lacks: look beforehand that it has them all.
set -eu

copy() { rsync --archive --hard-links --sparse --delete --fake-super --rsh="$SSH" --rsync-path='sudo -n rsync' --stats "$@"; }

map() { printf '%s\n' "$OWNERS" | awk -v kind="$1" '$1 == kind { printf "%s%s:%s", comma, $2, $3; comma = "," }'; }

pull() {
    host=$1 folder=$2 here=$3
    shift 3
    mkdir -p -- "$here"
    copy --numeric-ids "$@" "$host:$folder/" "$here/"
}

push() {
    here=$1 host=$2 folder=$3
    shift 3
    copy --usermap="$(map user)" --groupmap="$(map group)" "$@" "$here/" "$host:$folder/"
}

"$@"
