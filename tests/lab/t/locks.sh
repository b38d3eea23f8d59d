#!/bin/bash
# locks.sh - a VIP that two nodes may have, and everything that can happen to its owner: never do two answer.
#
# A client asks for the address every millisecond.  Printed for each fault: how long nobody answered (the time
# of the failover, where there is one) and for how long two did, which must be 0.
#
#   LOCKS_ROUNDS rounds of each fault (default 1, with --full 5); LOCKS_FAULTS only these
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/vip.sh"
. "$top/tests/lab/faults.sh"
. "$top/tests/lab/peers.sh"

booted() { if [ "$1" = n1 ]; then order_vip n1 0; else order_vip n2 1; fi; }

story "two nodes, an arbiter, a VIP; 2 s to drain for what no gate covers"
# with a drain, which is not for what the gate covers: the VIP moves at the lease's speed all the same
check "the lab is up, and one node owns the VIP" vip_lab --lease 300 --drain 2000
[ $failed = 0 ] || finish
story "the owner"
fault off moves
fault stopped moves
story "its daemons"
fault guard_stopped moves
fault guard_killed moves
fault guard_restarted returns
fault holdfastd_killed stays
fault runner_killed stays
fault corosync_killed stays
fault arbiterd_killed stays
fault all_arbiterd_restarted returns
fault all_stopped_but_kernels returns
story "cables"
fault cut_nodes stays
fault cut_arbiter stays
fault cut_owner moves
fault owner_deaf moves
fault owner_mute moves
story "the arbiter"
fault arbiter_restarted stays
fault arbiter_wiped moves
story "both nodes start while they are cut off from each other"
fault both_restarted_cut returns 15

# --- controls: what others do under the same harness, which shows that it can see two owners ---

has_vip_now() { has_vip n1 || has_vip n2; }
control() { # WHAT SECONDS CMD...: while the client asks for so long, CMD; two must answer
    probing "$2"
    "${@:3}"
    probed
    if [ "${overlap:-0}" -gt 0 ]; then
        pass "$1: silent $gap ms, overlap $overlap ms"
    else
        fail "$1: the harness sees two owners" "$(cat "$scratch/probe")"
    fi
}

stop_owner() { if has_vip n1; then lab stop n1; else lab stop n2; fi; }

if [ -z "${LOCKS_FAULTS:-}" ]; then
    lab down
    story "controls: others under the same harness"
    need keepalived corosync-qnetd pacemakerd
    check "keepalived is up" keepalived_lab 3 0.1
    within 20 "it has the VIP" has_vip n1
    control "keepalived, the cable between the nodes is cut" 6 lab cut n1 n2
    lab down
    check "Pacemaker with qdevice is up" lab up --nodes 2 --peer qdevice
    within 60 "it takes a resource" pacemaker_vip
    within 60 "it has the VIP" has_vip_now
    control "Pacemaker with qdevice, the node is stopped" 20 stop_owner
fi
finish
