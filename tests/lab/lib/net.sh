# shellcheck shell=bash
# The network: a namespace for the operator with a bridge, one for each host with a wire into the bridge.

netns() { printf '%s-%s\n' "$PREFIX" "$1"; }
has_netns() { [[ -e /run/netns/$(netns "$1") ]]; }

network_up() {
    local op
    op=$(netns operator)
    has_netns operator && return
    ip netns add "$op"
    ip -n "$op" link set lo up
    # Without snooping: it would need a querier to let neighbour discovery through for long.
    ip -n "$op" link add lab0 type bridge stp_state 0 mcast_snooping 0
    ip -n "$op" addr add "$OPERATOR_IPV4/24" dev lab0
    ip -n "$op" addr add "$OPERATOR_IPV6/64" dev lab0 nodad
    ip -n "$op" link set lab0 up
}

network_down() {
    if has_netns operator; then ip netns del "$(netns operator)"; fi
    rm -rf --one-file-system "/etc/netns/$(netns operator)"
    rmdir /etc/netns 2>/dev/null || true
}

# A wire of its own from the host's namespace to the bridge. A power cut takes the namespace with it: what its
# kernel would still have said to its peers (RST, FIN) is never said, as with a real machine.
plug() {
    local host=$1 op ns
    op=$(netns operator) ns=$(netns "$host")
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    # The same hardware address after every boot, so that nobody's neighbour table is out of date.
    ip -n "$op" link add "$host" type veth peer name eth0 netns "$ns" address "$(hardware_address "$host")"
    ip -n "$op" link set "$host" master lab0
    ip -n "$ns" addr add "${IPV4[$host]}/24" dev eth0
    ip -n "$ns" addr add "${IPV6[$host]}/64" dev eth0 nodad
    ip -n "$ns" link set eth0 up
    link_set "$host" "$(link_wanted "$host")"
}

unplug() {
    has_netns "$1" || return 0
    # By hand: the namespace goes when its last process has, and its end of the wire with it, some time later.
    ip -n "$(netns operator)" link del "$1" 2>/dev/null || true
    ip netns del "$(netns "$1")"
}

hardware_address() { printf '02:00:5e:10:00:%02x\n' "${IPV4[$1]##*.}"; }

# A link that somebody took down stays down over a power cut.
link_wanted() { if [[ -e $STATE/hosts/$1/link-down ]]; then echo down; else echo up; fi; }

# The bridge's end of the wire: the host sees its carrier go and keeps its addresses.
link_set() { ip -n "$(netns operator)" link set "$1" "$2"; }
