#!/bin/bash
# service.sh - two nodes keep an address, haproxy and two web servers running, whatever is done to them.
. "$(dirname "$0")/../stories.sh"

story "two nodes start, and a service on them"
check "the lab is up" lab up --nodes 2
check "the configuration is taken and the cluster settles" service_up n1 n2
check "the service is on n1, where it prefers to be, and not on n2" alone_on n1 n2
check "web1 runs on n1" runs n1 web1.conf
check "web2 runs on n2" runs n2 web2.conf
within 10 "a client gets pages" served_all
check "both nodes have the same configuration" same_configuration n1 n2
check "status on n2 shows vip on n1" sh -c 'lab exec n2 holdfast status | grep -E "vip.*Started n1"'
check "locate says so" located n2 vip n1
check "verify has nothing to object" hf n1 verify

story "a resource fails: it is started again where it is"
counted() { hf n1 resource failcount proxy show n1 | grep -qw "$1"; } # NUMBER
on n1 pkill -KILL -f haproxy.cfg
within 20 "the failure is counted" counted 1 # before that haproxy may only not be gone yet
within 20 "haproxy is back on n1" runs n1 haproxy.cfg
check "settled" settled n1
check "the address is still there" alone_on n1 n2
check "status tells of the failure" sh -c 'lab exec n2 holdfast status | grep -iE "proxy.*(failed|not running|rc=|error)|fail.*proxy"'
check "cleanup" hf n1 resource cleanup proxy
check "settled" settled n1
check "nothing is counted any more" sh -c '! lab exec n1 holdfast resource failcount proxy show n1 | grep -w 1'

story "it fails as often as it may: it moves"
check "migration-threshold=2" hf n1 --wait resource meta proxy set migration-threshold 2
for i in 1 2; do
    on n1 pkill -KILL -f haproxy.cfg
    await 20 counted $i >/dev/null
    [ $i = 2 ] || await 20 runs n1 haproxy.cfg >/dev/null
    settled n1 >/dev/null
done
within 30 "the whole group is on n2" alone_on n2 n1
within 10 "and serves" served_all
check "cleanup lets it go back or stay" hf n1 --wait resource cleanup proxy
check "migration-threshold is removed" hf n1 --wait resource meta proxy delete migration-threshold

story "it fails, and its node is to be empty after that"
owner=$(has_vip n1 && echo n1 || echo n2)
other=$([ $owner = n1 ] && echo n2 || echo n1)
check "on-fail=standby" hf n1 --wait configure filter 'sed "s/op monitor/& on-fail=standby/"' proxy
on $owner pkill -KILL -f haproxy.cfg
within 30 "the whole service is on $other" alone_on $other $owner
settled n1 >/dev/null
refute "no web server is left on $owner" runs $owner 'nginx.*web'
check "status tells why" sh -c "lab exec $other holdfast status | grep -i '$owner.*standby (on-fail)'"
check "cleanup ends it" hf n1 --wait resource cleanup proxy
check "a web server is back on $owner" runs $owner 'nginx.*web'
check "on-fail=restart again" hf n1 --wait configure set proxy.monitor.on-fail restart

story "standby"
owner=n2
has_vip n1 && owner=n1
other=$([ $owner = n1 ] && echo n2 || echo n1)
fetching
check "$owner goes standby" hf $owner --wait node standby $owner
check "the service is on $other" alone_on $other $owner
refute "no web server is left on $owner" runs $owner 'nginx.*web'
fetching_ended
echo "        the planned move cost clients $gap ms"
check "$owner is online again" hf $owner --wait node online $owner
within 20 "a web server is back on it" runs $owner 'nginx.*web'
within 10 "pages" served_all

story "a resource moves when it is told to, and goes back when that is cleared"
now=$(has_vip n1 && echo n1 || echo n2)
target=$([ $now = n1 ] && echo n2 || echo n1)
check "move service to $target" hf n1 --wait resource move service $target
check "it is there" alone_on $target $now
check "clear" hf n1 --wait resource clear service

story "stop and start by hand"
check "stop web1" hf n1 --wait resource stop web1
refute "it runs nowhere (n1)" runs n1 web1.conf
refute "it runs nowhere (n2)" runs n2 web1.conf
check "start web1" hf n1 --wait resource start web1
web1_runs() { runs n1 web1.conf || runs n2 web1.conf; }
check "it runs" web1_runs

story "maintenance: the cluster looks on"
owner=$(has_vip n1 && echo n1 || echo n2)
check "maintenance for $owner" hf n1 --wait node maintenance $owner
on $owner pkill -KILL -f haproxy.cfg
sleep 5
refute "what fails is left alone" runs $owner haproxy.cfg
check "the address stays" has_vip $owner
check "$owner is ready again" hf n1 node ready $owner
proxy_back() { runs n1 haproxy.cfg || runs n2 haproxy.cfg; }
within 30 "haproxy is started" proxy_back
check "settled" settled n1
hf n1 --wait resource cleanup >/dev/null
within 10 "pages" served_all

