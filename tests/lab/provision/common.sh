# shellcheck shell=bash
# Sourced by each host's script: what all hosts have.
set -euo pipefail

# shellcheck source=/dev/null # written for this host when it is provisioned
. /mnt/lab.env
KEYS=/mnt/keys
SITE=/mnt/site

set_names() {
    echo "$HOST" >/etc/hostname
    printf '%s\n' '127.0.0.1 localhost' '::1 localhost ip6-localhost ip6-loopback' "$HOST_IPV4 $HOST" "$HOST_IPV6 $HOST" >/etc/hosts
    printf 'nameserver %s\noptions timeout:1 attempts:2\n' "$NAMESERVER" >/etc/resolv.conf
}

trust_lab() {
    install -m 644 "$KEYS/ca.pem" /usr/local/share/ca-certificates/runbook-lab.crt
    update-ca-certificates
}

# One key and one key exchange, of the kinds that are quickest: with the hybrid one that is the default, half of a connection's cost would be
# its keys, and the tests make thousands. The package's sshd otherwise.
set_up_ssh() {
    install -m 600 "$KEYS/ssh_host_ed25519_key" /etc/ssh/
    install -m 644 "$KEYS/ssh_host_ed25519_key.pub" /etc/ssh/
    printf '%s\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'KexAlgorithms curve25519-sha256' >/etc/ssh/sshd_config.d/lab.conf
    [[ $LOGIN == root ]] || useradd --create-home --shell /bin/bash --uid 1000 "$LOGIN"
    let_in "$LOGIN"
    systemctl enable --now ssh.service
}

# let_in USER: the operator's key logs in as USER.
let_in() {
    local home group
    home=$(getent passwd "$1" | cut -d: -f6) group=$(id -gn "$1")
    install -d -m 700 -o "$1" -g "$group" "$home/.ssh"
    install -m 600 -o "$1" -g "$group" "$KEYS/operator.pub" "$home/.ssh/authorized_keys"
}

# add_user NAME NUMBER HOME: one of the site's own, the number being uid and gid.
add_user() {
    groupadd --gid "$2" "$1"
    useradd --uid "$2" --gid "$2" --home-dir "$3" --no-create-home --shell /bin/sh "$1"
}

# The certificate NAME, its key and its chain, where the site's configuration looks for them.
install_certificate() {
    install -d /etc/libravatar
    install -m 644 "$KEYS/$1.crt" "$KEYS/$1-chain.pem" /etc/libravatar/
    install -m 600 "$KEYS/$1.pem" /etc/libravatar/
}

# A lab's PostgreSQL may forget what it was told a moment before a crash of this machine: nobody else's does.
start_postgresql() {
    echo 'fsync = off' >"$(echo /etc/postgresql/*/main/conf.d)/lab.conf"
    systemctl enable --now postgresql.service
    pg_lsclusters
}

start_apache() {
    # An administrator has been here: both commands keep a folder of what was done by hand.
    a2enmod --quiet info
    a2dismod --quiet info
    printf 'ServerName %s\n' "$HOST" >/etc/apache2/conf-available/server-name.conf
    a2enconf server-name
    systemctl enable apache2.service
    apache2ctl configtest
    systemctl restart apache2.service
}

set_names
trust_lab
set_up_ssh
