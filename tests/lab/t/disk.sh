#!/bin/bash
# disk.sh - what is on disk is torn, full, old or gone; the cluster goes on and says so.
. "$(dirname "$0")/../stories.sh"
state=/var/lib/holdfast

stop_daemon() { on "$1" pkill -KILL 'holdfast'; sleep 0.3; }
newest() { on "$1" sh -c "find $state -type f -name '$2' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-"; }
has() { hf "$1" configure show xml | grep -q "\"$2\""; } # NODE ID
set_aside() { on "$1" sh -c "ls -R $state" | grep -qiE 'damaged|bad|broken|corrupt|aside|torn'; }

story "two nodes with small disks"
check "the lab is up" lab up --nodes 2 --disk 24
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false
primitive d1 ocf:heartbeat:Dummy op monitor interval=5s
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm
on n1 ls -lR $state

story "a joiner with an old CIB"
lab off n2 >/dev/null
within 20 "n1 is alone" online n1 n1
check "a change without n2" hf n1 configure location while-away d1 1: n2
check "n2 boots" lab on n2
within 30 "both are online" online n2 n1 n2
check "n2 has it" has n2 while-away
check "both have the same configuration" same_configuration n1 n2

story "a joiner with an empty disk"
lab off n2 >/dev/null
check "n2 boots with a new disk" lab on n2 --wipe
within 30 "both are online" online n2 n1 n2
check "both have the same configuration" same_configuration n1 n2

story "every kind of damage to what n2 has on disk"
damage() { # NAME SHELL-TEXT ($f: a file)
    check "$1: a change before" hf n1 configure location "before-$1" d1 1: n2
    stop_daemon n2
    within 20 "$1: n1 goes on" online n1 n1
    on n2 sh -c "for f in \$(find $state -type f -size +0); do $2; done"
    lab start n2
    within 30 "$1: n2 is back" online n2 n1 n2
    within 10 "$1: both have the same configuration" same_configuration n1 n2
    check "$1: nothing is lost" has n2 "before-$1"
}
damage truncated 'truncate -s $(($(stat -c %s $f) / 2)) $f'
damage zeroed 'dd if=/dev/zero of=$f bs=1 count=64 seek=$(($(stat -c %s $f) / 2)) conv=notrunc status=none'
damage garbage 'head -c 4096 /dev/urandom >$f'
damage emptied ': >$f'
check "the log of n2 tells of a damaged file" sh -c 'lab log n2 | grep -iE "damaged|corrupt|torn|digest|set aside"'
check "what was damaged is set aside, not deleted" set_aside n2

story "the only node has a torn log: what was acknowledged before the tear is there"
lab off n2 >/dev/null
within 20 "n1 is alone" online n1 n1
for i in 1 2 3 4 5; do hf n1 configure location "tear-$i" d1 $i: n2; done
stop_daemon n1
log=$(newest n1 '*log*')
[ -n "$log" ] || log=$(newest n1 '*')
on n1 sh -c "printf 'half a rec' >>$log" # a write that was under way when the power failed
lab start n1
within 30 "n1 is back" online n1 n1
for i in 1 2 3 4 5; do check "tear-$i is there" has n1 tear-$i; done

story "the only node's files are garbage: it starts, says so and acts on nothing of them"
stop_daemon n1
on n1 sh -c "for f in \$(find $state -type f); do head -c 4096 /dev/urandom >\$f; done"
lab start n1
await 30 hf n1 status >/dev/null
check "its log says so" sh -c 'lab log n1 | grep -iE "damaged|corrupt|digest|set aside"'
check "they are set aside" set_aside n1
lab down

story "a full disk"
check "a lab of three" lab up --nodes 3 --disk 24
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false
primitive d1 ocf:heartbeat:Dummy op monitor interval=5s
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm
# Changes of a few hundred kilobytes each: what a log may have set aside beforehand is used up by them.
big_change() { # NODE NAME
    local i
    for ((i = 1; i <= 3000; i++)); do echo "location full-$2-$i d1 $i: n2"; done | hf "$1" configure load update -
}
count_of() { hf "$1" configure show xml | grep -c "\"full-$2-"; } # NODE NAME
until_refused() { # NODE NAME: big changes until one is not acknowledged; the ones before in $acknowledged
    local i
    acknowledged= answer=
    for i in 1 2 3 4 5 6 7 8; do
        last=$2$i
        answer=$(big_change "$1" "$last" 2>&1) || return 0
        acknowledged="$acknowledged $last"
    done
    return 1
}
nothing_lost() { # NODE: what until_refused did is there, all of it or (the last) nothing
    local name got
    for name in $acknowledged; do equal "change $name, which was acknowledged, is there" 3000 "$(count_of "$1" "$name")"; done
    got=$(count_of "$1" "$last")
    check "change $last, which was not, is there as a whole or not at all ($got)" test "$got" = 0 -o "$got" = 3000
}

check "n3's disk is full" lab disk n3 full
# The change under way when n3 finds out may be left unknown; the others are a majority, and go on without its disk.
if until_refused n1 a; then
    check "a change may be left unknown, and says so: $answer" grep -qi 'unknown' <<<"$answer"
fi
within 20 "the others go on writing without n3's disk" hf n1 configure location went-on d1 1: n2
check "n3 says in its log what is wrong" sh -c 'lab log n3 | grep -iE "no space|disk.*full|full.*disk"'
check "resources are still looked after" hf n1 status
lab exec n1 rm -f /run/resource-agents/Dummy-d1.state
lab exec n2 rm -f /run/resource-agents/Dummy-d1.state
d1_failed_and_is_back() { hf n1 status | grep -q 'd1.*Started' && hf n1 resource failcount d1 show | grep -qw 1; }
within 30 "a resource that fails meanwhile is started again" d1_failed_and_is_back
check "room again" lab disk n3 free
lab start n3
within 60 "all are there" online n3 n1 n2 n3
check "changes are taken again" await 30 hf n1 configure location room-1 d1 1: n2
within 20 "all have the same configuration" same_configuration n1 n2 n3
nothing_lost n3
check "and what was changed meanwhile" has n3 went-on

story "the disks of all that are left are full"
lab off n3 >/dev/null
within 20 "two are left" online n1 n1 n2
lab disk n1 full
lab disk n2 full
if until_refused n2 b; then pass "a change is refused at last"; else fail "a change is refused at last"; fi
within 20 "the next one is told why" says 'full|space' hf n2 configure location too-full d1 1: n2
refute "and is not there" sh -c 'lab exec n2 holdfast configure show xml | grep -q too-full'
lab disk n1 free
lab disk n2 free
lab start n1
lab start n2
within 60 "both are online" online n2 n1 n2
check "a change is taken again" await 30 hf n2 configure location room-2 d1 1: n2
nothing_lost n2
within 10 "both have the same configuration" same_configuration n1 n2
finish
