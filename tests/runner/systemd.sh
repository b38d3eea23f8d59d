#!/bin/bash
# systemd.sh - a systemd unit as a resource, with a manager of our own at the other end of the bus.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
fake=
trap 'rm -rf "$dir"' EXIT

with() { # STATE JOB-RESULT ACTION UNIT: runs the helper against a fake manager; its code, then what both said
    local code
    rm -f "$dir/bus"
    "$build/tests/runner/fake_systemd" "$dir/bus" "$1" "$2" >"$dir/calls" &
    fake=$!
    await 5 test -S "$dir/bus"
    DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus HOLDFAST_SYSTEMD_RUN=$dir \
        timeout 15 "$build/holdfast-systemd" "$3" "$4" >"$dir/out" 2>&1
    code=$?
    wait "$fake"
    echo "$code $(cat "$dir/out")"
}

story "a unit's state in OCF terms"
equal "an active unit runs" "0 " "$(with active done monitor web)"
equal "a reloading unit runs" "0 " "$(with reloading done status web.service)"
equal "an inactive unit does not run" "7 " "$(with inactive done monitor web)"
equal "a failed unit does not run" "7 " "$(with failed done monitor web.socket)"

story "start and stop wait for the end of the job"
equal "a start that succeeds" "0 " "$(with inactive done start web)"
equal "and what it asked of systemd" "Reload AddMatch Subscribe StartUnit LoadUnit Get" \
    "$(grep -v '^RemoveMatch' "$dir/calls" | tr '\n' ' ' | sed 's/ $//')"
check "the drop-in keeps systemd's hands off" grep -qx 'Restart=no' "$dir/web.service.d/50-holdfast.conf"
equal "a start that fails says how" "1 ocf-exit-reason:web.service: failed" "$(with inactive failed start web)"
equal "a stop that succeeds" "0 " "$(with active done stop web)"
refute "the drop-in is gone" test -e "$dir/web.service.d"
equal "a stop that times out says so" "1 ocf-exit-reason:web.service: timeout" "$(with active timeout stop web)"

story "a unit that is not there"
equal "cannot start" "5 ocf-exit-reason:missing.service: Unit missing.service not found." \
    "$(with inactive done start missing)"
equal "is stopped" "0 " "$(with inactive done stop missing)"

story "a machine without systemd"
out=$(DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/nothing "$build/holdfast-systemd" monitor web 2>&1)
equal "is not installed" 5 $?
equal "and says why" "ocf-exit-reason:no systemd to speak with on this machine: No such file or directory" "$out"
out=$("$build/holdfast-systemd" promote web 2>&1)
equal "what a unit cannot do is unimplemented" 3 $?
check "meta-data is XML" python3 -c 'import sys, xml.dom.minidom as m; m.parseString(sys.argv[1])' \
    "$("$build/holdfast-systemd" meta-data web)"
finish
