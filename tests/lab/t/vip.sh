#!/bin/bash
# vip.sh - a VIP of the cluster, moved by VRRP, with haproxy beside it: the guards move it, the cluster follows.
#
# A client asks for the address every millisecond.  Printed for each fault: how long nobody answered, and for how
# long two did, which must be 0.  Afterwards the cluster's status must say what the guards do, and no failure may
# have been counted.
#
#   LOCKS_ROUNDS rounds of each fault (default 1, with --full 5); LOCKS_FAULTS only these
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/faults.sh"

# --- what the cluster is ---

guard_says() { on "$1" holdfast-guard --status 2>/dev/null; }
owns_vip() { guard_says "$1" | grep -q '^router vip: MASTER'; }
vip_owner() { if owns_vip n1; then echo n1; elif owns_vip n2; then echo n2; else return 1; fi; }
booted() { :; }

promoted_on() { # NODE: every member's status says so
    local n
    for n in n1 n2; do hf $n status | grep -qF "* Promoted: [ $1 ]" || { hf $n status; return 1; }; done
}
beside_vip() { hf n1 resource locate beside | grep -qx "$(vip_owner)"; }
unfailed() { hf n1 --json status | grep -qF '"failures": [],' || { hf n1 status | sed -n '/^Failed/,$p'; return 1; }; }
answers() { [ "$(guard_says "$1" | grep -cE '^server [^ ]*: answers, heard [0-9]+ ms ago$')" = 3 ]; }

# Both nodes are members, both guards reach all lock servers, the status says what the guards do, everything that
# belongs beside the VIP is there, and the other may take it.
healthy() {
    local n owner
    for n in n1 n2; do lab start $n; done # what ended, as systemd would start it again
    online n1 n1 n2 || return 1
    for n in n1 n2; do answers $n || { guard_says $n; return 1; }; done
    owner=$(vip_owner) || { echo "nobody has it"; return 1; }
    promoted_on "$owner" || return 1
    guard_says "$(other "$owner")" | grep -qE '^router vip: BACKUP.*priority [1-9]' || { guard_says "$(other "$owner")"; return 1; }
    for n in n1 n2; do runs $n haproxy.cfg || { echo "no haproxy on $n"; return 1; }; done
    beside_vip || { echo "beside is not on $owner"; return 1; }
    settled n1 5 && served
}

vip_service() {
    local n f
    for n in n1 n2; do
        put $n /etc/haproxy/haproxy.cfg <"$top/tests/lab/service/haproxy.cfg"
        for f in web1.conf web2.conf; do put $n /etc/nginx/$f <"$top/tests/lab/service/$f"; done
    done
    put n1 /root/vip.crm <"$top/tests/lab/service/vip.crm"
    hf n1 --wait=60 configure load update /root/vip.crm
}

# --- planned moves ---

fault_moved() { hf $next --wait=20 resource move vip $next >/dev/null; }
mend_moved() { hf $next --wait=20 resource clear vip >/dev/null; }
fault_standby() { hf $next --wait=20 node standby $owner >/dev/null; }
mend_standby() { hf $next --wait=20 node online $owner >/dev/null; }
# everything but corosync and the kernel, at once, as the OOM killer might
fault_killed() { on $owner pkill -KILL '^holdfast'; }
mend_killed() { lab start $owner; }

story "two nodes, an arbiter, a VIP with haproxy"
check "the lab is up" lab up --nodes 2 --arbiter --lease 300
[ $failed = 0 ] || finish
check "the service is configured" vip_service
within 60 "it serves, on one node" healthy
[ $failed = 0 ] || finish
check "status shows the VIP: owner, VRID, right, priorities" sh -c 'lab exec n2 holdfast status |
    tr "\n" " " | grep -E "vip \(10.77.0.100/24 fd77::100/64\): n[12] .*VRID [0-9]+, right: lock .*MASTER on eth0, priority 250 .*BACKUP on eth0, priority 240|BACKUP on eth0, priority 240 .*MASTER on eth0, priority 250"'
check "and in JSON" sh -c 'lab exec n1 holdfast --json status | grep -A5 "\"id\": \"vip\"" | grep -E "\"owner\": \"n[12]\""'

story "planned moves"
fault moved moves
fault standby moves
story "the owner"
fault off moves
fault stopped moves
fault killed moves
story "its daemons"
fault guard_killed moves
fault holdfastd_killed stays
story "cables"
fault cut_nodes stays
fault cut_owner moves
fault owner_deaf moves
fault link_down moves
check "no failure was counted in all this" unfailed

story "a node that must not have it"
owner=$(vip_owner) next=$(other "$owner")
check "the other is told not to take it" hf n1 --wait=20 resource ban vip "$next"
within 10 "its guard has priority 0" sh -c "lab exec $next holdfast-guard --status | grep -E '^router vip: BACKUP.*(priority 0|never)'"
check "until the ban is lifted" hf n1 --wait=20 resource clear vip
within 10 "then it has one again" sh -c "lab exec $next holdfast-guard --status | grep -E '^router vip: BACKUP.*priority [1-9]'"
check "stopping it" hf n1 --wait=30 resource stop vip-clone
check "the address is nowhere" sh -c '! lab exec n1 ip address show dev eth0 | grep -F 10.77.0.100/ && ! lab exec n2 ip address show dev eth0 | grep -F 10.77.0.100/'
check "no guard has it" sh -c '! lab exec n1 holdfast-guard --status | grep "^router" && ! lab exec n2 holdfast-guard --status | grep "^router"'
finish
