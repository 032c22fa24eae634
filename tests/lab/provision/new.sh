#!/bin/bash
# The server-to-be: Debian's packages as they come, the site's users and certificates, and nothing of the site.
. /mnt/provision/common.sh

add_users() {
    # The numbers of `old`, swapped.
    add_user libravatar-img 802 /var/lib/libravatar
    add_user libravatar-master 801 /var/lib/libravatar/master
    install -d -m 755 /var/lib/libravatar
    install -d -m 755 -o libravatar-master -g libravatar-master /var/lib/libravatar/master
}

# Two people who may become root: one just so, one with her password.
add_administrators() {
    echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
    useradd --create-home --shell /bin/bash --uid 1001 keeper
    echo "keeper:$(cat "$KEYS/sudo_password")" | chpasswd
    echo 'keeper ALL=(ALL:ALL) ALL' >/etc/sudoers.d/keeper
    chmod 440 /etc/sudoers.d/admin /etc/sudoers.d/keeper
    let_in keeper
}

add_users
add_administrators
install_certificate www
start_postgresql
systemctl enable --now pgbouncer.service cron.service
start_apache
