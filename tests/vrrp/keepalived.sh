#!/bin/bash
# keepalived.sh - our VRRP router and the real keepalived as peers, in both roles: versions 2 and 3, IPv4 and
# IPv6, multicast and unicast. Who has the address, and does a client's ARP or neighbor table follow?
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
ns=hfvrrp$$
ours= theirs=

clean() {
    [ -z "$ours" ] || kill "$ours" 2>/dev/null
    [ -z "$theirs" ] || kill "$theirs" 2>/dev/null
    for n in a b c; do ip netns del $ns$n 2>/dev/null; done
    rm -rf "$dir"
}
trap clean EXIT

need keepalived ip
if [ "$(id -u)" != 0 ] || ! ip netns add ${ns}a 2>/dev/null; then
    skip "keepalived as a peer" "it wants root and network namespaces"
    finish
    exit
fi

# a (ours), b (keepalived) and c (a client, with the bridge).
ip netns add ${ns}b && ip netns add ${ns}c
ip netns exec ${ns}c ip link add br0 type bridge
ip netns exec ${ns}c ip link set br0 up
ip netns exec ${ns}c sysctl -qw net.ipv4.conf.br0.arp_accept=1 # believes an announcement without having asked before
ip netns exec ${ns}c ip address add 10.77.0.3/24 dev br0
ip netns exec ${ns}c ip address add fd77::3/64 dev br0 nodad
number=0
for n in a b; do
    number=$((number + 1))
    ip link add v$n$$ type veth peer name eth0 netns $ns$n
    ip link set v$n$$ netns ${ns}c
    ip netns exec ${ns}c ip link set v$n$$ master br0 up
    ip netns exec $ns$n ip link set lo up
    ip netns exec $ns$n sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.addr_gen_mode=1
    ip netns exec $ns$n ip link set eth0 address 02:00:00:00:00:0$number up
    ip netns exec $ns$n ip address add 10.77.0.$number/24 dev eth0
    ip netns exec $ns$n ip address add fe80::$number/64 dev eth0 nodad
    ip netns exec $ns$n ip address add fd77::$number/64 dev eth0 nodad
done

start_ours() { # VERSION PRIORITY MS OWN ADDRESS [PEER]
    ip netns exec ${ns}a "$build/tests/vrrp/vrrp_speaker" eth0 "$1" 51 "${@:2}" >"$dir/ours" 2>&1 &
    ours=$!
}

start_theirs() { # VERSION PRIORITY SECONDS "ADDRESSES" [UNICAST-LINES]
    cat >"$dir/conf" <<EOC
global_defs {
    vrrp_version $1
    vrrp_garp_master_delay 1
}
vrrp_instance test {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority $2
    advert_int $3
    ${5:-}
    virtual_ipaddress {
        $4
    }
}
EOC
    ip netns exec ${ns}b keepalived -n -l -P -f "$dir/conf" -p "$dir/pid" -r "$dir/vpid" >"$dir/theirs" 2>&1 &
    theirs=$!
}

end() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

has() { ip netns exec "$ns$1" ip -o address show dev eth0 | grep -qF " $address/"; }
lacks() { ! has "$1"; }
only() { # NODE OTHER: the first has the address and the second has not
    has "$1" && lacks "$2"
}
client_reaches() { # MAC: the client finds the address there
    ip netns exec ${ns}c ping -c1 -W1 "$address" >/dev/null 2>&1
    ip netns exec ${ns}c ip neigh show "$address" | grep -q "$1"
}
no_refusals() { ! grep refused "$dir/ours"; }

both_roles() { # NAME VERSION MS SECONDS OWN VIP "THEIR ADDRESSES" [PEER UNICAST-LINES]
    local name=$1 version=$2 ms=$3 seconds=$4 own=$5 theirs_addresses=$7
    address=$6
    story "$name"
    start_ours "$version" 150 "$ms" "$own" "$address" ${8:+"$8"}
    start_theirs "$version" 100 "$seconds" "$theirs_addresses" "${9:-}"
    within 15 "we are better: ours is master" only a b
    within 5 "a client finds it here" client_reaches 02:00:00:00:00:01
    sleep 1
    check "and keepalived stays backup" only a b
    end "$ours"
    ours=
    within 15 "we resign: keepalived takes over" only b a
    within 5 "a client finds it there" client_reaches 02:00:00:00:00:02
    check "we refused none of its packets" no_refusals
    start_ours "$version" 150 "$ms" "$own" "$address" ${8:+"$8"}
    within 15 "we preempt it" only a b
    within 5 "a client finds it here again" client_reaches 02:00:00:00:00:01
    end "$ours"
    ours=
    within 15 "keepalived again" only b a
    start_ours "$version" 50 "$ms" "$own" "$address" ${8:+"$8"}
    sleep 2
    check "we are lesser: keepalived stays master" only b a
    end "$theirs"
    theirs=
    within 15 "it resigns: we take over" only a b
    within 5 "a client finds it here" client_reaches 02:00:00:00:00:01
    check "we refused none of its packets" no_refusals
    end "$ours"
    ours=
}

both_roles "version 3, IPv4, multicast, 100 ms" 3 100 0.1 10.77.0.1 10.77.0.100 10.77.0.100/32
both_roles "version 2, IPv4, multicast, 1 s" 2 1000 1 10.77.0.1 10.77.0.101 10.77.0.101/32
both_roles "version 3, IPv6, multicast, 100 ms" 3 100 0.1 fe80::1 fd77::100 "fe80::5e00:1
        fd77::100/128"
both_roles "version 3, IPv4, unicast, 100 ms" 3 100 0.1 10.77.0.1 10.77.0.102 10.77.0.102/32 10.77.0.2 \
    "unicast_src_ip 10.77.0.2
    unicast_peer {
        10.77.0.1
    }"

# The trap: two masters while the network is cut, and after the heal the client must believe the true one. What
# tells keepalived that there were two is our parting advert.
story "cut and heal, keepalived the better one"
address=10.77.0.103
believes() { ip netns exec ${ns}c ip neigh show "$address" | grep -q "$1"; }
start_theirs 3 200 0.1 "$address/32"
start_ours 3 100 100 10.77.0.1 "$address"
within 15 "keepalived is master" only b a
within 5 "a client finds it there" client_reaches 02:00:00:00:00:02
for round in 1 2 3; do
    ip netns exec ${ns}c ip link set vb$$ nomaster
    within 5 "cut $round: ours takes over" has a
    within 5 "the client is told" believes 02:00:00:00:00:01
    ip netns exec ${ns}c ip link set vb$$ master br0
    within 5 "healed: ours gives way" lacks a
    within 3 "and keepalived tells the client" believes 02:00:00:00:00:02
done
end "$theirs"
end "$ours"
theirs= ours=
finish
