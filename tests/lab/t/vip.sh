#!/bin/bash
# vip.sh - a VIP of the cluster, moved by VRRP, with haproxy beside it: the guards move it, the cluster follows.
#
# A client asks for both of its addresses every millisecond, by ARP and by neighbor discovery.  Printed for each fault:
# how long nobody answered for one of them, and for how long two did, which must be 0.  Afterwards the cluster's status must say what the guards do, and no failure may
# have been counted.
#
#   LOCKS_ROUNDS rounds of each fault (default 1, with --full 5); LOCKS_FAULTS only these
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/faults.sh"
. "$top/tests/lab/cluster_vip.sh"
asked=$vip,fd77::100

unfailed() { hf n1 --json status | grep -qF '"failures": [],' || { hf n1 status | sed -n '/^Failed/,$p'; return 1; }; }

# The two halves of a split are equal to corosync: the lock that breaks the tie may be with the other.
has_quorum_where_it_is() {
    local n
    n=$(vip_owner) && guard_says "$n" | grep -q '^lock cluster: owning'
}

# --- planned moves ---

fault_moved() { hf $next --wait=20 resource move vip $next >/dev/null; }
mend_moved() { hf $next --wait=20 resource clear vip >/dev/null; }
fault_standby() { hf $next --wait=20 node standby $owner >/dev/null; }
mend_standby() { hf $next --wait=20 node online $owner >/dev/null; }
# everything but corosync and the kernel, at once, as the OOM killer might
fault_killed() { on $owner pkill -KILL '^holdfast'; }
mend_killed() { lab start $owner; }
# nobody is left who knows what the agents said
fault_daemons_killed() {
    for n in n1 n2; do on $n pkill -KILL -x holdfastd; done
    for n in n1 n2; do lab start $n; done
}
mend_daemons_killed() { :; }

story "two nodes, an arbiter, a VIP with haproxy"
check "the lab is up" lab up --nodes 2 --arbiter --lease 300
[ $failed = 0 ] || finish
check "the service is configured" vip_service
within 60 "it serves, on one node" healthy
[ $failed = 0 ] || finish
check "status shows the VIP: owner, VRID, right, priorities" sh -c 'lab exec n2 holdfast status |
    tr "\n" " " | grep -E "vip \(10.77.0.100/24 fd77::100/64\): n[12] .*VRID [0-9]+, right: lock .*MASTER on eth0, priority 250 .*BACKUP on eth0, priority 240|BACKUP on eth0, priority 240 .*MASTER on eth0, priority 250"'
check "and in JSON" sh -c 'lab exec n1 holdfast --json status | grep -A5 "\"id\": \"vip\"" | grep -E "\"owner\": \"n[12]\""'

story "nothing new"
decisions() { for n in n1 n2; do lab log $n; done | grep -c 'holdfastd.* transition [0-9]*: [0-9]* actions, because'; }
undecided() { # for four seconds, in which each VIP's monitor runs and says the score that it said before
    local before
    before=$(decisions)
    sleep 4
    [ "$(decisions)" = "$before" ] || { echo "$before decisions before, $(decisions) after"; return 1; }
}
within 20 "what monitors find as it was is not decided anew" undecided

story "planned moves"
fault moved moves
fault standby moves
story "the owner"
fault off moves
fault stopped moves
fault killed moves
story "its daemons"
fault guard_stopped moves
fault guard_killed moves
fault guard_restarted returns
fault holdfastd_killed stays
fault runner_killed stays
check "a transient attribute" hf n1 node status-attr n1 set kept yes
fault daemons_killed stays
check "it outlives all daemons" eval 'hf n2 node status-attr n1 show kept | grep -w yes'
# Without corosync there is no quorum: what runs there is stopped, and the VIP handed over.  The other has no quorum
# either until the lock of the cluster is given up, which is when all has stopped: it may stop things, too.
fault corosync_killed moves 15
fault arbiterd_killed stays
fault all_arbiterd_restarted returns
fault all_stopped_but_kernels returns
story "cables"
fault cut_nodes has_quorum_where_it_is
fault cut_arbiter stays
fault cut_owner moves
fault owner_deaf moves
fault owner_mute moves
fault link_down moves
story "the arbiter"
fault arbiter_restarted stays
fault arbiter_wiped moves
story "both nodes start while they are cut off from each other"
fault both_restarted_cut returns 15
check "no failure was counted in all this" unfailed