story "an unmanaged resource"
check "unmanage web2" hf n1 --wait resource unmanage web2
web2_on=$(runs n1 web2.conf && echo n1 || echo n2)
on $web2_on pkill -TERM -f web2.conf # (killed hard, its workers would keep the port)
sleep 7
refute "it is not restarted" runs $web2_on web2.conf
check "manage web2" hf n1 --wait resource manage web2
web2_runs() { runs n1 web2.conf || runs n2 web2.conf; }
within 30 "it is" web2_runs
hf n1 --wait resource cleanup >/dev/null

story "holdfastd is killed on both nodes, one after the other: nothing moves"
settled n1 >/dev/null
before="$(identity n1) $(identity n2)"
fetching
for n in n1 n2; do
    on $n pkill -KILL -x holdfastd
    sleep 1
    lab start $n holdfastd
    within 20 "holdfastd is back on $n" online $n n1 n2
    settled $n >/dev/null
done
fetching_ended
equal "no client missed a page" 0 "$missed"
equal "every process is the one it was" "$before" "$(identity n1) $(identity n2)"
check "both have the same configuration" same_configuration n1 n2

story "holdfastd and its runner are killed together"
before="$(identity n1) $(identity n2)"
on n1 pkill -KILL 'holdfast'
sleep 1
lab start n1
within 20 "they are back" online n1 n1 n2
settled n1 >/dev/null
equal "every process is the one it was" "$before" "$(identity n1) $(identity n2)"

story "the runner alone is killed"
# the daemon that asked for all monitors lives: their end is no news of what they looked at
for n in n1 n2; do
    on $n pkill -KILL -x holdfast-runner
    within 20 "$n has another" on $n pgrep -x holdfast-runner
    settled n1 >/dev/null
done
equal "every process is the one it was" "$before" "$(identity n1) $(identity n2)"

story "a rolling restart of both nodes"
for n in n1 n2; do
    peer=$([ $n = n1 ] && echo n2 || echo n1)
    check "$n is shut down in order" hf $n node shutdown $n
    daemon_gone() { ! on $n pgrep -x holdfastd >/dev/null; }
    within 60 "its daemon ends" daemon_gone
    refute "nothing was left running on it" runs $n 'nginx.*web|haproxy.cfg'
    within 5 "the service is on $peer" alone_on $peer $n
    within 5 "and serves" served_all
    lab off $n >/dev/null
    check "$n boots" lab on $n
    within 30 "$n is online" online $peer n1 n2
    check "settled" settled $peer
done
within 10 "pages" served_all
check "both have the same configuration" same_configuration n1 n2

story "the owner loses its power"
owner=$(has_vip n1 && echo n1 || echo n2)
peer=$([ $owner = n1 ] && echo n2 || echo n1)
fetching
lab off $owner >/dev/null
within 20 "the service is on $peer" has_vip $peer
within 20 "and serves" served_all
sleep 1
fetching_ended
echo "        the power-off cost clients $gap ms"
check "settled" settled $peer
check "status shows $owner offline" sh -c "lab exec $peer holdfast status | grep -E 'OFFLINE.*$owner'"
check "$owner boots" lab on $owner
within 30 "$owner is online" online $peer n1 n2
check "settled" settled $peer
check "the service stayed" alone_on $peer $owner

story "one node starts alone"
lab off n1 >/dev/null
lab off n2 >/dev/null
check "n2 boots alone" lab on n2
within 30 "it serves" served_all
check "from n2" has_vip n2
check "n1 joins" lab on n1
within 30 "both are online" online n2 n1 n2
check "both have the same configuration" same_configuration n1 n2

story "the member that is there longest coordinates"
coordinates() { hf "$1" cluster status | grep -qE "^Coordinator: +$1\$" && hf "$2" cluster status | grep -qE "^Coordinator: +$1\$"; }
check "n2, which is there longest, coordinates" coordinates n2 n1
on n2 pkill -KILL -x holdfastd
within 20 "n1 does when n2's daemon is killed" sh -c 'lab exec n1 holdfast cluster status | grep -qE "^Coordinator: +n1$"'
lab start n2 holdfastd
within 20 "n2 is back" online n2 n1 n2
check "and n1 goes on" coordinates n1 n2

story "a configuration that haproxy refuses"
if [ -r "$HOLDFAST_SHARED/examples/haproxy.cfg" ]; then
    for n in n1 n2; do put $n /etc/haproxy/refused.cfg <"$HOLDFAST_SHARED/examples/haproxy.cfg"; done
    check "a resource with it" hf n1 --wait=60 configure primitive refused ocf:holdfast:haproxy config=/etc/haproxy/refused.cfg
    why() { hf "$1" status | grep -q 'refused.*nbproc is not supported'; }
    within 20 "status says why haproxy refuses its file" why n1
    check "on the other node, too" why n2
    equal "it runs nowhere" "" "$(hf n1 resource locate refused | grep -oE '\bn[12]\b')"
else
    skip "a real configuration that HAProxy refuses" "no $HOLDFAST_SHARED/examples/haproxy.cfg"
fi
finish
