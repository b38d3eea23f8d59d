#!/bin/bash
# leases.sh - a resource with requires=lease: it runs where its own lock is and nowhere else, knows its token, and
# does not outlive the lock; what cannot be stopped in time is reset by the watchdog.
#
# The watchdog is a FIFO, which the guard feeds like a device; who starves it here is powered off.
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/marker.sh"

owns() { on "$1" holdfast-guard --status 2>/dev/null | grep -q '^lock rsc/m: owning'; }
nobody_owns() { ! owns n1 && ! owns n2; }
runs_on() { if on n1 test -e /run/marker-m; then echo n1; elif on n2 test -e /run/marker-m; then echo n2; else return 1; fi; }
running() { local n; n=$(runs_on) && owns "$n"; }
token_on() { on "$1" cat /run/marker-m; }
starts() { grep -c start "$share/marker.log"; }
dog_says() { on "$1" holdfast-guard --status | grep -E "^watchdog: $2" || { on "$1" holdfast-guard --status | grep ^watchdog; return 1; }; }
was_reset() { [ -e "$share/reset-$1" ]; }

watchdog() { # NODE: the device; it resets 2 s after the last byte but `V'
    local byte armed=
    exec 9<>"$share/watchdog-$1"
    while [ -e "$scratch/dogs" ]; do
        if read -r -N1 -t 2 -u 9 byte; then
            armed=1
            [ "$byte" != V ] || armed=
        elif [ -n "$armed" ] && [ -e "$scratch/dogs" ]; then
            power_off "$1"
            date +%s.%N >"$share/reset-$1"
            armed=
        fi
    done
}
watched() { # NODE: its guard feeds a watchdog from now on
    [ -p "$share/watchdog-$1" ] || { mkfifo "$share/watchdog-$1"; watchdog "$1" & }
    on "$1" sh -c "printf 'watchdog = /mnt/watchdog-$1\nwatchdog-timeout = 2s\n' >>/etc/holdfast/guard.conf
        pkill -KILL -x holdfast-guard; pkill -KILL -x holdfastd; sleep 0.2"
    lab start "$1"
}

touch "$scratch/dogs" # while it is there, the watchdogs watch

story "two nodes, an arbiter, no fence device; 3.5 s to drain"
check "the lab is up" lab up --nodes 2 --arbiter --lease 300 --drain 3500
[ $failed = 0 ] || finish
for n in n1 n2; do agent $n; watched $n; done
within 30 "they are one cluster" whole
check "a resource with a lease" hf n1 --wait=60 configure load update - <<'CRM'
property stonith-enabled=false no-quorum-policy=stop
primitive m ocf:lab:marker meta requires=lease op start interval=0 timeout=5s op monitor interval=1s timeout=10s
CRM
within 20 "it runs where its lock is" running
a=$(runs_on) b=$(other $(runs_on))
check "its agent has the lock's token" equal_text "$(token_on $a)" '^[0-9]+$'
check "status shows the lock" says_status $a 'Lock rsc/m: owned here, term [0-9]+'
within 5 "the watchdog is fed there" dog_says $a fed
check "and idle on the other node" dog_says $b idle

story "the lock key is changed, while the lock is held"
keys=/etc/holdfast/lock-keys/lab.key
spread() { on n1 cat $keys >"$scratch/key" && for n in n2 arb; do put $n $keys <"$scratch/key" || return 1; done; }
change() { on n1 holdfast lock-key "$1" $keys && spread; } # add|use|prune
reload() { for n in $2; do on $n pkill -HUP -x "$(printf %.15s "$1")" || return 1; sleep 0.3; done; } # DAEMON NODES
came_anew() { # all servers have ended the connections with the old key, and have them again
    for n in n1 n2 arb; do
        [ "$(on $n grep -c 'read keys and certificates anew' /var/log/holdfast/holdfast-arbiterd.log)" -ge 2 ] || return 1
    done
    says_status $a 'Lock servers: 3 of 3 answer' && says_status $b 'Lock servers: 3 of 3 answer'
}
term() { on $a holdfast-guard --status | grep -o '^lock rsc/m: owning, token [0-9]*'; }
before=$(term)
on n1 cat $keys >"$scratch/old-key"
check "a new key is added" change add
check "the servers read it" reload holdfast-arbiterd "n1 n2 arb"
check "it is the one to use" change use
check "the nodes read that" reload holdfast-guard "n1 n2"
check "the old one is dropped" change prune
check "the servers read that" reload holdfast-arbiterd "n1 n2 arb"
within 10 "all servers answer again" came_anew
check "the lock was not lost meanwhile" [ -n "$before" -a "$(term)" = "$before" ]
check "nothing was started or stopped" equal_text "$(starts)" '^1$'
put arb /root/old.key <"$scratch/old-key"
{ grep -vE '^(key|priority)' "${HOLDFAST_LAB_DIR:-/tmp/holdfast-lab}/$LAB/locks/guard.conf"
    printf 'priority = 0\nnode = stranger\nkey = /root/old.key\nsocket = /run/old.sock\norders = /run/old.orders\n'; } |
    put arb /etc/holdfast/old.conf
