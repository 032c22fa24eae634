#!/bin/sh
# Folders from one host to another by way of this machine, with rsync over $SSH.
#
#   staging.sh pull HOST FOLDER STAGING [OPTION]...   from the host into the staging folder, below the same path
#   staging.sh push STAGING HOST FOLDER [OPTION]...   from there to the other host
#
# Owners, modes and links survive the stop here, whoever runs this: what rsync may not set, it notes (--fake-super). Owners are
# noted by number, as they were on the first host. $OWNERS says whom they shall be on the other: lines like 'user 801 alice',
# '*' for any number. Look beforehand that it has such users: rsync only mentions those it lacks.
set -eu

copy() { rsync --archive --hard-links --acls --xattrs --sparse --delete --mkpath --fake-super --rsh="$SSH" --rsync-path='sudo -n rsync' --stats "$@"; }

owners() { printf '%s\n' "$OWNERS" | awk -v kind="$1" '$1 == kind { printf "%s%s:%s", comma, $2, $3; comma = "," }'; }

pull() {
    host=$1 folder=$2 staging=$3
    shift 3
    copy --numeric-ids "$@" "$host:$folder/" "$staging$folder/"
}

push() {
    staging=$1 host=$2 folder=$3
    shift 3
    copy --usermap="$(owners user)" --groupmap="$(owners group)" "$@" "$staging$folder/" "$host:$folder/"
}

"$@"
