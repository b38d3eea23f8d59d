#!/bin/bash
# chaos.sh - three nodes under one random fault after the other, while all of them write; then peace.
#
#     chaos.sh [SECONDS] [SEED]        same seed, same faults in the same order (default: 60 s, the date)
#
# At the end all are back, have the same configuration, and every acknowledged write is in it.
. "$(dirname "$0")/../stories.sh"
seconds=${1:-60}
seed=${2:-$(date +%s)}
RANDOM=$((seed % 32768))
echo "seed $seed"

pick() { # WORD...: one of them, in $picked (no subshell: RANDOM goes on from where it is)
    local i=$((RANDOM % $# + 1))
    picked=${!i}
}

# One fault: does it and leaves its undoing in $undo.
fault() {
    local a b
    pick n1 n2 n3; a=$picked
    pick n1 n2 n3; b=$picked
    [ "$a" != "$b" ] || b=all
    pick power cut one-way loss stop kill kill-both corosync
    echo "        $(($SECONDS - begin)) s: $picked $a${b:+ $b}"
    case $picked in
    power) lab off $a >/dev/null; undo="lab on $a" ;;
    cut) lab cut $a $b; undo="lab heal $a $b" ;;
    one-way) lab cut $a $b --one-way; undo="lab heal $a $b" ;;
    loss) lab loss $a $b 20; undo="lab heal $a $b" ;;
    stop) lab stop $a; undo="lab cont $a" ;;
    kill) on $a pkill -KILL -x holdfastd; undo="lab start $a" ;;
    kill-both) on $a pkill -KILL holdfast; undo="lab start $a" ;;
    corosync) on $a pkill -KILL -x corosync; undo="restart_all $a" ;;
    esac
}
restart_all() { lab off "$1" >/dev/null; lab on "$1"; } # nothing but a boot mends a node whose corosync died

story "three nodes"
check "the lab is up" lab up --nodes 3
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false no-quorum-policy=stop
primitive d1 ocf:heartbeat:Dummy op monitor interval=2s
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm

story "$seconds seconds of faults"
begin=$SECONDS
start_writers n1 n2 n3
while [ $((SECONDS - begin)) -lt "$seconds" ]; do
    fault
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    $undo
    sleep "$((RANDOM % 5)).$((RANDOM % 10))"
done
stop_writers
lab heal

story "peace"
within 60 "all are online" online n1 n1 n2 n3
within 30 "the cluster settles" settled n1
within 30 "all have the same configuration" same_configuration n1 n2 n3
for n in n1 n2 n3; do
    equal "nothing acknowledged by $n is lost ($(acknowledged $n | wc -l) of $(wc -l <"$scratch/writes-$n") writes were)" "" "$(lost n1 $n)"
done
check "d1 runs" sh -c 'lab exec n1 holdfast resource locate d1 | grep -w "n[123]"'
if [ "$failed" != 0 ]; then
    for n in n1 n2 n3; do hf $n cluster status | xargs; done
    on n1 sh -c 'holdfast simulate -L -I /tmp/x >/dev/null && grep -o "<node_state [^>]*" /tmp/x'
    hf n1 status
fi
[ "$failed" = 0 ] || echo "repeat with: tests/lab/t/chaos.sh $seconds $seed"
finish
