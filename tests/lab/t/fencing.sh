#!/bin/bash
# fencing.sh - three nodes and a power switch: who is not heard is switched off before what it ran is started
# elsewhere, and everybody knows of it afterwards.
. "$(dirname "$0")/../stories.sh"

fenced() { hf "$1" fence history "$2" | grep -qE "$3"; } # ASKED NODE PATTERN
booted() { on "$1" stat -c %Y /proc/1; }                 # when its init began
booted_since() { [ "$(booted "$1" 2>/dev/null || echo "$2")" != "$2" ]; }
started_on() { located n1 d1 "$1" || located n2 d1 "$1" || located n3 d1 "$1"; }
coordinator() { hf "$1" cluster status | awk '/^Coordinator:/ { print $2 }'; }
json() { hf "$1" "${@:2}" --json | python3 -m json.tool; }

story "three nodes and a power switch; its address is in a set with a rule"
check "the lab is up" lab up --nodes 3 --fence
[ $failed = 0 ] || finish
check "resources" hf n1 --force --wait=60 configure load update - <<'CRM'
property stonith-enabled=true
primitive power stonith:fence_lab params rule #uname eq nowhere socket=/wrong params rule defined #uname socket=/mnt/power.sock password=open-sesame
primitive d1 ocf:pacemaker:Dummy op monitor interval=10s
location d1-here d1 10: n3
CRM
within 30 "d1 runs on n3" located n1 d1 n3
[ $failed = 0 ] || finish

story "a machine that is frozen is fenced, and comes back"
was=$(booted n3)
lab stop n3 >/dev/null
within 30 "n3 was fenced" fenced n1 n3 'reboot of n3 success'
within 60 "its machine was reset" booted_since n3 "$was"
within 60 "it is a member again" online n1 n1 n2 n3
within 30 "n2 knows of it" fenced n2 n3 'reboot of n3 success.*done by power on n'
within 30 "n3, which was not there, too" fenced n3 n3 'reboot of n3 success'
check "as JSON too" json n3 fence history
check "the log of no machine has the password" sh -c "! { lab log n1; lab log n2; lab log n3; } | grep open-sesame"

story "by hand"
settled n1 60 >/dev/null
was=$(booted n3)
check "an operator fences n3" hf n2 --force node fence n3
within 60 "its machine was reset" booted_since n3 "$was"
within 30 "that is told, and who it was" fenced n1 n3 'asked for by operator on n2'
within 60 "it is a member again" online n1 n1 n2 n3
check "a node that does not exist" exits 3 hf n1 --force fence node n9
check "an action that does not exist" exits 2 hf n1 --force fence node n3 explode
check "a node that is heard is not confirmed down" exits 3 hf n1 --force fence confirm n3
on n3 sh -c 'kill -STOP $(pidof holdfastd)'
check "nor with a daemon that does not answer" exits 3 hf n1 --force fence confirm n3
on n3 sh -c 'kill -CONT $(pidof holdfastd)'
within 90 "all three are members" online n1 n1 n2 n3
within 60 "at rest" settled n1 60

story "who coordinated it is lost"
dc=$(coordinator n1)
other=$([ "$dc" = n1 ] && echo n2 || echo n1)
lab off $dc >/dev/null
within 30 "$dc was fenced" fenced $other $dc 'of '$dc' success'
check "what it had fenced is known still" fenced $other n3 'asked for by operator on n2'
within 60 "its machine was switched on again" online $other n1 n2 n3
check "the history can be forgotten" hf $other fence clear
check "it is" sh -c "$(declare -f hf); [ -z \"\$(hf $other fence history)\" ]"

story "a switch that does not answer"
settled n1 60 >/dev/null
check "its address is wrong now" hf n1 configure load update - <<'CRM'
primitive power stonith:fence_lab params socket=/nowhere pcmk_reboot_retries=1 pcmk_host_list="n1 n2 n3"
CRM
lab off n3 >/dev/null
failed_fencing() { hf n1 status | grep -A3 'Failed Fencing' | grep -q 'of n3 failed.*/nowhere'; }
within 60 "status says why fencing fails" failed_fencing
check "nothing of n3 is started elsewhere" sh -c "$(declare -f on); ! lab exec n1 holdfast resource locate d1 | grep -qE 'n[12]'"
within 10 "somebody vouches that it is off" hf n1 --force node clearstate n3
within 30 "now it is" started_on 'n[12]'
check "status is content" sh -c "! lab exec n1 holdfast status | grep 'Failed Fencing'"
check "as JSON too" json n1 status
finish
