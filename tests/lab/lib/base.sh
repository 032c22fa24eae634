# shellcheck shell=bash
# The base tree: one Debian with every package that some host needs. It is the lowest layer of all of them.

BASE_INCLUDE=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,iproute2,ca-certificates

BASE_PACKAGES=(
    acl apache2 attr bind9 bind9-dnsutils bind9-utils cron curl dpkg-dev gearman-job-server gearman-tools
    libapache2-mod-wsgi-py3 libfaketime openssl pgbouncer postgresql python3-psycopg2 rsync sudo zstd
)

# The release is the machine's own, so that its package sources and archive keys are the right ones.
release() { (. /etc/os-release && printf '%s\n' "$VERSION_CODENAME"); }

# The archives that the machine itself installs from, as lines "URI RELEASE COMPONENT".
archives() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
        | awk -v release="$(release)" '$2 ~ "^" release "(-updates|-security)?$" && $3 == "main"' | sort -u
}

base_key() { { release; cat "$LAB_HOME/lib/base.sh"; } | digest; }
base_tree() { printf '%s/base-%s\n' "$CACHE" "$(base_key)"; }

ensure_base() {
    local tree
    tree=$(base_tree)
    [[ -d $tree ]] && return
    say "building the base tree"
    mkdir -p "$CACHE"
    rm -rf --one-file-system "$tree.part"
    logged base build_base "$tree.part"
    mv "$tree.part" "$tree"
}

build_base() {
    local tree=$1 archive
    archive=$(archives | awk -v release="$(release)" '$2 == release { print $1; exit }')
    [[ -n $archive ]] || { echo "apt knows no archive of $(release)"; return 1; }
    debootstrap --variant=minbase --include="$BASE_INCLUDE" "$(release)" "$tree" "$archive"
    prepare_apt "$tree"
    in_tree "$tree" apt-get update
    in_tree "$tree" apt-get -y upgrade
    in_tree "$tree" apt-get -y install --no-install-recommends "${BASE_PACKAGES[@]}"
    quieten "$tree"
}

# In namespaces of its own, so that nothing stays mounted or running whatever happens.
in_tree() {
    local tree=$1
    shift
    unshare --mount --pid --fork --kill-child --mount-proc="$tree/proc" \
        chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

prepare_apt() {
    local tree=$1
    archives | sed 's/^/deb /' >"$tree/etc/apt/sources.list"
    cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
    apt-config dump | grep -E '^Acquire::https?::Proxy' >"$tree/etc/apt/apt.conf.d/95machine" || true
    # No service may start in a chroot; no need to sync a tree that can be built again.
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/lab"
    # Documentation is a third of the files and no test reads it.
    printf 'path-exclude /usr/share/%s/*\n' doc man locale >>"$tree/etc/dpkg/dpkg.cfg.d/lab"
}

# Takes back what only the build needed, and all that would be the same on every host or change by itself.
quieten() {
    local tree=$1 unit
    in_tree "$tree" apt-get clean
    rm -rf "$tree"/var/lib/apt/lists/* "$tree"/usr/sbin/policy-rc.d "$tree"/etc/apt/apt.conf.d/95machine \
        "$tree"/etc/ssh/ssh_host_* "$tree"/etc/bind/rndc.key "$tree"/var/log/*.log "$tree"/var/log/apt/*
    echo '# The hosts of the lab reach no archive.' >"$tree/etc/apt/sources.list"
    : >"$tree/etc/machine-id"
    rm -f "$tree/var/lib/dbus/machine-id"
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
        fstrim.timer logrotate.timer man-db.timer systemd-tmpfiles-clean.timer systemd-networkd.service \
        systemd-resolved.service systemd-timesyncd.service getty.target console-getty.service; do
        ln -sf /dev/null "$tree/etc/systemd/system/$unit"
    done
    # What a host runs is said by its provisioning, not by which packages the base happens to have.
    in_tree "$tree" systemctl disable apache2 apache-htcacheclean gearman-job-server named pgbouncer postgresql ssh
}
