# shellcheck shell=bash
# Keys, certificates and passwords: made once with the provisioned layers, so that those and the operator agree.

make_keys() {
    local dir=$1 host
    (
        umask 077
        mkdir -p "$dir"
        cd "$dir"
        make_certificates
        make_ssh_key operator
        for host in "${HOSTS[@]}"; do make_ssh_key "host-$host"; done
        make_ssh_key slave-mirror1
        make_ssh_key slave-mirror2
        printf 'hmac-sha256:migration-key:%s\n' "$(openssl rand -base64 32)" >dns_key
        openssl rand -hex 16 >db_password
        openssl rand -hex 16 >sudo_password
    )
}

make_ssh_key() { ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$1"; }

# A root that everybody trusts, an intermediate that signs (so that a chain file is needed), a certificate for the
# main server and one for the mirrors.
make_certificates() {
    certificate root 'Lab Root CA' root 'basicConstraints=critical,CA:TRUE' 'keyUsage=critical,keyCertSign,cRLSign'
    certificate intermediate 'Lab Intermediate CA' root 'basicConstraints=critical,CA:TRUE,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign'
    certificate www www.libravatar.org intermediate 'extendedKeyUsage=serverAuth' \
        "subjectAltName=$(dns_names {,www.,stats.,cdn.,seccdn.}libravatar.org {,www.}libravatar.com)"
    certificate seccdn seccdn.libravatar.org intermediate 'extendedKeyUsage=serverAuth' "subjectAltName=$(dns_names {sec,}cdn.libravatar.org)"
    # The names that the site's configuration knows them by.
    local name
    for name in www seccdn; do
        mv "$name.key" "$name.pem"
        cp intermediate.crt "$name-chain.pem"
    done
    cp root.crt ca.pem
}

dns_names() { printf 'DNS:%s,' "$@" | sed 's/,$//'; }

# certificate NAME COMMON-NAME ISSUER EXTENSION…
certificate() {
    local name=$1 subject=$2 issuer=$3
    shift 3
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
    openssl req -new -key "$name.key" -subj "/CN=$subject" -out "$name.csr"
    local signed_by=(-CA "$issuer.crt" -CAkey "$issuer.key" -CAcreateserial)
    [[ $name != "$issuer" ]] || signed_by=(-signkey "$name.key")
    printf '%s\n' subjectKeyIdentifier=hash "$@" >"$name.ext"
    openssl x509 -req -in "$name.csr" "${signed_by[@]}" -days 3650 -extfile "$name.ext" -out "$name.crt"
}
