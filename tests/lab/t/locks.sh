#!/bin/bash
# locks.sh - a VIP that two nodes may have, and everything that can happen to its owner: never do two answer.
#
# A client asks for the address every millisecond.  Printed for each fault: how long nobody answered (the time
# of the failover, where there is one) and for how long two did, which must be 0.
#
#   LOCKS_ROUNDS rounds of each fault (default 1, with --full 5); LOCKS_FAULTS only these
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/vip.sh"
rounds=${LOCKS_ROUNDS:-$([ -n "${HOLDFAST_FULL:-}" ] && echo 5 || echo 1)}

# --- faults: what happens to $owner ($next is the other), and how it is mended ---

kill_hard() { on "$1" pkill -KILL -x "$(printf %.15s "$2")"; } # NODE DAEMON

fault_off() { lab off $owner >/dev/null; }
mend_off() { lab on $owner && reordered $owner; }
fault_stopped() { lab stop $owner; } # everything but the kernel
mend_stopped() { lab cont $owner; }
fault_guard_stopped() { on $owner pkill -STOP -x holdfast-guard; }
mend_guard_stopped() { on $owner pkill -CONT -x holdfast-guard; }
fault_guard_killed() { kill_hard $owner holdfast-guard; }
mend_guard_killed() { lab start $owner; }
fault_guard_restarted() { kill_hard $owner holdfast-guard; lab start $owner holdfast-guard; }
fault_holdfastd_killed() { kill_hard $owner holdfastd; }
mend_holdfastd_killed() { lab start $owner; }
fault_runner_killed() { kill_hard $owner holdfast-runner; }
mend_runner_killed() { lab start $owner; }
fault_corosync_killed() { kill_hard $owner corosync; }
mend_corosync_killed() { lab start $owner; }
fault_arbiterd_killed() { kill_hard $owner holdfast-arbiterd; }
mend_arbiterd_killed() { lab start $owner; }
fault_all_arbiterd_restarted() {
    for n in n1 n2 arb; do kill_hard $n holdfast-arbiterd; done
    for n in n1 n2 arb; do lab start $n holdfast-arbiterd; done
}
fault_all_stopped_but_kernels() { lab stop $owner; lab stop $next; sleep 1; lab cont $next; lab cont $owner; }
fault_cut_nodes() { lab cut n1 n2; }
fault_cut_arbiter() { lab cut $owner arb; }
fault_cut_owner() { lab cut $owner $next; lab cut $owner arb; }
fault_owner_deaf() { lab cut $next $owner --one-way; lab cut arb $owner --one-way; }
fault_owner_mute() { lab cut $owner $next --one-way; lab cut $owner arb --one-way; }
fault_arbiter_restarted() { lab off arb >/dev/null; lab on arb; }
# a lock server that forgot everything must not help the other while the owner's lease runs
fault_arbiter_wiped() { lab off arb >/dev/null; lab on arb --wipe; on $owner pkill -STOP -x holdfast-guard; }
mend_arbiter_wiped() { mend_guard_stopped; }
fault_both_restarted_cut() {
    lab cut n1 n2
    lab off n1 >/dev/null; lab off n2 >/dev/null
    lab on n1; lab on n2
    reordered n1 && reordered n2
}

reordered() { if [ "$1" = n1 ]; then order_vip n1 0; else order_vip n2 1; fi; }
mend() { # FAULT
    lab heal
    ! declare -F "mend_$1" >/dev/null || "mend_$1"
}

# --- a round ---

# EXPECTED: moves (the other has it at the end), stays (the owner has it without a break), returns (somebody has)
round() { # FAULT EXPECTED SECONDS
    local at_end
    owner=$(vip_owner) || { fail "$1: somebody has the VIP before"; return; }
    next=$(other $owner)
    probing "$3"
    fault_$1
    probed
    at_end=$(tail -1 "$scratch/probe")
    echo "$gap" >>"$scratch/gaps-$1"
    [ "$overlap" = 0 ] || fail "$1: never two owners" "$(cat "$scratch/probe")"
    case $2 in
    moves) await 5 owns_vip $next >/dev/null || fail "$1: $next takes over" "$at_end; $(guard_says $next)" ;;
    stays) await 1 owns_vip $owner >/dev/null || fail "$1: $owner keeps it" "$at_end; $(guard_says $owner)" ;;
    esac
    mend "$1"
    await 30 healthy >"$scratch/ill" || { fail "$1: all is well again afterwards" "$(cat "$scratch/ill")"; return 1; }
}

fault() { # FAULT EXPECTED [SECONDS]
    local before=$failed i
    [ -z "${LOCKS_FAULTS:-}" ] || [[ " $LOCKS_FAULTS " == *" $1 "* ]] || return 0
    for ((i = 0; i < rounds; i++)); do round "$1" "$2" "${3:-3}" || break; done
    [ "$failed" != "$before" ] ||
        pass "$1: $(sort -n "$scratch/gaps-$1" | awk '{ g[NR] = $1 } END {
            printf "silent %s ms", g[int((NR + 1) / 2)]
            if (NR > 1) printf " (worst %s of %d)", g[NR], NR }'), overlap 0 ms, $2"
}

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
fault all_arbiterd_restarted returns 4
fault all_stopped_but_kernels returns 4
story "cables"
fault cut_nodes stays
fault cut_arbiter stays
fault cut_owner moves
fault owner_deaf moves
fault owner_mute moves
story "the arbiter"
fault arbiter_restarted stays
fault arbiter_wiped moves 5
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

keepalived_conf() { # PRIORITY
    cat <<CONF
vrrp_instance control {
    state BACKUP
    interface eth0
    virtual_router_id 77
    version 3
    advert_int 0.1
    priority $1
    virtual_ipaddress {
        $vip/24
    }
}
CONF
}
stop_owner() { if has_vip n1; then lab stop n1; else lab stop n2; fi; }

if [ -z "${LOCKS_FAULTS:-}" ]; then
    lab down
    story "controls: others under the same harness"
    if ! command -v keepalived >/dev/null; then
        skip "keepalived under a cut" "keepalived is not installed"
    else
        check "keepalived is up" lab up --nodes 2 --peer keepalived --no-start
        keepalived_conf 100 | put n1 /etc/keepalived/keepalived.conf
        keepalived_conf 90 | put n2 /etc/keepalived/keepalived.conf
        lab start n1; lab start n2
        within 20 "it has the VIP" has_vip n1
        control "keepalived, the cable between the nodes is cut" 6 lab cut n1 n2
        lab down
    fi
    if ! command -v corosync-qnetd >/dev/null || ! command -v pacemakerd >/dev/null; then
        skip "Pacemaker with qdevice, a stopped node" "corosync-qnetd, corosync-qdevice or pacemaker is not installed"
    else
        check "Pacemaker with qdevice is up" lab up --nodes 2 --peer qdevice
        within 60 "it takes a resource" on n1 cibadmin -o resources -M -c -p --xml-text \
            '<resources><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="ip-p"><nvpair id="ip-p-1" name="ip" value="'$vip'"/><nvpair id="ip-p-2" name="nic" value="eth0"/></instance_attributes></primitive></resources>'
        check "without fencing" on n1 crm_attribute -t crm_config -n stonith-enabled -v false
        within 60 "it has the VIP" has_vip_now
        control "Pacemaker with qdevice, the node is stopped" 20 stop_owner
    fi
fi
finish
