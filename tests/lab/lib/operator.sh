# shellcheck shell=bash
# The operator's place: a network namespace, and the files of /etc that a command run in it sees in place of the machine's.

operator_key() { { before_key; cat "$LAB_HOME/lib/operator.sh" "$LAB_HOME"/sample/*; } | digest; }

write_operator_files() {
    local keys
    keys=$(before_dir)/keys
    rm -rf --one-file-system "$OPERATOR"
    (
        umask 077
        mkdir -p "$OPERATOR"
        install -m 600 "$keys/operator" "$OPERATOR/id_ed25519"
        install -m 600 "$keys"/{dns_key,db_password,sudo_password} "$OPERATOR"
    )
    chmod 755 "$OPERATOR"
    install -m 644 "$keys/ca.pem" "$OPERATOR/ca.pem"
    known_hosts "$keys" >"$OPERATOR/known_hosts"
    ssh_config >"$OPERATOR/ssh_config"
    hosts_yaml >"$OPERATOR/hosts.yaml"
    vars_yaml >"$OPERATOR/vars.yaml"
    install -m 644 "$LAB_HOME/sample/answers.yaml" "$OPERATOR/answers.yaml"
    (umask 077; secrets_env >"$OPERATOR/secrets.env")
    write_operator_etc
    operator_key >"$OPERATOR/made"
}

known_hosts() {
    local host
    for host in "${HOSTS[@]}"; do
        printf '%s,%s,%s %s\n' "$host" "${IPV4[$host]}" "${IPV6[$host]}" "$(cut -d' ' -f1,2 "$1/host-$host.pub")"
    done
}

# By address: a host can be reached while the name server is down or a name points elsewhere.
ssh_config() {
    local host
    for host in "${HOSTS[@]}"; do
        printf 'Host %s\n    HostName %s\n    User %s\n\n' "$host" "${IPV4[$host]}" "${LOGIN[$host]}"
    done
    printf '# The other way into new: sudo asks for a password.\nHost new-with-password\n    HostName %s\n    User keeper\n\n' "${IPV4[new]}"
    cat <<END
Host *
    IdentityFile $OPERATOR/id_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile $OPERATOR/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    UpdateHostKeys no
    ConnectTimeout 10
END
}

# Where the sample's roles are, for --hosts-file. Only `new` is reached as somebody who has to become root.
hosts_yaml() {
    local host become
    echo 'hosts:'
    for host in old new mirror1 mirror2; do
        become=
        [[ ${LOGIN[$host]} == root ]] || become=' become: root,'
        printf '  %s: {ssh: %s,%s vars: {ipv4: %s, ipv6: "%s"}}\n' "$host" "$host" "$become" "${IPV4[$host]}" "${IPV6[$host]}"
    done
}

# What the sample has to be told of the lab, for --vars-file.
vars_yaml() {
    cat <<END
nameserver: ${IPV4[ns1]}
ca: $OPERATOR/ca.pem
staging: $OPERATOR/passing
backup: $OPERATOR/backup
wait_for_resolvers: false
wait_for_images: 5s
wait_ttl_back: 1s
wait_proxy_off: 1s
power_off_old: false
END
}

# The sample's secrets, for a shell to read.
secrets_env() {
    printf 'export LIBRAVATAR_TSIG=%s\nexport LIBRAVATAR_DB_PASSWORD=%s\n' "$(cat "$OPERATOR/dns_key")" "$(cat "$OPERATOR/db_password")"
}

# `ip netns exec` binds what is in here over /etc: names, ssh's configuration, and a trust store with the lab's root.
write_operator_etc() {
    local etc host
    etc=/etc/netns/$(netns operator)
    mkdir -p "$etc/ssh" "$etc/ssl"
    # Written in place: a command that is still running in the namespace has these very files bound.
    {
        printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
        for host in "${HOSTS[@]}"; do printf '%s %s\n%s %s\n' "${IPV4[$host]}" "$host" "${IPV6[$host]}" "$host"; done
    } >"$etc/hosts"
    printf 'nameserver %s\noptions timeout:1 attempts:2\n' "${IPV4[ns1]}" >"$etc/resolv.conf"
    cp "$OPERATOR/ssh_config" "$etc/ssh/ssh_config"
    cmp -s "$OPERATOR/ca.pem" "$etc/ssl/certs/runbook-lab.pem" || trust_store "$etc/ssl"
}

trust_store() {
    rm -rf --one-file-system "$1/certs"
    cp -a /etc/ssl/certs "$1/certs"
    [[ ! -e /etc/ssl/openssl.cnf ]] || cp -a /etc/ssl/openssl.cnf "$1/"
    cat "$OPERATOR/ca.pem" >>"$1/certs/ca-certificates.crt"
    cp "$OPERATOR/ca.pem" "$1/certs/runbook-lab.pem"
    ln -sf runbook-lab.pem "$1/certs/$(openssl x509 -in "$OPERATOR/ca.pem" -noout -hash).0"
}

print_inventory() {
    local -a entries=(
        "hosts_file=$OPERATOR/hosts.yaml"
        "vars_file=$OPERATOR/vars.yaml"
        "answers_file=$OPERATOR/answers.yaml"
        "env_file=$OPERATOR/secrets.env"
        "staging=$OPERATOR/passing"
        "backup=$OPERATOR/backup"
        "ssh_config=$OPERATOR/ssh_config"
        "known_hosts=$OPERATOR/known_hosts"
        "identity=$OPERATOR/id_ed25519"
        "ca=$OPERATOR/ca.pem"
        "dns_key=$OPERATOR/dns_key"
        "db_password=$OPERATOR/db_password"
        "sudo_password=$OPERATOR/sudo_password"
        "etc_hosts=/etc/netns/$(netns operator)/hosts"
        "netns=$(netns operator)"
        "state=$STATE"
        "cache=$CACHE"
    )
    local entry
    for entry in "${entries[@]}"; do
        if [[ -z ${1:-} ]]; then
            echo "$entry"
        elif [[ ${entry%%=*} == "$1" ]]; then
            echo "${entry#*=}"
            return
        fi
    done
    [[ -z ${1:-} ]] || die "the inventory has no '$1'"
}
