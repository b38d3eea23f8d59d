#!/bin/bash
# vrrp.sh - the guard's virtual routers on simulated machines with real lock servers: each trap of keepalived, planned
# moves, and the real keepalived as peer.  A client asks for the addresses every millisecond: never two owners.
#
#   VRRP_ROUNDS (default 1, with --full 20) rounds of each fault.
. "$(dirname "$0")/../lib.sh"
rounds=${VRRP_ROUNDS:-$([ -n "${HOLDFAST_FULL:-}" ] && echo 20 || echo 1)}
export LAB=vrrp-$$
build=${HOLDFAST_BUILD:?the built tree}
share=${HOLDFAST_LAB_DIR:-/tmp/holdfast-lab}/$LAB/share
scratch=$(mktemp -d)
trap 'lab down; rm -rf "$scratch"' EXIT
vip=10.77.0.100 vip6=fd77::100

# --- machines ---

configure() { # on each machine: its lock server, and on the nodes the guard
    cp "$build/holdfast-guard" "$build/holdfast-vip" "$build/holdfast-arbiterd" "$build/tests/guard/guardctl" \
        "$build/tests/lab/lab-arpprobe" "$share/"
    mkdir -p "$share/keys"
    "$build/holdfast-arbiterd" lock-key new web "$share/keys/web.key" >/dev/null
    chmod 600 "$share/keys/web.key"
    printf '[server]\nlisten = *:7433\nstate = /var/lib/holdfast\nkeys = /root/keys\n' >"$share/arbiter.conf"
    printf 'status-socket = /run/holdfast/arbiter.sock\nmax-hold = 1s\n' >>"$share/arbiter.conf"
    for m in n1 n2 arb; do
        printf '[guard]\ncluster = web\nnode = %s\npriority = 0\n' $m >"$share/$m.alone"
        {
            cat "$share/$m.alone"
            printf 'key = /root/keys/web.key\nlease = 300ms\n'
            for s in n1 n2 arb; do echo "server = $(lab ip $s)"; done
        } >"$share/$m.conf"
        boot $m
    done
}

