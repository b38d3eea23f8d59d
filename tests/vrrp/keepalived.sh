#!/bin/bash
# keepalived.sh - the guard's routers and the real keepalived as peers, in both roles: versions 2 and 3, IPv4 and
# IPv6, multicast and unicast. Who has the address, and does a client's ARP or neighbor table follow?  Without a lock,
# as a foreign router makes it necessary; and with one.  Every packet is decoded by tshark.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
ns=hfvrrp$$
theirs= guard= arbiter= capture=
vrid=51 # theirs
started=0 # how often keepalived was

clean() {
    for p in $theirs $guard $arbiter $capture; do kill "$p" 2>/dev/null; done
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

# One lock server, for those of our routers that have a lock.
mkdir -m 700 "$dir/keys" "$dir/state"
"$build/holdfast-arbiterd" lock-key new web "$dir/keys/web.key" >/dev/null
cat >"$dir/arbiter.conf" <<EOC
[server]
listen = 127.0.0.1:7433
state = $dir/state
keys = $dir/keys
status-socket = $dir/arbiter.sock
max-hold = 1s
EOC
cat >"$dir/guard.conf" <<EOC
[guard]
cluster = web
node = n1
server = 127.0.0.1
key = $dir/keys/web.key
lease = 300ms
socket = $dir/guard.sock
orders = $dir/guard.orders
EOC
ip netns exec ${ns}a "$build/holdfast-arbiterd" -c "$dir/arbiter.conf" -f >"$dir/arbiter" 2>&1 &
arbiter=$!
ip netns exec ${ns}a "$build/holdfast-guard" --config "$dir/guard.conf" -f >"$dir/ours" 2>&1 &
guard=$!
if command -v tshark >/dev/null; then
    ip netns exec ${ns}c tshark -q -i br0 -f 'ip proto 112 or ip6 proto 112 or arp or icmp6' -w "$dir/packets" 2>/dev/null &
    capture=$!
fi

ask() { ip netns exec ${ns}a "$build/holdfast-vip" --socket "$dir/guard.sock" "$@"; }

start_ours() { # VERSION PRIORITY SECONDS ADDRESS [NAME=VALUE...]
    local ip=$4
    case $4 in
    *:*) ip="fe80::5e00:1/128 $4/128" ;; # keepalived wants the same list, which begins with a link-local one
    esac
    ask start web version="$1" priority="$2" advert_int="$3" ip="$ip" nic=eth0 vrid=51 lock=none "${@:5}" &&
        ask --timeout 0.2 promote web 2>/dev/null
    true
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
    virtual_router_id $vrid
    priority $2
    advert_int $3
    ${5:-}
    virtual_ipaddress {
        $4
    }
}
EOC
    # Files of its own for the process ids: one that was killed and that nobody has waited for is "already running".
    started=$((started + 1))
    ip netns exec ${ns}b keepalived -n -l -P -f "$dir/conf" -p "$dir/pid.$started" -r "$dir/vpid.$started" >"$dir/theirs" 2>&1 &
    theirs=$!
    await 10 theirs_says 'Entering BACKUP STATE (init)' || fail "keepalived starts" "$(cat "$dir/theirs")"
}

theirs_says() { grep -qF "$1" "$dir/theirs"; }

