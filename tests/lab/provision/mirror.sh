#!/bin/bash
# A mirror: pulls the images from the master by cron and serves them.
. /mnt/provision/common.sh

add_slave() {
    add_user libravatar-slave "80${HOST#mirror}" /var/lib/libravatar/slave
    install -d -m 755 /var/lib/libravatar
    install -d -m 755 -o libravatar-slave -g libravatar-slave /var/lib/libravatar/{slave,avatar,user} /var/log/libravatar-slave
    install -d -m 700 -o libravatar-slave -g libravatar-slave /var/lib/libravatar/slave/.ssh
    install -m 600 -o libravatar-slave -g libravatar-slave "$KEYS/slave" /var/lib/libravatar/slave/.ssh/id_ed25519
}

# The package, version 1.0: it knows the host key of the master that there is.
install_slave_package() {
    local build
    build=$(mktemp -d)
    cp -r "$SITE/libravatar-slave" "$build"
    sed -i 's/^Version: .*/Version: 1.0/' "$build/libravatar-slave/DEBIAN/control"
    printf 'www.libravatar.org %s\n' "$(cut -d' ' -f1,2 "$KEYS/host-old.pub")" >"$build/libravatar-slave/usr/share/libravatar-slave/known_hosts"
    chmod -R u=rwX,go=rX "$build/libravatar-slave"
    dpkg-deb --root-owner-group --build "$build/libravatar-slave" "$build/libravatar-slave.deb"
    dpkg --install "$build/libravatar-slave.deb"
    rm -r "$build"
}

serve() {
    install_certificate seccdn
    install -m 644 "$SITE/apache/mirror.conf" /etc/apache2/sites-available/mirror.conf
    a2enmod ssl
    a2dissite 000-default
    a2ensite mirror
    start_apache
}

add_slave
systemctl mask postgresql.service pgbouncer.service named.service gearman-job-server.service
install_slave_package
serve
systemctl enable --now cron.service
