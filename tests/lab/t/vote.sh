#!/bin/bash
# vote.sh - the lock as a quorum device of corosync's: corosync-quorumtool tells the same story as Holdfast.
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/marker.sh"

tool_says() { # NODE Yes|No: is it quorate to corosync?
    [ "$(on "$1" corosync-quorumtool -s 2>/dev/null | awk '/^Quorate:/ { print $2 }')" = "$2" ] ||
        { on "$1" corosync-quorumtool -s; return 1; }
}
holdfast_says() { # NODE yes|no
    hf "$1" cluster status | grep -qx "Quorate: $2" || { hf "$1" cluster status; return 1; }
}
both_say() { # NODE yes|no
    holdfast_says "$1" "$2" && tool_says "$1" "$([ "$2" = yes ] && echo Yes || echo No)"
}
votes() { on "$1" corosync-quorumtool -s | grep -qE 'Qdevice|holdfast' || { on "$1" corosync-quorumtool -s; return 1; }; }

story "two nodes, an arbiter; the lock votes"
marker_up --vote --drain 1000
for n in n1 n2; do within 15 "$n is quorate to both" both_say $n yes; done
check "corosync-quorumtool lists the device" votes n1
a=$(holder) b=$(other $(holder))
check "the resource is told to be where the lock is not" prefer n1 $b
within 20 "it runs there" marked $b

story "the holder is powered off"
power_off $a
within 20 "$b is quorate to both" both_say $b yes
sleep 2
check "the resource ran on" equal_text "$(grep -c " stop $b" "$share/marker.log")" '^0$'
check "the other is back" lab on $a
agent $a
within 60 "they are one cluster" whole
for n in n1 n2; do within 15 "$n is quorate to both" both_say $n yes; done

story "the cable between the nodes is cut"
a=$(holder) b=$(other $(holder))
lab cut n1 n2
within 20 "$b is quorate to neither" both_say $b no
within 10 "and has stopped the resource" unmarked $b
within 20 "$a is quorate to both" both_say $a yes
within 20 "and runs the resource" marked $a
check "never both" never_two
lab heal
within 60 "healed, they are one cluster" whole
for n in n1 n2; do within 15 "$n is quorate to both" both_say $n yes; done
check "never both" never_two

story "no lock server but one's own"
lab cut arb all
a=$(holder) b=$(other $(holder))
check "two servers are enough" both_say $a yes
power_off $b
within 20 "alone, $a is quorate to neither" both_say $a no
lab heal
within 20 "with the arbiter, it is quorate to both" both_say $a yes
finish