boot() { # MACHINE: its lock server, and the guard
    lab exec "$1" sh -c 'mkdir -p -m 700 /root/keys /run/holdfast /var/log/holdfast
        cp /mnt/keys/web.key /root/keys/; chmod 600 /root/keys/*
        /mnt/holdfast-arbiterd -c /mnt/arbiter.conf -f >/var/log/holdfast/arbiter.log 2>&1 &' "$1"
    [ "$1" = arb ] || guard "$1" conf
}

guard() { # NODE KIND: conf, or alone (without lock servers)
    lab exec "$1" sh -c '/mnt/holdfast-guard --config /mnt/$0.$1 -f >>/var/log/holdfast/guard.log 2>&1 &' "$1" "$2"
}
guards() { # SIGNAL NODE...
    local signal=$1 n
    shift
    for n in "$@"; do lab exec "$n" sh -c 'kill -$0 $(pidof holdfast-guard)' "$signal"; done
}
restart_alone() { # both guards without their orders, and without lock servers
    guards KILL n1 n2
    for n in n1 n2; do
        lab exec $n sh -c 'rm -f /run/holdfast/guard.orders; ip addr del 10.77.0.100/24 dev eth0; ip addr del fd77::100/64 dev eth0' 2>/dev/null
        guard $n alone
    done
}

ask() { # NODE ARG...: holdfast-vip there
    local n=$1
    shift
    lab exec "$n" /mnt/holdfast-vip "$@"
}
guardctl() { # NODE ORDER...: what holdfastd would say
    lab exec "$1" /mnt/guardctl "${@:2}" once >/dev/null
}
is() { # NODE CODE: what monitor says
    ask "$1" monitor web >/dev/null 2>&1
    [ $? = "$2" ]
}
master() { is "$1" 8 && is "$2" 0; }
says() { ask "$1" status | grep -q "$2"; }
other() { [ "$1" = n1 ] && echo n2 || echo n1; }
owner() { if is n1 8; then echo n1; else echo n2; fi; }
start() { # NODE NAME=VALUE...
    local n=$1
    shift
    ask "$n" start web "$@"
}
begin() { # NAME=VALUE...: on both nodes, n1 is MASTER
    for n in n1 n2; do check "$n starts" start $n "$@"; done
    check "n1 is promoted" ask n1 promote web
    within 10 "n1 is MASTER, n2 has heard it" heard_by_n2
}
heard_by_n2() { master n1 n2 && says n2 'last heard' && ! says n2 'stands back'; }
end() {
    for n in n1 n2; do check "$n stops" ask $n stop web; done
    check "the addresses are gone" nothing_left
}
nothing_left() {
    for n in n1 n2; do ! lab exec $n ip addr show | grep -q "$vip\|$vip6" || return 1; done
}

# --- what a client sees ---

probe() { lab exec client /mnt/lab-arpprobe eth0 $vip,$vip6 "$1" >"$scratch/probe" & probe=$!; sleep 0.5; }
probed() { # NAME: no two owners; the gap is kept
    wait $probe
    number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$scratch/probe" | tail -1; }
    changes=$(number changes)
    gap=$(number longest-gap-ms)
    echo "$gap" >>"$scratch/gaps-$1"
    [ "$(number overlap-ms)" = 0 ] || fail "$1: never two owners" "$(cat "$scratch/probe")"
}
summary() { # NAME
    sort -n "$scratch/gaps-$1" | awk -v what="$1" '{ g[NR] = $1 } END {
        printf "        %s: silent for ms, median %s, worst %s of %d\n", what, g[int((NR + 1) / 2)], g[NR], NR }'
}
mac() { lab exec "$1" cat /sys/class/net/eth0/address; }
believes() { lab exec client ip neigh show $vip | grep -q "$(mac "$1")"; }
reaches() { lab exec client ping -c1 -W1 $vip >/dev/null && believes "$1"; }

# Each fault: what happens to the owner, and how it ends.  moves: the other takes over.
fault() { # NAME moves|stays SECONDS
    local from to i before=$failed
    story "$1, $rounds times"
    for ((i = 0; i < rounds; i++)); do
        from=$(owner) to=$(other "$(owner)")
        probe "$3"
        "do_$1" "$from" "$to"
        probed "$1"
        if [ "$2" = moves ]; then
            is "$to" 8 || fail "$1: $to takes over" "$(cat "$scratch/probe"; ask "$to" status)"
        else
            is "$from" 8 || fail "$1: $from keeps it" "$(cat "$scratch/probe"; ask "$from" status)"
        fi
        "mend_$1" "$from" "$to"
        within 10 "$1: the other is there to fall back on" standby "$(other "$(owner)")"
    done
    [ "$failed" != "$before" ] || pass "$1: never two owners"
    summary "$1"
}
standby() { is "$1" 0 && says "$1" 'lock vip/web: waiting' && ! says "$1" 'bids again'; }

do_planned_move() { ask "$1" --successor "$2" demote web; }
mend_planned_move() { :; }
do_guard_killed() { guards KILL "$1"; }
mend_guard_killed() { guard "$1" conf; }
do_guard_stopped() { guards STOP "$1"; }
mend_guard_stopped() { guards CONT "$1"; }
do_machine_stopped() { lab stop "$1"; }
mend_machine_stopped() { lab cont "$1"; }
do_cut() { for m in "$2" arb; do lab cut "$1" "$m"; done; }
mend_cut() {
    lab heal
    # The trap: the true owner says nothing after the heal, and clients go on believing the other.
    lab exec client ping -c1 -W1 $vip >/dev/null
    within 3 "cut and healed: the client believes the true owner" believes "$2"
}
do_one_way() { lab cut "$1" "$2" --one-way; } # its adverts are lost, its lock is not
mend_one_way() { lab heal; }

# --- stories ---

story "two nodes, three lock servers"
check "the lab is up" lab up --nodes 2 --arbiter --peer none
configure
within 10 "n1 hears all lock servers" says n1 'server.*200: answers'
within 10 "n2 hears all lock servers" says n2 'server.*200: answers'
begin ip="$vip/24 $vip6/64"
within 5 "a client reaches it there" reaches n1
fault planned_move moves 2
fault guard_killed moves 2
fault guard_stopped moves 2
fault machine_stopped moves 2
fault cut moves 2
fault one_way stays 2

story "the guard is killed and comes back within its lease"
kept=0
for ((i = 0; i < 3; i++)); do
    from=$(owner)
    probe 2
    lab exec "$from" sh -c 'p=$(pidof holdfast-guard); kill -KILL $p; while [ -e /proc/$p ]; do sleep 0.002; done; /mnt/holdfast-guard --config /mnt/$0.conf -f >>/var/log/holdfast/guard.log 2>&1 &' "$from"
    probed restart
    [ "$changes" = 0 ] && kept=$((kept + 1))
    sleep 1
done
check "no flap, at least once of three (a busy machine may be too slow)" [ $kept -gt 0 ]
summary restart

story "the guard is told to end: it gives everything up"
from=$(owner) to=$(other "$(owner)")
within 5 "the other is there to fall back on" standby "$to"
probe 2
guards INT "$from"
probed ended
check "the other has it" is "$to" 8
summary ended
guard "$from" conf
within 5 "and it is there to fall back on" standby "$from"

story "a guard is gone for good: what it left is cleared away"
from=$(owner) to=$(other "$(owner)")
within 5 "the other is there to fall back on" standby "$to"
probe 4
guards KILL "$from"
within 3 "the other has it" is "$to" 8
check "its address is still there" lab exec "$from" sh -c 'ip addr show eth0 | grep -q "$0/"' $vip
check "it is cleared" lab exec "$from" /mnt/holdfast-guard --config "/mnt/$from.conf" --clear
refute "the address is gone" lab exec "$from" sh -c 'ip addr show eth0 | grep -q "$0/"' $vip
refute "and the gate" lab exec "$from" sh -c 'tc filter show dev eth0 ingress | grep -q bpf'
probed cleared
guard "$from" conf
check "it starts anew" start "$from" ip="$vip/24 $vip6/64"
within 5 "and is there to fall back on" standby "$from"

story "nobody but the chosen one"
within 10 "one is MASTER" standby "$(other "$(owner)")"
from=$(owner)
check "the other is not to become MASTER by itself" guardctl "$(other "$from")" priority web 0 0
check "it is demoted" ask "$from" demote web
sleep 1
check "nobody takes it by itself" eval 'is n1 0 && is n2 0'
check "the other is promoted all the same" ask "$(other "$from")" promote web
check "and may again" guardctl "$(other "$from")" priority web 100 0
check "promoted twice is once" ask "$(other "$from")" promote web
end

story "two configurations that do not fit: version 3 here, version 2 there"
check "n1 starts" start n1 ip=$vip/24 vrid=7
check "n2 starts" start n2 ip=$vip/24 vrid=7 version=2
check "n1 is promoted" ask n1 promote web
probe 3
refute "n2 is not" ask n2 --timeout 2 promote web
probed mismatch
check "n1 keeps it" is n1 8
check "the difference is said" says n2 'another version of VRRP'
check "n1 gives it up" ask n1 --successor n2 demote web
within 5 "n2 has it" is n2 8
end

story "a direct cable is cut: both lose the carrier, the lock decides who serves"
for n in n1 n2; do
    pid=$(lab pid $n)
    nsenter -t "$(lab pid arb)" -n ip link add d$n type veth peer name dc netns "$pid"
    nsenter -t "$(lab pid arb)" -n ip link set d$n up
    lab exec $n sh -c 'ip link set dc up; ip addr add 10.88.0.$0/24 dev dc' ${n#n}
done
lab exec arb sh -c 'ip link add dbr type bridge; ip link set dbr up; ip link set dn1 master dbr; ip link set dn2 master dbr'
for n in n1 n2; do check "$n starts" start $n ip=10.88.0.100 nic=dc; done
check "n1 is promoted" ask n1 promote web
within 5 "n2 is ready" eval '! says n2 "stands back"'
lab exec arb sh -c 'ip link set dn1 down; ip link set dn2 down'
sleep 1
within 5 "one of them serves, and says what is wrong" eval \
    '{ is n1 8 && says n1 "has no carrier"; } || { is n2 8 && says n2 "has no carrier"; }'
check "one, not two" eval '! { is n1 8 && is n2 8; }'
from=$(owner)
lab exec arb ip link set d"$from" down
lab exec arb ip link set d"$(other "$from")" up
sleep 1
check "who has a carrier again takes it when it is given" ask "$from" demote web
within 5 "it serves" is "$(other "$from")" 8
lab exec arb sh -c 'ip link set dn1 up; ip link set dn2 up'
end

story "one cable is pulled: the address moves by itself"
for n in n1 n2; do check "$n starts" start $n ip=10.88.0.100 nic=dc; done
check "n1 is promoted" ask n1 promote web
within 5 "n2 is ready" eval '! says n2 "stands back"'
lab exec arb ip link set dn1 down
within 5 "n2 has it" master n2 n1
lab exec arb ip link set dn1 up
end

story "a tracked interface"
for n in n1 n2; do
    lab exec $n sh -c 'ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up'
    check "$n starts" start $n ip=$vip/24 track_interface=up0
done
check "n1 is promoted" ask n1 promote web
within 5 "n2 is ready" eval '! says n2 "stands back"'
lab exec n1 ip link set up0 down
within 5 "n2 has it, since up0 is down at n1" master n2 n1
lab exec n2 ip link set up0 down
sleep 1
# n2 offers the lock to whoever comes: n1 may, if the lease for which it stood back is just over
within 5 "one of them has it all the same, since nobody is better off" eval 'master n1 n2 || master n2 n1'
for n in n1 n2; do check "$n says what is wrong" says $n "up0, which is tracked, is down"; done
end
for n in n1 n2; do lab exec $n ip link del up0; done

story "tracked scripts, routes and rules, the virtual MAC address, a sync group"
check "n1 starts" start n1 ip=$vip/24 vrid=77 use_vmac=true "track_script=/bin/true" \
    "virtual_routes=198.51.100.0/24 via 10.77.0.250 src $vip table 77" "virtual_rules=from $vip/32 table 77 priority 770"
check "n2 starts" start n2 ip=$vip/24 vrid=77 use_vmac=true "track_script=/bin/true"
refute "no routes before" lab exec n1 sh -c 'ip route show table 77 | grep -q 198.51'
check "n1 is promoted" ask n1 promote web
check "routes are there" lab exec n1 sh -c 'ip route show table 77 | grep -q 198.51'
check "rules are there" lab exec n1 sh -c 'ip rule | grep -q "770:.*$0"' $vip
virtual_mac() { lab exec client ping -c1 -W1 $vip >/dev/null; lab exec client ip neigh show $vip | grep -q 00:00:5e:00:01:4d; }
within 5 "a client knows it by its virtual MAC address" virtual_mac
within 5 "n2 is ready" eval '! says n2 "stands back"'
check "a tracked script fails" ask n1 track web script-1 down
within 5 "n2 has it" master n2 n1
within 5 "by the same MAC address" virtual_mac
refute "routes are gone" lab exec n1 sh -c 'ip route show table 77 | grep -q 198.51'
refute "rules are gone" lab exec n1 sh -c 'ip rule | grep -q 770:'
end
for n in n1 n2; do
    check "$n starts one" start $n ip=$vip/24 sync_group=gate
    check "$n starts the other" ask $n start inner ip=10.77.0.101/24 sync_group=gate
done
both() { ask "$1" monitor web >/dev/null 2>&1; [ $? = 8 ] && { ask "$1" monitor inner >/dev/null 2>&1; [ $? = 8 ]; }; }
check "one is promoted" ask n1 promote web
within 5 "both are there" both n1
within 5 "n2 is ready" eval '! says n2 "stands back"'
check "the other is demoted" ask n1 --successor n2 demote inner
within 5 "both are there, on n2" both n2
for n in n1 n2; do check "$n stops inner" ask $n stop inner; done
end

story "programs of a node that does not have the address"
speaks() { # NODE: a program there reaches the addresses where they live
    lab exec "$1" ping -c1 -W1 $vip >/dev/null && lab exec "$1" ping -c1 -W1 $vip6 >/dev/null &&
        lab exec "$1" ip neigh show $vip | grep -q "$(mac "$(other "$1")")"
}
begin ip="$vip/24 $vip6/64"
check "the owner's own reach it" lab exec n1 ping -c1 -W1 $vip
refute "the other's do not" lab exec n2 ping -c1 -W1 $vip
refute "nor by IPv6" lab exec n2 ping -c1 -W1 $vip6
end
begin ip="$vip/24 $vip6/64" local_clients=true
within 5 "with local_clients they do" speaks n2
lab exec n2 ip address add $vip/24 dev eth0
lab exec n2 ip address add $vip6/64 dev eth0 nodad
probe 1
probed local_clients
check "but who asks for it hears the owner alone" [ "$(number answered)" -gt 0 -a "$changes" = 0 ]
lab exec n2 ip address del $vip/24 dev eth0
lab exec n2 ip address del $vip6/64 dev eth0
check "it moves" ask n1 --successor n2 demote web
within 5 "n2 has it" master n2 n1
within 5 "and n1 is the one that speaks with it" speaks n1
end

story "what is refused"
check "n1 starts" start n1 ip=$vip/24 vrid=9
refuses() { # WHAT NAME=VALUE...
    local what=$1 out
    shift
    if out=$(ask n1 start x "$@" 2>&1); then fail "$*: refused" "it was not"; fi
    printf '%s\n' "$out" | grep -q "$what" || fail "$*: the reason says '$what'" "$out"
}
before=$failed
refuses 'VRID 9 on eth0 is router web' ip=10.77.0.102/24 vrid=9
refuses 'belongs to VIP web/1 already' ip=$vip/24 vrid=10
refuses 'expected addresses' ip=10.77.0.300
refuses 'no network interface' ip=10.77.0.102 nic=eth7
refuses 'nic: ' ip=192.0.2.1
refuses 'steps of 0.01' ip=10.77.0.102 advert_int=0.001
refuses 'no such parameter' ip=10.77.0.102 foo=1
[ $failed != $before ] || pass "each with what was expected"
check "validate finds a VRID that is taken" eval '! ask n1 validate y ip=10.77.0.103 vrid=9 2>/dev/null'
check "n1 stops" ask n1 stop web

story "the agent"
agent() { # NODE ACTION NAME=VALUE...: exits with the agent's code
    local n=$1 action=$2
    shift 2
    lab exec "$n" env PATH="/mnt:$PATH" HOLDFAST_AGENT_LIB=/mnt OCF_RESOURCE_INSTANCE=web:0 \
        OCF_RESKEY_CRM_meta_timeout=10000 OCF_RESKEY_ip="$vip $vip6" "${@/#/OCF_RESKEY_}" sh /mnt/VIP "$action"
}
ends() { # CLAIM CODE NODE ACTION NAME=VALUE...
    local claim=$1 code=$2 out
    shift 2
    out=$(agent "$@" 2>&1)
    equal "$claim" "$code" $?
    printf '%s\n' "$out" >"$scratch/agent"
}
cp "$top/agents/VIP" "$top/agents/agent.sh" "$share/"
ends "not running" 7 n1 monitor
ends "valid" 0 n1 validate-all vrid=20
ends "start" 0 n1 start vrid=20
ends "start on the other" 0 n2 start vrid=20
ends "started twice" 0 n1 start vrid=20
ends "unpromoted" 0 n1 monitor
ends "promote" 0 n1 promote
ends "promoted" 8 n1 monitor
within 5 "the other is ready" eval '! says n2 "stands back"'
ends "demote, for the other" 0 n1 demote CRM_meta_notify_promote_uname=n2
ends "unpromoted again" 0 n1 monitor
within 2 "the other is promoted" is n2 8
ends "a promote that comes late finds it so" 0 n2 promote
ends "stop where it is" 0 n2 stop
within 2 "it is here again" is n1 8
ends "not running there" 7 n2 monitor
ends "stopped twice" 0 n2 stop
ends "stop" 0 n1 stop
ends "no address" 6 n1 validate-all ip=
ends "a wrong address" 6 n1 validate-all ip=10.0.0.300
check "says what was expected" grep -q 'ocf-exit-reason:ip: expected addresses' "$scratch/agent"
ends "an interface that this node has not" 5 n1 validate-all nic=eth9
ends "no such action" 3 n1 frobnicate
looks() { # CLAIM CODE NODE NAME=VALUE...: the monitor that the cluster runs now and then, which is no probe
    ends "$1" "$2" "$3" monitor CRM_meta_interval=2000 "${@:4}"
}
has_priority() { says "$1" ", priority $2," || { ask "$1" status; false; }; }
track='/usr/bin/test -e /root/up'
for n in n1 n2; do
    lab exec $n touch /root/up
    ends "start with a command to track" 0 $n start track_script="$track"
done
ends "promote" 0 n1 promote
within 5 "the other is ready" eval '! says n2 "stands back"'
looks "all is well" 8 n1 track_script="$track"
lab exec n1 rm /root/up
agent n1 monitor CRM_meta_interval=2000 track_script="$track" >/dev/null 2>&1 # it is promoted still, or not any more
within 5 "the command fails here: the other has it" master n2 n1
looks "unpromoted" 0 n1 track_script="$track"
check "says why" grep -q 'ocf-exit-reason:.*script-1, which is tracked, is down' "$scratch/agent"
lab exec n1 touch /root/up
looks "it is well again here" 0 n1 track_script="$track"
refute "nothing is wrong" grep -q ocf-exit-reason "$scratch/agent"
lab exec n2 rm /root/up
agent n2 monitor CRM_meta_interval=2000 track_script="$track" >/dev/null 2>&1
within 5 "and fails there: it comes back" master n1 n2
for n in n1 n2; do ends "stop" 0 $n stop; done
two="track_script=weight=-20 /bin/false; weight=30 $track"
ends "start with two that weigh" 0 n1 start priority=100 "$two"
ends "promote" 0 n1 promote
check "one is down, the other up: 100 - 20 + 30" has_priority n1 110
lab exec n1 rm /root/up
looks "monitor" 8 n1 "$two"
check "both are down: 100 - 20" has_priority n1 80
ends "stop" 0 n1 stop
ask n1 start other ip=10.77.0.105 vrid=20 >/dev/null
ends "a VRID that is taken" 6 n1 validate-all vrid=20
check "stops" ask n1 stop other

story "without a lock: the guard is killed and comes back before others may take over"
for n in n1 n2; do check "$n starts" start $n ip=$vip/24 lock=none; done
check "n1 is promoted" ask n1 promote web
within 5 "n2 is ready" eval '! says n2 "stands back"'
check "status says what that means" says n1 'right none (nothing but VRRP keeps it from being on two nodes)'
kept=0
for ((i = 0; i < 3; i++)); do
    probe 2
    lab exec n1 sh -c 'p=$(pidof holdfast-guard); kill -KILL $p; while [ -e /proc/$p ]; do sleep 0.002; done
        /mnt/holdfast-guard --config /mnt/n1.conf -f >>/var/log/holdfast/guard.log 2>&1 &'
    probed restart_without
    [ "$changes" = 0 ] && kept=$((kept + 1))
    within 5 "n1 is MASTER (again)" master n1 n2
done
check "no flap, at least once of three (a busy machine may be too slow)" [ $kept -gt 0 ]
summary restart_without
end

story "without lock servers: quorum"
restart_alone
for n in n1 n2; do check "$n starts" start $n ip=$vip/24; done
refute "n1 cannot be promoted without quorum" ask n1 --timeout 1 promote web
for n in n1 n2; do guardctl $n quorum 1 400; done
within 5 "with it, it is MASTER" is n1 8
within 5 "n2 is ready" eval '! says n2 "stands back"'
probe 3
guards KILL n1
within 3 "n1 dies: n2 takes over" is n2 8
probed quorum_killed
summary quorum_killed
guard n1 alone
guardctl n1 quorum 1 400
within 5 "n1 is backup" is n1 0
guardctl n2 quorum 0 400
within 1 "quorum lost: n2 is it no longer" is n2 0
refute "and the gate is shut" says n2 'gate open'
end
finish
