#!/bin/bash
# The main server as it is before the migration.
. /mnt/provision/common.sh

add_users() {
    # On `new` the two numbers are the other way round: that is how a copy by numeric owner gets noticed.
    add_user libravatar-img 801 /var/lib/libravatar
    add_user libravatar-master 802 /var/lib/libravatar/master
}

# The user as whom the mirrors pull: they may read the images and nothing else.
let_mirrors_in() {
    install -d -m 755 /var/lib/libravatar
    install -d -m 755 -o libravatar-master -g libravatar-master /var/lib/libravatar/master
    install -d -m 700 -o libravatar-master -g libravatar-master /var/lib/libravatar/master/.ssh
    sed 's|^|restrict,command="/usr/bin/rrsync -ro /var/lib/libravatar" |' "$KEYS"/slave-*.pub >/var/lib/libravatar/master/.ssh/authorized_keys
    chown libravatar-master:libravatar-master /var/lib/libravatar/master/.ssh/authorized_keys
    chmod 600 /var/lib/libravatar/master/.ssh/authorized_keys
}

fill_database() {
    # By environment: argv ends up in the journal of whoever logs that somebody became postgres.
    PASSWORD=$(cat "$KEYS/db_password") runuser -u postgres -- psql -X --set ON_ERROR_STOP=1 <<'SQL'
\getenv password PASSWORD
CREATE ROLE djangouser LOGIN PASSWORD :'password';
CREATE DATABASE libravatar OWNER djangouser ENCODING 'UTF8' TEMPLATE template0;
SQL
    { echo 'SET ROLE djangouser;'; cat "$SITE/libravatar.sql"; } | runuser -u postgres -- psql -X --quiet --set ON_ERROR_STOP=1 --dbname libravatar
}

start_pgbouncer() {
    install -m 640 -o postgres -g postgres "$SITE/pgbouncer/pgbouncer.ini" /etc/pgbouncer/pgbouncer.ini
    printf '"djangouser" "%s"\n' "$(cat "$KEYS/db_password")" >/etc/pgbouncer/userlist.txt
    chown postgres:postgres /etc/pgbouncer/userlist.txt
    chmod 640 /etc/pgbouncer/userlist.txt
    systemctl enable pgbouncer.service
    systemctl restart pgbouncer.service
}

start_site() {
    install -d /srv/libravatar
    install -m 644 "$SITE/app/libravatar.wsgi" /srv/libravatar/
    printf '{"database": {"host": "127.0.0.1", "port": 6432, "dbname": "libravatar", "user": "djangouser", "password": "%s"}}\n' \
        "$(cat "$KEYS/db_password")" >/etc/libravatar/settings.json
    chgrp www-data /etc/libravatar/settings.json
    chmod 640 /etc/libravatar/settings.json
    install -m 644 "$SITE/apache/libravatar.conf" /etc/apache2/sites-available/libravatar.conf
    a2enmod ssl
    a2dissite 000-default
    a2ensite libravatar
    start_apache
}

add_users
let_mirrors_in
install_certificate www
start_postgresql
fill_database
start_pgbouncer
python3 "$SITE/images.py" /var/lib/libravatar
start_site
systemctl enable --now gearman-job-server.service cron.service
