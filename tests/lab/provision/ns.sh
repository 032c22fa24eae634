#!/bin/bash
# The name server: authoritative for the site's two domains, changed by signed dynamic updates.
. /mnt/provision/common.sh

configure() {
    local algorithm name secret
    IFS=: read -r algorithm name secret <"$KEYS/dns_key"
    printf 'key "%s" {\n    algorithm %s;\n    secret "%s";\n};\n' "$name" "$algorithm" "$secret" >/etc/bind/migration.key
    chown root:bind /etc/bind/migration.key
    chmod 640 /etc/bind/migration.key
    cp "$SITE"/bind/named.conf.* /etc/bind/
    rndc-confgen -a
    chown bind:bind /etc/bind/rndc.key
}

# The zones live where named may write: updates go there.
fill_zones() {
    local zone
    for zone in libravatar.org libravatar.com; do
        sed -e "s/@OLD4@/$OLD_IPV4/;s/@OLD6@/$OLD_IPV6/;s/@MIRROR1_4@/$MIRROR1_IPV4/;s/@MIRROR1_6@/$MIRROR1_IPV6/" \
            -e "s/@MIRROR2_4@/$MIRROR2_IPV4/;s/@MIRROR2_6@/$MIRROR2_IPV6/;s/@NS4@/$NS1_IPV4/;s/@NS6@/$NS1_IPV6/" \
            "$SITE/bind/$zone.zone" >"/var/lib/bind/$zone.zone"
        chown bind:bind "/var/lib/bind/$zone.zone"
        named-checkzone "$zone" "/var/lib/bind/$zone.zone"
    done
}

configure
fill_zones
named-checkconf
systemctl mask postgresql.service pgbouncer.service apache2.service gearman-job-server.service
systemctl enable named.service
systemctl restart named.service
