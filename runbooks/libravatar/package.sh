#!/bin/sh
# The mirrors' Debian package, packed up as it is installed, made anew, installed.
#
#   package.sh repack PACKAGE FILE       FILE is what dpkg would need to install the package as it is here now
#   package.sh rebuild FILE NEW          NEW is FILE with a version of its own and $KNOWN_HOSTS for the master
#   package.sh install FILE              asks nothing, keeps configuration files that were edited
set -eu
umask 022
tree=$(mktemp -d)
trap 'rm -rf -- "$tree"' EXIT
chmod 0755 "$tree"

repack() {
    mkdir "$tree/DEBIAN"
    dpkg-query --control-path "$1" | while read -r path; do cp -p -- "$path" "$tree/DEBIAN/${path##*.}"; done
    rm -f -- "$tree/DEBIAN/md5sums"
    dpkg-query --show --showformat='${Conffiles}\n' "$1" | awk 'NF { print $1 }' >"$tree/DEBIAN/conffiles"
    dpkg-query --status "$1" | awk '/^[^ ]/ { skip = /^(Status|Conffiles):/ } !skip' >"$tree/DEBIAN/control"
    # Folders only where nothing is in them: some of the others are symlinks on a host, /lib for one.
    dpkg-query --listfiles "$1" | sed '1d; s|^/||' |
        awk '{ path[NR] = $0; sub("/[^/]*$", ""); parent[$0] } END { for (n in path) if (!(path[n] in parent)) print path[n] }' \
            >"$tree/DEBIAN/files"
    tar --create --directory=/ --no-recursion --files-from="$tree/DEBIAN/files" --file="$tree/DEBIAN/tar"
    tar --extract --directory="$tree" --file="$tree/DEBIAN/tar"
    rm -- "$tree/DEBIAN/files" "$tree/DEBIAN/tar"
    mkdir -p -- "$(dirname -- "$2")"
    dpkg-deb --build "$tree" "$2"
}

rebuild() {
    dpkg-deb --raw-extract "$1" "$tree/package"
    sed -i 's/^Version: .*/&+migrated1/' "$tree/package/DEBIAN/control"
    printf '%s\n' "$KNOWN_HOSTS" >"$tree/package/usr/share/libravatar-slave/known_hosts"
    dpkg-deb --root-owner-group --build "$tree/package" "$2"
}

install() { DEBIAN_FRONTEND=noninteractive dpkg --force-confold --install "$1"; }

"$@"