end_theirs() {
    kill "$theirs" 2>/dev/null
    wait "$theirs" 2>/dev/null
    theirs=
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
believes() { ip netns exec ${ns}c ip neigh show "$address" | grep -q "$1"; }
counts() { # NAME: a counter of ours
    ask --json status | sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"
}
no_refusals() { [ "$(counts refused)" = 0 ] || { ask status; false; }; }

both_roles() { # NAME VERSION SECONDS ADDRESS "THEIR ADDRESSES" [UNICAST-LINES NAME=VALUE...]
    local name=$1 version=$2 seconds=$3 theirs_addresses=$5 unicast=${6:-}
    address=$4
    story "$name"
    set -- "$version" "$seconds" "$address" "${@:7}"
    start_ours "$version" 150 "$seconds" "$address" "${@:4}"
    start_theirs "$version" 100 "$seconds" "$theirs_addresses" "$unicast"
    within 15 "we are better: ours is master" only a b
    within 5 "a client finds it here" client_reaches 02:00:00:00:00:01
    sleep 1
    check "and keepalived stays backup" only a b
    check "ours stops" ask stop web
    within 15 "we resign: keepalived takes over" only b a
    within 5 "a client finds it there" client_reaches 02:00:00:00:00:02
    start_ours "$version" 150 "$seconds" "$address" "${@:4}"
    within 15 "we preempt it" only a b
    within 5 "a client finds it here again" client_reaches 02:00:00:00:00:01
    check "we refused none of its packets" no_refusals
    check "ours stops" ask stop web
    within 15 "keepalived again" only b a
    start_ours "$version" 50 "$seconds" "$address" "${@:4}"
    sleep 1.5
    check "we are lesser: keepalived stays master" only b a
    end_theirs
    within 15 "it resigns: we take over" only a b
    within 5 "a client finds it here" client_reaches 02:00:00:00:00:01
    check "we refused none of its packets" no_refusals
    check "ours stops" ask stop web
}

unicast() { # THEIRS OURS
    printf 'unicast_src_ip %s\n    unicast_peer {\n        %s\n    }' "$1" "$2"
}

await 10 eval 'ask status | grep -q "127.0.0.1: answers"' || {
    fail "the lock server answers" "$(ask status; cat "$dir/ours")"
    finish
}
both_roles "version 3, IPv4, multicast, 100 ms" 3 0.1 10.77.0.100 10.77.0.100/32
both_roles "version 2, IPv4, multicast, 1 s, a password" 2 1 10.77.0.101 10.77.0.101/32 \
    "authentication {
        auth_type PASS
        auth_pass secret
    }" auth_pass=secret
both_roles "version 3, IPv6, multicast, 100 ms" 3 0.1 fd77::100 "fe80::5e00:1
        fd77::100/128"
both_roles "version 3, IPv4, unicast, 100 ms" 3 0.1 10.77.0.102 10.77.0.102/32 "$(unicast 10.77.0.2 10.77.0.1)" \
    unicast_peer=10.77.0.2
both_roles "version 2, IPv4, unicast, 1 s" 2 1 10.77.0.104 10.77.0.104/32 "$(unicast 10.77.0.2 10.77.0.1)" \
    unicast_peer=10.77.0.2
both_roles "version 3, IPv6, unicast, 100 ms" 3 0.1 fd77::102 "fe80::5e00:1
        fd77::102/128" "$(unicast fd77::2 fd77::1)" unicast_peer=fd77::2 unicast_src_ip=fd77::1 min_ttl=64 # which is what keepalived sends there

# The shortest interval that there is.  Whoever has not heard the master for 35 ms takes over, and a busy machine may be
# late by as much: what is certain is where the address is in the end.
story "version 3, IPv4, multicast, 10 ms"
address=10.77.0.109
start_ours 3 150 0.01 "$address"
start_theirs 3 100 0.01 "$address/32"
within 15 "we are better: ours is master" only a b
within 5 "a client finds it here" client_reaches 02:00:00:00:00:01
within 5 "ours has sent a hundred adverts" eval '[ "$(counts sent)" -ge 100 ]'
check "ours stops" ask stop web
within 15 "we resign: keepalived takes over" only b a
within 5 "a client finds it there" client_reaches 02:00:00:00:00:02
start_ours 3 150 0.01 "$address"
within 15 "we preempt it" only a b
check "we refused none of its packets" no_refusals
check "ours stops" ask stop web
within 15 "keepalived again" only b a
start_ours 3 50 0.01 "$address"
within 5 "we are lesser, and hear it: a hundred adverts" eval '[ "$(counts heard)" -ge 100 ]'
within 15 "keepalived is master" only b a
kill -KILL $theirs $(pgrep -P $theirs)
wait $theirs 2>/dev/null
within 15 "it is killed: we take over" eval 'ask monitor web | grep -q MASTER && has a'
check "we refused none of its packets" no_refusals
check "ours stops" ask stop web
ip netns exec ${ns}b ip address del "$address/32" dev eth0 # which it left

# The checksum of RFC 9568, which has no pseudo-header over IPv4: keepalived refuses it.  What it is, is read from the
# capture below.
story "version 3, IPv4, multicast, 100 ms, a plain checksum"
address=10.77.0.110
start_theirs 3 100 0.1 "$address/32"
within 15 "keepalived is master" only b a
start_ours 3 150 0.1 "$address" checksum=plain
within 5 "ours, which is better, takes over" has a
within 5 "keepalived refuses what it says, and stays" theirs_says 'Invalid VRRPv3 checksum'
check "  and has it too" has b
check "we refused none of its packets" no_refusals
check "ours stops" ask stop web
end_theirs