on arb sh -c 'chmod 600 /root/old.key; holdfast-guard --config /etc/holdfast/old.conf --foreground >/run/old.log 2>&1 &'
within 10 "who comes with the old one is turned away" on arb sh -c \
    "holdfast-guard --status --socket /run/old.sock | grep -q \"does not accept this cluster.s lock key\""
on arb pkill -TERM -x holdfast-guard

story "holdfastd is killed and started again"
before=$(starts)
on $a pkill -KILL -x holdfastd; sleep 0.5; lab start $a
within 30 "they are one cluster" whole
check "nothing was started or stopped" equal_text "$(starts)" "^$before\$"
check "it owns the lock" owns $a
within 5 "the watchdog is fed" dog_says $a fed

story "its guard is told to give all locks up (SIGINT), and is started again"
on $a sh -c 'pkill -INT -x holdfast-guard; while pgrep -x holdfast-guard >/dev/null; do sleep 0.01; done
    holdfast arbiter status --json >/root/between; /run/lab/init start holdfast-guard' >/dev/null 2>&1
held_between() { on $a python3 -c "import json; l = [l for c in json.load(open('/root/between'))['clusters'] for l in c['locks']]
assert any(x['lock'] == 'rsc/m' and x['holder'] == '$a' and x['remaining_ms'] > 0 for x in l), l"; }
check "the lock of what runs on was not given up meanwhile" held_between
within 30 "they are one cluster" whole
within 20 "it runs where its lock is" running
check "never both" never_two
a=$(runs_on) b=$(other $(runs_on))

story "it is told to be on the other node"
check "it is told" prefer $a $b
within 20 "it runs there" marked $b
check "with the lock" owns $b
within 5 "the watchdog is idle where it was" dog_says $a idle
check "never both" never_two

story "its lock cannot be had"
hf n1 --wait=60 resource stop m >/dev/null
within 20 "it is stopped, and nobody has the lock" nobody_owns
{ sed 's/^priority.*//' "${HOLDFAST_LAB_DIR:-/tmp/holdfast-lab}/$LAB/locks/guard.conf"; echo 'priority = 0'; echo 'node = stranger'; } |
    put arb /etc/holdfast/guard.conf
cp "$HOLDFAST_BUILD/tests/guard/guardctl" "$share/"
on arb sh -c 'holdfast-guard --foreground >/var/log/holdfast/guard.log 2>&1 & sleep 1; /mnt/guardctl want rsc/m 0 4294967295 once' >/dev/null
within 10 "somebody else has it" on arb sh -c 'holdfast-guard --status | grep -q "^lock rsc/m: owning"'
before=$(starts)
hf n1 resource start m >/dev/null
within 40 "the start fails, and status says why" says_any $a 'does not own the lock rsc/m: it was not granted within the operation.s timeout, and it is held by stranger'
check "the agent was not asked" equal_text "$(starts)" "^$before\$"
on arb sh -c 'pkill -INT -x holdfast-guard'
check "after a cleanup" hf n1 resource cleanup m
within 30 "it runs where its lock is" running
check "never both" never_two

story "its node is cut off from everybody"
a=$(runs_on) b=$(other $(runs_on))
lab cut $a all
within 6 "it is stopped there" unmarked $a
within 20 "it runs on the other node" marked $b
check "never both" never_two
lab heal
within 60 "healed, they are one cluster" whole
check "nobody was reset" [ ! -e "$share/reset-$a" ]

story "cut off, and it cannot be stopped"
a=$(runs_on) b=$(other $(runs_on))
on $a touch /run/marker-hangs
lab cut $a all
within 8 "the machine is reset" was_reset $a
within 20 "it runs on the other node" marked $b
check "never both" never_two
lab heal; rm -f "$share/reset-$a"
check "the machine is back" lab on $a
agent $a
within 60 "they are one cluster" whole
sleep 3
check "and is not reset again" [ ! -e "$share/reset-$a" ]

story "holdfastd hangs where it runs"
a=$(runs_on) b=$(other $(runs_on))
on $b pkill -STOP -x holdfastd; sleep 4
check "where nothing runs, that is no reason for a reset" [ ! -e "$share/reset-$b" ]
on $b pkill -CONT -x holdfastd
sleep 1; lab start $b # the others expelled it, and it ended
within 60 "they are one cluster" whole
on $a pkill -STOP -x holdfastd
within 10 "the machine is reset" was_reset $a
within 30 "it runs on the other node" marked $b
check "never both" never_two
check "each start had a higher token than the one before" tokens_rise
rm "$scratch/dogs"; wait
finish
