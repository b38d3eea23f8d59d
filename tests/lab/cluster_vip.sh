# cluster_vip.sh - two nodes, an arbiter and a VIP of the cluster with haproxy, for those who do something to them;
# sourced after stories.sh and faults.sh.

guard_says() { on "$1" holdfast-guard --status 2>/dev/null; }
owns_vip() { guard_says "$1" | grep -q '^router vip: MASTER'; }
vip_owner() { if owns_vip n1; then echo n1; elif owns_vip n2; then echo n2; else return 1; fi; }
booted() { :; }

promoted_on() { # NODE: every member's status says so
    local n
    for n in n1 n2; do hf $n status | grep -qF "* Promoted: [ $1 ]" || { hf $n status; return 1; }; done
}
beside_vip() { hf n1 resource locate beside | grep -qx "$(vip_owner)"; }
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
    settled n1 5 && served && on client ping -c 1 -W 1 fd77::100
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
