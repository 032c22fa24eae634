#!/bin/sh
# Builds the mirrors' Debian package. $KNOWN_HOSTS is what it knows of the master.
#
#   package.sh SOURCES FILE
set -eu
umask 022
tree=$(mktemp -d)
trap 'rm -rf -- "$tree"' EXIT

cp -R -- "$1/." "$tree"
printf '%s\n' "$KNOWN_HOSTS" >"$tree/usr/share/libravatar-slave/known_hosts"
# The checkout's umask is not the package's.
chmod -R u=rwX,go=rX -- "$tree"
dpkg-deb --root-owner-group --build "$tree" "$2"