# The trap: two masters while the network is cut, and after the heal the client must believe the true one.
mac() { if [ "$1" = a ]; then echo 02:00:00:00:00:01; else echo 02:00:00:00:00:02; fi; }
cut_and_heal() { # BETTER LESSER: the better one, master now, loses its cable
    local round
    within 15 "the better one is master" only "$1" "$2"
    within 5 "a client finds it there" client_reaches "$(mac "$1")"
    for round in 1 2 3; do
        ip netns exec ${ns}c ip link set "v$1$$" nomaster
        within 5 "cut $round: the other takes over" has "$2"
        within 5 "the client is told" believes "$(mac "$2")"
        ip netns exec ${ns}c ip link set "v$1$$" master br0
        within 5 "healed: it gives way" lacks "$2"
        within 3 "and the better one tells the client" believes "$(mac "$1")"
    done
    check "ours stops" ask stop web
    end_theirs
}

# What tells keepalived that there were two is our parting advert.
story "cut and heal, keepalived the better one"
address=10.77.0.103
start_theirs 3 200 0.1 "$address/32"
start_ours 3 100 0.1 "$address"
cut_and_heal b a

# Keepalived gives way without a word, and may do so before it was heard: only what is said now and then reaches hosts
# that believe it.
story "cut and heal, ours the better one"
start_ours 3 200 0.1 "$address" garp_master_refresh=1
start_theirs 3 100 0.1 "$address/32"
cut_and_heal a b

story "ours is the better one, and waits before it preempts"
start_theirs 3 100 0.1 "$address/32"
within 15 "keepalived is master" has b
begun=${EPOCHREALTIME/./}
check "ours starts" ask start web ip="$address" nic=eth0 vrid=51 lock=none priority=150 preempt_delay=3
sleep 2
check "after two seconds of three keepalived is still master" only b a
within 10 "then ours is" only a b
check "not before its time" [ $((${EPOCHREALTIME/./} - begun)) -ge 3000000 ]
check "ours stops" ask stop web
within 15 "keepalived again" only b a

story "ours is the better one, and does not preempt"
check "ours starts" ask start web ip="$address" nic=eth0 vrid=51 lock=none priority=150 preempt=false
sleep 2
check "keepalived stays master" only b a
end_theirs
within 15 "it resigns: we take over" has a
start_theirs 3 200 0.1 "$address/32"
within 15 "a better one preempts ours" only b a
check "ours stops" ask stop web
end_theirs

story "bursts as configured, a netmask of its own"
check "ours starts" ask start web ip=10.77.0.108 cidr_netmask=255.255.255.128 nic=eth0 lock=none garp_master_repeat=3 \
    garp_interval=0.05 garp_master_delay=1 garp_master_refresh=2 garp_master_refresh_repeat=2
check "ours is promoted" ask promote web
check "it has the address, with that netmask" sh -c "ip netns exec ${ns}a ip address show dev eth0 | grep -F 10.77.0.108/25"
sleep 5 # three at once, three after a second, two every two seconds
check "ours stops" ask stop web

story "ours with a lock, keepalived the better one"
start_theirs 3 200 0.1 "$address/32"
within 15 "keepalived is master" has b
check "ours starts" ask start web ip="$address" nic=eth0 vrid=51
check "the lock decides: ours is promoted" ask promote web
sleep 1
check "it does not yield, and counts what it hears" [ "$(counts contested)" -gt 3 ]
check "it has the address" has a
end_theirs
within 3 "once it is quiet, the client is told" believes 02:00:00:00:00:01
check "ours stops" ask stop web

