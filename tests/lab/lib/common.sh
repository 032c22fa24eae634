# shellcheck shell=bash
# What every part of the lab shares: its hosts, where it keeps things, and how it speaks.

HOSTS=(old new mirror1 mirror2 ns1)

# Documentation addresses (RFC 5737, RFC 3849). They exist inside the lab's network namespaces only.
declare -A IPV4=([old]=192.0.2.11 [new]=192.0.2.12 [mirror1]=192.0.2.21 [mirror2]=192.0.2.22 [ns1]=192.0.2.53)
declare -A IPV6=([old]=2001:db8::11 [new]=2001:db8::12 [mirror1]=2001:db8::21 [mirror2]=2001:db8::22 [ns1]=2001:db8::53)
OPERATOR_IPV4=192.0.2.1
OPERATOR_IPV6=2001:db8::1

# Where ssh logs in on a host. `new` has no login for root: a step there has to become root.
declare -A LOGIN=([old]=root [new]=admin [mirror1]=root [mirror2]=root [ns1]=root)

STATE=${RUNBOOK_LAB_DIR:-/var/tmp/runbook-lab}
CACHE=${RUNBOOK_LAB_CACHE:-$STATE/cache}  # the base tree and the provisioned layers: several labs may share it
LOGS=$STATE/log
OPERATOR=$STATE/operator                  # the operator's files: ssh configuration, keys, inventory

# Everything the lab names in the machine (namespaces, cgroups) begins with this; a lab in another state
# folder gets another prefix, so that two of them never meet.
PREFIX=rblab
if [[ $STATE != /var/tmp/runbook-lab ]]; then
    PREFIX=$(cksum <<<"$STATE")
    printf -v PREFIX 'rblab-%06x' $((${PREFIX% *} & 0xffffff))
fi

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

is_host() { [[ -n ${1:-} && -n ${IPV4[$1]:-} ]]; }
need_host() { is_host "${1:-}" || die "no host '${1:-}': there are ${HOSTS[*]}"; }
need_root() { [[ $EUID == 0 ]] || die "needs root: it makes network namespaces, mounts and cgroups"; }

# The short hash of files and words, to name what was made from them.
digest() { sha256sum | cut -c1-12; }

# Runs the function $1 once for each of the other arguments, all at the same time; fails if one did.
in_parallel() {
    local work=$1 failed=0 pid
    local -A pids=()
    shift
    for arg; do
        "$work" "$arg" &
        pids[$arg]=$!
    done
    for arg; do
        pid=${pids[$arg]}
        wait "$pid" || { failed=1; say "$work $arg failed"; }
    done
    return $failed
}

# logged NAME FUNCTION…: what it says goes to a file, named when it fails. In the background and waited for, since
# bash forgets 'errexit' in whatever stands before ||.
logged() {
    local log=$LOGS/$1.log
    shift
    "$@" >"$log" 2>&1 &
    wait $! || die "$* failed: see $log"
}

# A process is known by its pid and its start time: a pid alone may belong to somebody else by now.
start_time() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086 # split into fields: the name was cut off, so starttime (22) is the 20th
    set -- $stat
    printf '%s\n' "${20}"
}

remember_process() { printf '%s %s\n' "$1" "$(start_time "$1")" >"$2"; }

# Prints the pid that the file holds if that very process is alive.
recalled_process() {
    local pid started
    [[ -r $1 ]] && read -r pid started <"$1" || return 1
    [[ $(start_time "$pid") == "$started" ]] && printf '%s\n' "$pid"
}

# Waits until the command succeeds, at most $1 seconds.
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# What the lab calls on the machine, and the Debian package that has it.
install_tools() {
    local -A packages=(
        [debootstrap]=debootstrap [systemd-nspawn]=systemd-container [ip]=iproute2 [ssh]=openssh-client
        [rsync]=rsync [openssl]=openssl [curl]=curl [dig]=bind9-dnsutils [nsenter]=util-linux [python3]=python3-minimal
        [update-ca-certificates]=ca-certificates [wget]=wget
    )
    local missing=() tool
    for tool in "${!packages[@]}"; do
        command -v "$tool" >/dev/null || missing+=("${packages[$tool]}")
    done
    [[ ${#missing[@]} == 0 ]] && return
    say "installing ${missing[*]}"
    logged tools-update apt-get update
    logged tools env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
