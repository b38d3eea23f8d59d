#!/bin/bash
# partition.sh - three nodes are cut apart while both sides write, and come together again.
. "$(dirname "$0")/../stories.sh"

quorate() { hf "$1" cluster status | grep -qx 'Quorate: yes'; }
without_quorum() { hf "$1" cluster status | grep -qx 'Quorate: no'; }

story "three nodes"
check "the lab is up" lab up --nodes 3
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false no-quorum-policy=stop
primitive d1 ocf:heartbeat:Dummy op monitor interval=2s
primitive vip ocf:heartbeat:IPaddr2 params ip=10.77.0.100 cidr_netmask=24 nic=eth0 op monitor interval=2s
location vip-prefers-n1 vip 100: n1
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm
check "the address is on n1" has_vip n1

story "both sides write while n1 is cut from the others"
start_writers n1 n2 n3
sleep 2
check "cut" lab cut n1 all
check "the client still reaches all" lab heal n1 client
within 15 "n1 has no quorum" without_quorum n1
within 15 "n2 and n3 have" quorate n2
at_cut=$(wc -l <"$scratch/writes-n1")
sleep 3
within 20 "n1 stops the address" sh -c '! lab exec n1 ip -br address show dev eth0 | grep -F 10.77.0.100/'
within 20 "the others start it" sh -c 'lab exec n2 ip -br a | grep -F 10.77.0.100/ || lab exec n3 ip -br a | grep -F 10.77.0.100/'
check "the minority refuses a change, and says why" says quorum hf n1 configure location probe d1 1: n2
check "with the exit status for that" exits 4 hf n1 configure location probe d1 1: n2
check "reading goes on working there" hf n1 configure show
majority_before=$(acknowledged n2 | wc -l)
sleep 2
check "the majority goes on writing" test "$(acknowledged n2 | wc -l)" -gt "$majority_before"
check "heal" lab heal
within 20 "n1 is back" online n2 n1 n2 n3
within 20 "and writes again" sh -c "tail -1 '$scratch/writes-n1' | grep -q '^[0-9]* 0 '"
sleep 1
stop_writers
minority_acks=$(awk -v from="$at_cut" 'NR > from && $2 == 0' "$scratch/writes-n1" | head -1)
refused=$(awk '$2 == 4' "$scratch/writes-n1" | wc -l)
check "n1's writer was refused for want of quorum ($refused times)" test "$refused" -gt 0
check "settled" settled n2
check "all have the same configuration" same_configuration n1 n2 n3
equal "nothing acknowledged by n1 is lost (its $(acknowledged n1 | wc -l) writes)" "" "$(lost n2 n1)"
equal "nor by n2 ($(acknowledged n2 | wc -l))" "" "$(lost n1 n2)"
equal "nor by n3 ($(acknowledged n3 | wc -l))" "" "$(lost n1 n3)"
check "the address is in one place" sh -c '[ $(for n in n1 n2 n3; do lab exec $n ip -br a; done | grep -cF 10.77.0.100/) = 1 ]'

story "all three are apart, then together"
for n in n1 n2 n3; do lab cut $n all; done
for n in n1 n2 n3; do within 15 "$n has no quorum" without_quorum $n; done
for n in n1 n2 n3; do check "$n refuses a change" exits 4 hf $n configure location probe d1 1: n2; done
check "heal" lab heal
within 20 "all are back" online n3 n1 n2 n3
within 20 "a change is taken" hf n3 configure location after-all d1 1: n2
check "all have it" same_configuration n1 n2 n3

story "a cut one way"
lab cut n3 n1 --one-way
lab cut n3 n2 --one-way
sleep 3
check "n1 takes a change" await 15 hf n1 configure location during-one-way d1 1: n2
check "heal" lab heal
within 20 "all are back" online n1 n1 n2 n3
within 10 "all have the same configuration" same_configuration n1 n2 n3
check "with the change" sh -c 'lab exec n3 holdfast configure show xml | grep -q during-one-way'

story "a member that is stopped in the middle of it all does not hold the others up for ever"
start_writers n1
sleep 0.5
lab stop n3
sleep 4
before=$(acknowledged n1 | wc -l)
sleep 2
check "n1 goes on writing" test "$(acknowledged n1 | wc -l)" -gt "$before"
lab cont n3
within 30 "n3 is back" online n1 n1 n2 n3
stop_writers
within 20 "all have the same configuration" same_configuration n1 n2 n3
equal "nothing acknowledged is lost" "" "$(lost n3 n1)"

story "five per cent of the packets are lost"
lab loss n1 n2 5
lab loss n2 n3 5
start_writers n1 n3
sleep 5
stop_writers
check "heal" lab heal
within 20 "all are online" online n1 n1 n2 n3
within 20 "all have the same configuration" same_configuration n1 n2 n3
equal "nothing acknowledged is lost" "" "$(lost n2 n1 n3)"

story "the power of all fails at once, after an acknowledged change"
check "a change" hf n2 configure location last-word d1 7: n3
for n in n1 n2 n3; do lab off $n >/dev/null; done
for n in n1 n2 n3; do lab on $n; done
within 40 "all are back" online n1 n1 n2 n3
check "the change is there" sh -c 'lab exec n1 holdfast configure show xml | grep -q last-word'
check "all have the same configuration" same_configuration n1 n2 n3
finish