story "keepalived has the VRID that was chosen for ours"
check "ours starts" ask start web ip=10.77.0.106 nic=eth0
check "ours is promoted" ask promote web
vrid=$(counts vrid)
address=10.77.0.107
start_theirs 3 100 0.1 "$address/32"
within 15 "keepalived is master of another address" has b
within 3 "ours has another VRID" eval '[ "$(counts vrid)" != '"$vrid"' ]'
check "and is still master" eval 'ask monitor web | grep -q MASTER'
check "ours stops" ask stop web
check "ours starts with that VRID, as configured" ask start web ip=10.77.0.106 nic=eth0 vrid="$vrid"
within 3 "who else has it is said" eval "ask status | grep -q '10.77.0.2 uses VRID $vrid on eth0 for other addresses'"
check "ours stops" ask stop web
end_theirs
vrid=51 address=10.77.0.103

story "ours is stopped with SIGSTOP, without a lock"
start_ours 3 200 0.1 "$address"
start_theirs 3 100 0.1 "$address/32"
within 15 "ours is master" only a b
kill -STOP $guard
within 3 "keepalived takes over" has b
check "the gate of ours has shut before: the client is answered by one" client_reaches 02:00:00:00:00:02
answers=$(ip netns exec ${ns}c arping -c 3 -w 2 -i br0 "$address" 2>/dev/null | grep -c '02:00:00:00:00:01')
equal "ours answers nobody" 0 "$answers"
kill -CONT $guard
within 5 "ours preempts it, having listened first" only a b
check "ours stops" ask stop web
end_theirs

story "what was on the wire"
if [ -n "$capture" ]; then
    kill $capture
    wait $capture 2>/dev/null
    capture=
    decode_fields() { # FILTER FIELD...
        local filter=$1
        shift
        tshark -r "$dir/packets" -o ip.check_checksum:TRUE -Y "$filter" -T fields "${@/#/-e}" 2>/dev/null
    }
    decode() { tshark -r "$dir/packets" -o ip.check_checksum:TRUE -Y "$1" 2>/dev/null; }
    check "our adverts of version 2 and 3, IPv4 and IPv6 are there" eval \
        '[ -n "$(decode "vrrp.version==2 && ip.src==10.77.0.1")" ] && [ -n "$(decode "vrrp.version==3 && ip.src==10.77.0.1")" ] &&
            [ -n "$(decode "vrrp.version==3 && ipv6.src==fe80::1")" ]'
    equal "nothing of ours is malformed or has a wrong checksum" "" \
        "$(decode '!(vrrp.ip_addr==10.77.0.110) && (ip.src==10.77.0.1 || ipv6.src==fe80::1 || ipv6.src==fd77::1 || eth.src==02:00:00:00:00:01) &&
            (_ws.malformed || _ws.expert.severity >= error || vrrp.checksum.status==0)' | head -5)"
    # the sum over the message with its checksum, by what of it was added: all ones
    plain() {
        decode_fields "vrrp && ip.src==10.77.0.1 && vrrp.ip_addr==10.77.0.110" vrrp.typever vrrp.virt_rtr_id vrrp.prio \
            vrrp.addr_count vrrp.short_adver_int vrrp.checksum vrrp.ip_addr | while read -r type id priority count interval sum ip; do
            IFS=. read -r a b c d <<<"$ip"
            total=$(((type << 8) + id + (priority << 8) + count + interval + sum + (a << 8) + b + (c << 8) + d))
            echo $(((total & 0xffff) + (total >> 16)))
        done | sort | uniq
    }
    equal "a plain checksum is over the message alone" 65535 "$(plain)"
    equal "and the pseudo-header is not in it" 0 "$(decode_fields 'vrrp && ip.src==10.77.0.1 && vrrp.ip_addr==10.77.0.110' \
        vrrp.checksum.status | sort | uniq)"
    # resignations of both, too
    equal "10 ms is a hundredth of a second on the wire, ours and keepalived's" "10.77.0.1 1,10.77.0.2 1" \
        "$(decode_fields 'vrrp.ip_addr==10.77.0.109' ip.src vrrp.short_adver_int | sort | uniq | paste -sd, | tr '\t' ' ')"
    announced() { decode "arp.opcode==$1 && arp.isgratuitous==1 && arp.src.proto_ipv4==10.77.0.108" | grep -c .; }
    equal "each burst that was configured was announced, by request" 10 "$(announced 1)"
    equal "and by reply" 10 "$(announced 2)"
    equal "every advert of ours has a TTL of 255" "" "$(decode 'vrrp && ip.src==10.77.0.1 && ip.ttl != 255' | head -3)"
else
    skip "decoding our packets" "tshark is not installed"
fi
finish
