# shellcheck shell=bash
# A host: layers mounted over one another, and a systemd-nspawn that boots them.

home_of() { printf '%s/hosts/%s\n' "$STATE" "$1"; }
root_of() { printf '%s/roots/%s\n' "$STATE" "$1"; }
nspawn_of() { recalled_process "$(home_of "$1")/process"; }
is_running() { nspawn_of "$1" >/dev/null; }

# PID 1 of the host, as this machine numbers it: nspawn's child that is the first in its own namespace.
init_of() {
    local nspawn children child key value
    nspawn=$(nspawn_of "$1") || return 1
    # There is no newline at its end, so that `read` fails even so.
    { read -ra children <"/proc/$nspawn/task/$nspawn/children" || true; } 2>/dev/null
    for child in "${children[@]}"; do
        while read -r key value; do
            [[ $key == NSpid: && $value == *[[:space:]]1 ]] || continue
            printf '%s\n' "$child"
            return
        done 2>/dev/null <"/proc/$child/status"
    done
    return 1
}

# Runs a command as root inside the host, whatever its network does.
inside() {
    local host=$1 init
    shift
    init=$(init_of "$host") || die "$host is not running"
    nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup --root --wdns=/root \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${TERM:+TERM="$TERM"} "$@"
}

# --- layers ---

# redirect_dir: a folder of a lower layer can be renamed. index: hard links survive a write. So on a real disk, too.
mount_layers() {
    local host=$1 lower=$2 home
    home=$(home_of "$host")
    mkdir -p "$home"/{upper,work} "$(root_of "$host")"
    mount -t overlay "$PREFIX-$host" -o "lowerdir=$lower,upperdir=$home/upper,workdir=$home/work,redirect_dir=on,index=on,metacopy=off" "$(root_of "$host")"
}

# Under a mount that is shared, as everything is where systemd runs: a host's nspawn has a copy of what was mounted when it started, and
# what is unmounted here has to go there too, or the layers of a host that was cut stay in use for as long as another host runs.
share_mounts() {
    mkdir -p "$STATE/roots"
    mountpoint -q "$STATE/roots" && return
    mount --bind "$STATE/roots" "$STATE/roots"
    mount --make-shared "$STATE/roots"
}

unshare_mounts() { ! mountpoint -q "$STATE/roots" || umount "$STATE/roots"; }

is_mounted() { mountpoint -q "$(root_of "$1")"; }

unmount_layers() {
    is_mounted "$1" || return 0
    # The kernel lets go of a dead host's files a moment after its last process.
    eventually 10 umount "$(root_of "$1")" 2>/dev/null || umount "$(root_of "$1")"
}

# Throws away what the host has written. Moved aside first: the removal takes longer than a boot.
discard_upper() {
    local home trash
    home=$(home_of "$1")
    mkdir -p "$STATE/trash" "$home"
    trash=$(mktemp -d "$STATE/trash/XXXXXX")
    find "$home" -mindepth 1 -maxdepth 1 -exec mv -t "$trash" {} +
}

empty_trash() { rm -rf --one-file-system "$STATE/trash"; }

# --- cgroups ---

# One for each host: in a shared one the hosts' systemds take each other's services for their own.
cgroup_roots() {
    local root
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        echo /sys/fs/cgroup
    else
        for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
            [[ ! -d $root ]] || echo "$root"
        done
    fi
}

enter_cgroup() {
    local root
    for root in $(cgroup_roots); do
        mkdir -p "$root/$PREFIX/$1"
        echo "$BASHPID" >"$root/$PREFIX/$1/cgroup.procs"
    done
}

remove_cgroup() {
    local root
    for root in $(cgroup_roots); do
        [[ ! -d $root/$PREFIX/$1 ]] || eventually 5 cgroup_gone "$root/$PREFIX/$1" || say "cannot remove $root/$PREFIX/$1"
        rmdir "$root/$PREFIX" 2>/dev/null || true  # the last host's
    done
}

# Of a host whose state folder somebody removed under it, its cgroup alone still knows the processes.
kill_cgroup() {
    local root pids
    for root in $(cgroup_roots); do
        [[ -d $root/$PREFIX/$1 ]] || continue
        mapfile -t pids < <(find "$root/$PREFIX/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
        ((${#pids[@]} == 0)) || kill -KILL "${pids[@]}" 2>/dev/null || true
    done
}

cgroup_gone() { find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null; [[ ! -d $1 ]]; }

# --- power ---

# start_host HOST LOWER [NSPAWN OPTION…]: mounts and starts; ready_host waits until it is up.
start_host() {
    local host=$1 lower=$2 home
    shift 2
    home=$(home_of "$host")
    is_mounted "$host" || mount_layers "$host" "$lower"
    has_netns "$host" || plug "$host"
    (
        enter_cgroup "$host"
        # The lock's descriptor stays behind; the session is its own, so that no terminal's signal reaches it.
        exec 9>&- setsid systemd-nspawn --quiet --directory="$(root_of "$host")" --boot --machine="$PREFIX-$host" --hostname="$host" \
            --register=no --keep-unit --network-namespace-path="/run/netns/$(netns "$host")" --resolv-conf=off \
            --timezone=off --link-journal=no "$@" </dev/null >"$LOGS/$host.console.log" 2>&1
    ) &
    remember_process $! "$home/process"
}

ready_host() {
    eventually 60 is_settled "$1" || die "$1 does not come up: see $LOGS/$1.console.log"
    inside "$1" rm -f /run/nologin
}

is_settled() {
    is_running "$1" || die "$1 has died: see $LOGS/$1.console.log"
    local state
    # The subshell: the host may not have a PID 1 yet.
    state=$( (inside "$1" systemctl is-system-running) 2>/dev/null) || true
    case $state in
        running) ;;
        degraded) say "$1: a unit has failed: $(inside "$1" systemctl --failed --plain --no-legend)" ;;
        *) return 1 ;;
    esac
}

# The power cord: no process gets to say goodbye. The wire goes first.
cut_power() {
    local host=$1 nspawn init
    unplug "$host"
    if nspawn=$(nspawn_of "$host"); then
        init=$(init_of "$host") || init=
        kill -KILL "$nspawn" ${init:+"$init"} 2>/dev/null || true
        eventually 10 is_dead "$nspawn" "${init:-$nspawn}" || die "$host does not die"
    fi
    kill_cgroup "$host"
    after_death "$host"
}

is_dead() {
    local pid
    for pid; do
        [[ ! -e /proc/$pid ]] || grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null || return 1
    done
}

# An orderly end, so that nothing half-written gets into a layer that others build upon.
shut_down() {
    local nspawn
    nspawn=$(nspawn_of "$1") || die "$1 is not running"
    inside "$1" systemctl poweroff
    eventually 60 is_dead "$nspawn" || die "$1 does not shut down"
    unplug "$1"
    after_death "$1"
}

# What nspawn would have tidied away itself, had it been asked to end.
after_death() {
    local host=$1 root
    root=$(root_of "$host")
    ! is_mounted "$host" || rm -f "/run/systemd/nspawn/locks/inode-$(stat -c %d:%i "$root")"
    unmount_layers "$host"
    remove_cgroup "$host"
    rm -f "$(home_of "$host")/process"
    rm -rf "/run/systemd/nspawn/propagate/$PREFIX-$host" "/run/systemd/nspawn/unix-export/$PREFIX-$host"
}
