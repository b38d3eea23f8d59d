#!/bin/bash
# vip_quorum.sh - a VIP of three nodes without lock servers: quorum is the right to it.
#
# A client asks for the address every millisecond.  Printed for each fault: how long nobody answered, and for how
# long two did, which must be 0.
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/faults.sh"
nodes="n1 n2 n3"

guard_says() { on "$1" holdfast-guard --status 2>/dev/null; }
owns_vip() { guard_says "$1" | grep -q '^router vip: MASTER'; }
vip_owner() {
    local n owners=
    for n in $nodes; do ! owns_vip $n || owners="$owners $n"; done
    [ "$(wc -w <<<"$owners")" = 1 ] && echo $owners
}
booted() { :; }
other() { # where the scheduler would have it if it were not there
    local n
    for n in $nodes; do
        [ $n = "$1" ] || ! guard_says $n | grep -qE '^router vip: BACKUP.*priority 240' || { echo $n; return; }
    done
}
healthy() {
    local n owner
    for n in $nodes; do lab start $n; done
    online n1 $nodes || return 1
    owner=$(vip_owner) || { echo "nobody has it, or several"; return 1; }
    for n in $nodes; do
        hf $n status | grep -qF "* Promoted: [ $owner ]" || { hf $n status; return 1; }
    done
    [ -n "$(other "$owner")" ] && settled n1 5
}
fault_isolated() { lab cut $owner all; }
fault_deaf() { for n in $nodes; do [ $n = $owner ] || lab cut $n $owner --one-way; done; }
fault_moved() { hf $next --wait=20 resource move vip $next >/dev/null; }
moved_to_next() { owns_vip $next; }
mend_moved() { hf $next --wait=20 resource clear vip >/dev/null; }

story "three nodes, no lock server"
check "the lab is up" lab up --nodes 3 --guard
[ $failed = 0 ] || finish
check "without fencing" hf n1 configure property stonith-enabled=false
check "a VIP in one line" hf n1 --wait=30 configure vip $vip/24
within 60 "it is on one node" healthy
[ $failed = 0 ] || finish
check "status says what the right to it is" sh -c 'lab exec n1 holdfast status | grep -E "VRID [0-9]+, right: quorum"'
fault moved moved_to_next 0
fault off moves
fault stopped moves 5
fault isolated moves 5
fault deaf returns 5
fault guard_killed returns
fault holdfastd_killed stays
finish
