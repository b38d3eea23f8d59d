#!/bin/bash
# agents.sh - Debian's own agents under the runner: Dummy as the daemon sees it, IPaddr2 in a network of its own,
# lsb scripts; and the memory of a runner that monitors a hundred resources.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
runner=
trap '[ -z "$runner" ] || kill "$runner" 2>/dev/null; rm -rf "$dir"' EXIT

call() { "$build/holdfast-runner" --call "$@"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

dummy() { # PROVIDER
    local state="$dir/$1.state"
    equal "$1: a probe finds nothing" 7 "$(call "ocf:$1:Dummy" monitor "state=$state" | field rc)"
    check "$1: start" call "ocf:$1:Dummy" start "state=$state"
    equal "$1: monitor finds it" 0 "$(call "ocf:$1:Dummy" monitor "state=$state" | field rc)"
    check "$1: stop" call "ocf:$1:Dummy" stop "state=$state"
    equal "$1: it is gone" 7 "$(call "ocf:$1:Dummy" monitor "state=$state" | field rc)"
    check "$1: its meta-data is whole" sh -c "'$build/holdfast-runner' --call ocf:$1:Dummy meta-data |
        python3 -c 'import json, sys, xml.dom.minidom as m; m.parseString(json.load(sys.stdin)[\"output\"])'"
}

story "agents that need nothing"
if [ "$(id -u)" != 0 ]; then
    skip "Debian's agents" "they want root"
    finish
    exit
fi
for provider in heartbeat pacemaker; do
    dummy "$provider"
done
equal "an agent that nobody has" "not installed" "$(call ocf:heartbeat:NoSuchThing start | field status)"
equal "and where it was looked for" "/usr/lib/ocf/resource.d/heartbeat/NoSuchThing: No such file or directory" \
    "$(call ocf:heartbeat:NoSuchThing start | field exit_reason)"

story "an address, in a network of its own"
if [ -x /usr/lib/ocf/resource.d/heartbeat/IPaddr2 ] && unshare -n true 2>/dev/null; then
    out=$(unshare -n bash -s <<EOS
ip link set lo up; ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up; ip address add 10.9.9.1/24 dev d0
for action in monitor start monitor; do
    "$build/holdfast-runner" --resource addr --call ocf:heartbeat:IPaddr2 \$action ip=10.9.9.9 cidr_netmask=24 nic=d0
done
ip -o address show dev d0 | grep -c 10.9.9.9/24
for action in stop monitor; do
    "$build/holdfast-runner" --resource addr --call ocf:heartbeat:IPaddr2 \$action ip=10.9.9.9 cidr_netmask=24 nic=d0
done
ip -o address show dev d0 | grep -c 10.9.9.9/24
"$build/holdfast-runner" --resource addr --call ocf:heartbeat:IPaddr2 start ip=not.an.address nic=d0
EOS
    )
    equal "not there, started, there, on the interface, stopped, gone, off it" "7 0 0 1 0 7 0" \
        "$(printf '%s\n' "$out" | head -7 | python3 -c 'import json, sys
print(*[json.loads(l)["rc"] if l[0] == "{" else l.strip() for l in sys.stdin])')"
    refute "a wrong address has a reason" test -z "$(printf '%s\n' "$out" | tail -1 | field exit_reason)"
else
    skip "ocf:heartbeat:IPaddr2" "it is not installed or there are no network namespaces"
fi

story "an lsb script"
cat >"$dir/script" <<'EOS'
#!/bin/sh
case $1 in
start) touch "$0.runs" ;;
stop) rm -f "$0.runs" ;;
status) [ -e "$0.runs" ] || exit 3 ;;
*) exit 3 ;;
esac
EOS
chmod +x "$dir/script"
equal "status 3 is not running" 7 "$(call "lsb:$dir/script" monitor | field rc)"
check "start" call "lsb:$dir/script" start
equal "status 0 is running" 0 "$(call "lsb:$dir/script" monitor | field rc)"
equal "3 of anything else is unimplemented" 3 "$(call "lsb:$dir/script" promote | field rc)"
check "stop" call "lsb:$dir/script" stop
equal "a service that is only a script is that script" 7 "$(call "service:$dir/script" monitor | field rc)"

story "a hundred resources"
"$build/holdfast-runner" --foreground --socket "$dir/runner.sock" >"$dir/log" 2>&1 &
runner=$!
within 5 "the runner listens" test -S "$dir/runner.sock"
mkdir -p "$dir/state"
check "all start and are monitored" nice "$build/tests/runner/runner_load" "$dir/runner.sock" 100 10000 12 20
equal "and are known without their client" 200 \
    "$("$build/holdfast-runner" --list --socket "$dir/runner.sock" | grep -c '"operation": "monitor"')"
pss=$(awk '$1 == "Pss:" {print $2}' "/proc/$runner/smaps_rollup")
private=$(awk '/^Private/ {n += $2} END {print n}' "/proc/$runner/smaps_rollup")
echo "        memory with 100 resources monitored: PSS $pss KiB, of it private $private KiB"
for number in $(seq 0 99); do
    rm -f "/run/resource-agents/Dummy-resource-$number.state"
done
finish
