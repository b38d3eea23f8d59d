#!/bin/sh
# device.sh - a fence device as a resource (fence/fence-device), with agents that answer, refuse and are missing.
set -u
top=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
name=fence_test_$$
trap 'rm -rf "$work" "/run/holdfast/fence-devices/test-$$"' EXIT
failed=0

cat >"$work/$name" <<'AGENT'
#!/bin/sh
cat >"$ASKED"
! grep -q '^ip=bad$' "$ASKED" || { echo "cannot connect" >&2; exit 1; }
AGENT
chmod +x "$work/$name"
export ASKED="$work/asked" PATH="$work:$PATH" OCF_RESOURCE_INSTANCE="test-$$"
export OCF_RESKEY_ip=good OCF_RESKEY_pcmk_host_list=n1 OCF_RESKEY_CRM_meta_timeout=20000

expect() { # STATUS WHAT COMMAND...
    wanted=$1 what=$2
    shift 2
    "$@" >"$work/out" 2>&1
    got=$?
    [ $got = "$wanted" ] || { echo "FAIL $what: status $got, expected $wanted: $(cat "$work/out")"; failed=1; }
}

device="$top/fence/fence-device"
expect 7 "a device that was not started" "$device" monitor "$name"
expect 0 "start" "$device" start "$name"
[ "$(sort "$ASKED")" = "action=monitor
ip=good" ] || { echo "FAIL the agent was asked: $(cat "$ASKED")"; failed=1; }
expect 0 "a probe of a started device" "$device" monitor "$name"
OCF_RESKEY_CRM_meta_interval=60000 OCF_RESKEY_ip=bad expect 1 "a device that is out of reach" "$device" monitor "$name"
grep -q "ocf-exit-reason:$name: cannot connect" "$work/out" || { echo "FAIL the reason: $(cat "$work/out")"; failed=1; }
expect 0 "stop" "$device" stop "$name"
expect 7 "a stopped device" "$device" monitor "$name"
expect 5 "an agent that is not there" "$device" start fence_not_there
expect 3 "an operation that there is none of" "$device" dance "$name"
exit $failed
