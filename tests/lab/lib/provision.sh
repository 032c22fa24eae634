# shellcheck shell=bash
# The 'before' state: each host is booted once on the base, set up by its script in provision/, shut down, and what
# it wrote is kept as a layer. From then on a reset is a fresh upper layer over that.

# The mirrors' package: the sample has its sources, and the mirrors the version before.
SLAVE_PACKAGE=$LAB_HOME/../../runbooks/libravatar/libravatar-slave

before_key() {
    {
        base_key
        cd "$LAB_HOME"
        find lib/common.sh lib/keys.sh lib/provision.sh provision site "$SLAVE_PACKAGE" -type f -printf '%m %P\0' | sort -z | tr '\0' '\n'
        find lib/common.sh lib/keys.sh lib/provision.sh provision site "$SLAVE_PACKAGE" -type f -print0 | sort -z | xargs -0 cat
    } | digest
}
before_dir() { printf '%s/before-%s\n' "$CACHE" "$(before_key)"; }

ensure_before() {
    local dir host
    dir=$(before_dir)
    [[ -d $dir ]] && return
    say "provisioning ${HOSTS[*]}"
    rm -rf --one-file-system "$dir.part"
    mkdir -p "$dir.part/layers"
    PROVISION=$dir.part
    logged keys make_keys "$PROVISION/keys"
    in_parallel provision_host "${HOSTS[@]}"
    # The mirrors have pulled once when the story begins.
    in_parallel first_pull mirror1 mirror2
    in_parallel shut_down "${HOSTS[@]}"
    for host in "${HOSTS[@]}"; do
        mv "$(home_of "$host")/upper" "$PROVISION/layers/$host"
        discard_upper "$host"
    done
    rm -rf "$PROVISION/stage"
    mv "$PROVISION" "$dir"
}

provision_host() {
    local host=$1 stage=$PROVISION/stage/$1
    discard_upper "$host"
    stage_for "$host" "$stage"
    mount_layers "$host" "$(base_tree)"
    # A machine id of its own, and the same one at every build: the base has none.
    printf '%s %s\n' "$PREFIX" "$host" | md5sum | cut -c1-32 >"$(root_of "$host")/etc/machine-id"
    start_host "$host" "$(base_tree)" --bind-ro="$stage:/mnt"
    ready_host "$host"
    logged "$host.provision" inside "$host" bash "/mnt/provision/${host%[0-9]}.sh"
}

# What the scripts on the host find under /mnt: themselves, the site, and the keys that are this host's business.
stage_for() {
    local host=$1 stage=$2 keys=$PROVISION/keys
    mkdir -p "$stage/keys"
    cp -a "$LAB_HOME/provision" "$LAB_HOME/site" "$stage"
    cp -a "$SLAVE_PACKAGE" "$stage/site"
    cp "$keys/host-$host" "$stage/keys/ssh_host_ed25519_key"
    cp "$keys/host-$host.pub" "$stage/keys/ssh_host_ed25519_key.pub"
    cp "$keys"/{operator.pub,ca.pem} "$stage/keys"
    case $host in
        old) cp "$keys"/{www.crt,www.pem,www-chain.pem,db_password,slave-mirror1.pub,slave-mirror2.pub} "$stage/keys" ;;
        new) cp "$keys"/{www.crt,www.pem,www-chain.pem,sudo_password} "$stage/keys" ;;
        mirror*)
            cp "$keys"/seccdn{.crt,.pem,-chain.pem} "$keys/host-old.pub" "$stage/keys"
            cp "$keys/slave-$host" "$stage/keys/slave"
            ;;
        ns1) cp "$keys/dns_key" "$stage/keys" ;;
    esac
    {
        printf 'HOST=%s\nLOGIN=%s\nHOST_IPV4=%s\nHOST_IPV6=%s\nNAMESERVER=%s\n' "$host" "${LOGIN[$host]}" "${IPV4[$host]}" "${IPV6[$host]}" "${IPV4[ns1]}"
        printf 'OLD_IPV4=%s\nOLD_IPV6=%s\n' "${IPV4[old]}" "${IPV6[old]}"
        printf 'MIRROR1_IPV4=%s\nMIRROR1_IPV6=%s\nMIRROR2_IPV4=%s\nMIRROR2_IPV6=%s\nNS1_IPV4=%s\nNS1_IPV6=%s\n' \
            "${IPV4[mirror1]}" "${IPV6[mirror1]}" "${IPV4[mirror2]}" "${IPV6[mirror2]}" "${IPV4[ns1]}" "${IPV6[ns1]}"
    } >"$stage/lab.env"
}

first_pull() {
    local folder
    for folder in avatar user; do
        inside "$1" runuser -u libravatar-slave -- /usr/lib/libravatar-slave/pull "$folder" \
            || die "$1 cannot pull $folder: $(inside "$1" tail -n 3 "/var/log/libravatar-slave/$folder.log")"
    done
}