story "a node attribute with a weight"
# the monitors are an hour apart: it is not the time that makes them look
hourly() { sed '/^primitive vip /,/^clone/s/interval=\([23]\)s role/interval=360\1s role/g' "$top/tests/lab/service/vip.crm"; }
hourly | put n1 /root/hourly.crm
check "the VIP's monitors run once in an hour" hf n1 --wait=60 configure load update /root/hourly.crm
within 30 "all is well" healthy
attribute() { hf n1 node attribute "$1" set uplink "$2"; } # NODE VALUE
priority_is() { guard_says "$1" | grep -E "^router vip: .*priority $2([^0-9]|\$)"; } # NODE PRIORITY
owner=$(vip_owner) next=$(other "$owner")
check "both nodes have it" eval 'attribute n1 1 && attribute n2 1'
check "stickiness is less than its weight" hf n1 configure rsc_defaults resource-stickiness=10
check "the VIP tracks it, -240 without it" hf n1 --wait=30 resource param vip set track_attribute uplink:-240
within 30 "all is well" healthy
owner=$(vip_owner) next=$(other "$owner")
check "the owner loses it" attribute "$owner" 0
within 15 "the VIP moves, since that is more than what makes it stay" owns_vip "$next"
within 10 "the priority there is 1 then" priority_is "$owner" 1
check "it is back" attribute "$owner" 1
within 15 "so is the priority" priority_is "$owner" 240
check "the VIP stays where it is" owns_vip "$next"
check "without a weight" hf n1 --wait=30 resource param vip set track_attribute uplink
within 30 "all is well again" healthy
owner=$(vip_owner) next=$(other "$owner")
check "the owner loses it" attribute "$owner" 0
within 15 "the guards move the VIP" owns_vip "$next"
check "status says why" sh -c 'lab exec n1 holdfast status | grep "attribute-uplink, which is tracked, is down"'
check "it is back" attribute "$owner" 1
check "stickiness is as before" hf n1 configure rsc_defaults resource-stickiness=100
check "no attribute is tracked any more" hf n1 --wait=30 resource param vip delete track_attribute
check "the monitors run as before" hf n1 --wait=60 configure load update /root/vip.crm
within 30 "all is well once more" healthy

story "a command, which the agent runs"
up() { on "$1" touch /root/up; }
for n in n1 n2; do up $n; done
check "the VIP tracks it" hf n1 --wait=30 resource param vip set track_script "/usr/bin/test -e /root/up"
within 30 "all is well" healthy
owner=$(vip_owner) next=$(other "$owner")
on "$owner" rm /root/up
within 15 "it fails: the guards move the VIP" owns_vip "$next"
within 10 "status says why" sh -c 'lab exec n1 holdfast status | grep "script-1, which is tracked, is down"'
up "$owner"
within 30 "it is well again" healthy
on "$next" rm /root/up
within 15 "it fails there: the VIP comes back" owns_vip "$owner"
up "$next"
check "with a weight" hf n1 --wait=30 resource param vip set track_script "weight=-240 /usr/bin/test -e /root/up"
check "stickiness is less than that" hf n1 configure rsc_defaults resource-stickiness=10
within 30 "all is well" healthy
owner=$(vip_owner) next=$(other "$owner")
on "$owner" rm /root/up
within 15 "it fails: the VIP moves, as planned" owns_vip "$next"
within 10 "the priority there is 1 then" priority_is "$owner" 1
up "$owner"
within 15 "and 240 when it is well" priority_is "$owner" 240
check "stickiness is as before" hf n1 configure rsc_defaults resource-stickiness=100
check "nothing is tracked any more" hf n1 --wait=30 resource param vip delete track_script
within 30 "all is well once more" healthy

story "another, in one line"
check "configure vip" hf n2 --wait=30 configure vip 10.77.0.101/24
within 10 "it answers" on client ping -c 1 -W 1 10.77.0.101
check "status on the other node knows it" sh -c 'lab exec n1 holdfast status | grep -E "\* vip2 \(10.77.0.101/24\): n[12]"'
check "it is deleted" hf n2 --wait=30 configure delete vip2-clone vip2
within 10 "it answers no more" sh -c '! lab exec client ping -c 1 -W 1 10.77.0.101'

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
