#!/bin/bash
# services.sh - a machine that systemd runs: `cluster start`, `stop` and the like, and the log in its journal.
#
# The machine is namespaces with a real systemd as their first process, real corosync on the loopback
# interface, and only those units that are asked for here.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
machine='' group=''

cleanup() {
    [ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null # and with it all that runs there
    wait
    [ -z "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    umount "$dir/cgroup" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

cat >"$dir/boot" <<'BOOT'
# in new namespaces: the machine's own files, then systemd
layered() { # the host's files below, what was built above, this machine's changes on top
    lower=$1
    [ ! -d "$dir/root$1" ] || lower=$dir/root$1:$1
    mkdir -p "$dir/upper$1" "$dir/work$1"
    mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper$1,workdir=$dir/work$1" overlay "$1"
}
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "$dir/units" "$dir/no-units"
for unit in holdfastd.service holdfast-runner.service; do cp "$dir/root/usr/lib/systemd/system/$unit" "$dir/units"; done
for unit in corosync.service systemd-journald.service systemd-journald.socket dbus.service dbus.socket basic.target \
    sysinit.target sockets.target shutdown.target multi-user.target network-online.target; do
    cp "/usr/lib/systemd/system/$unit" "$dir/units"
done
printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$dir/units/napper.service"
for files in /usr /etc /var; do layered $files; done
mount --bind "$dir/units" /usr/lib/systemd/system
mount --bind "$dir/no-units" /etc/systemd/system
mkdir -p /etc/systemd/journald.conf.d /etc/corosync
printf '[Journal]\nReadKMsg=no\nAudit=no\nStorage=volatile\n' >/etc/systemd/journald.conf.d/machine.conf
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
cp "$dir/corosync.conf" /etc/corosync/corosync.conf
getent group haclient >/dev/null || echo 'haclient:x:189:' >>/etc/group
rm -rf /var/lib/corosync /var/lib/holdfast
mkdir -p /var/lib/corosync /var/lib/holdfast /var/log/corosync
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/resource-agents
mkdir "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$dir/dev"; done
mkdir "$dir/dev/shm"
ln -s /run/systemd/journal/dev-log "$dir/dev/log"
mount --bind "$dir/dev" /dev
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
hostname solo
ip link set lo up
mount -t tmpfs -o mode=1777 tmpfs /tmp
exec env -i container=lab PATH="$PATH" /lib/systemd/systemd --system --unit=systemd-journald.service --log-target=null
BOOT
cat >"$dir/corosync.conf" <<'CONF'
totem {
    version: 2
    cluster_name: solo
    transport: udpu
    interface {
        bindnetaddr: 127.0.0.1
    }
}
nodelist {
    node {
        nodeid: 1
        name: solo
        ring0_addr: 127.0.0.1
    }
}
quorum {
    provider: corosync_votequorum
}
logging {
    to_stderr: yes
    to_syslog: no
}
CONF

on() { nsenter -t "$machine" --all "$@"; }
hf() { on holdfast "$@"; }
active() { # UNIT...: all of them run
    local unit
    for unit; do on systemctl -q is-active "$unit" || return 1; done
}
dead() { # UNIT...: none of them runs
    local unit
    for unit; do ! active "$unit" || return 1; done
}
says() { # PATTERN CMD...: prints it, whatever its exit code
    local pattern=$1 out
    shift
    out=$("$@" 2>&1)
    printf '%s\n' "$out"
    grep -qE -- "$pattern" <<<"$out"
}
exits() { # CODE CMD...
    local code=$1
    shift
    "$@"
    [ $? = "$code" ]
}
daemon() { on systemctl show -P MainPID holdfastd; }

if ! [ -x /lib/systemd/systemd ]; then
    skip "a machine that systemd runs" "no systemd is installed on this one"
    finish
fi
make -s -C "$build" install DESTDIR="$dir/root" >"$dir/install.log" 2>&1 || { tail -3 "$dir/install.log"; exit 1; }
mkdir "$dir/cgroup"
mount -t cgroup2 cgroup2 "$dir/cgroup" || { skip "a machine that systemd runs" "no cgroup2 on this one"; finish; }
group=$dir/cgroup/holdfast-services-$$
mkdir "$group"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    dir=$dir exec unshare --mount --pid --fork --ipc --uts --net --cgroup --kill-child bash "$dir/boot"
) >"$dir/boot.log" 2>&1 &
parent=$!
await 10 pgrep -P "$parent" >/dev/null
machine=$(pgrep -P "$parent")
within 30 "a machine that systemd runs" active systemd-journald
[ "$failed" = 0 ] || { cat "$dir/boot.log"; finish; }

story "start"
check "nothing runs at first" dead holdfastd holdfast-runner corosync
check "status says so" exits 1 hf status
check "cluster start --wait" hf cluster start --wait=60
check "all services run" active holdfastd holdfast-runner corosync
check "the node has joined" says 'Joined: *yes' hf cluster status
check "wait_for_startup has nothing to wait for" hf cluster wait_for_startup 1
hf configure property stonith-enabled=false
check "a resource" hf --wait=30 configure primitive d ocf:heartbeat:Dummy op monitor interval=10s
equal "which runs" solo "$(hf resource locate d)"

story "the journal"
line=$(on journalctl -t holdfastd -o cat | grep -m1 d_start_0)
check "the journal tells of the start ($line)" test -n "$line"
check "history log has the same line" grep -qF -- "$line" <<<"$(hf history log since=5m)"
check "and corosync's" grep -q 'corosync: ' <<<"$(hf history log)"
check "events have it among the operations" python3 -c '
import json, sys, time
events = json.loads(sys.argv[1])["events"]
assert {"log", "operation", "configuration"} <= {e["source"] for e in events}
assert all(abs(e["time-ms"] / 1000 - time.time()) < 300 for e in events)
assert any(e["source"] == "log" and sys.argv[2] in e["text"] for e in events)' "$(hf --json history events since=5m)" "$line"
equal "and nothing of later" "" "$(hf history log since=2090-01-01)"

story "a unit as a resource"
check "the bus, by which systemd is spoken with" on systemctl start dbus
check "a resource of class systemd" hf --wait=30 configure primitive u systemd:napper op monitor interval=1s
check "the unit runs" active napper
equal "the resource, too" solo "$(hf resource locate u)"
nap() { on systemctl show -P MainPID napper; }
before=$(nap)
on kill -KILL "$before"
another() { active napper && [ "$(nap)" != "$before" ]; }
within 20 "killed, it is started again" another
check "the failure is counted" says '(^|[ =:])1$' hf resource failcount u show solo
check "stop" hf --wait=30 resource stop u
refute "the unit does not run" active napper
check "class service finds it, too" hf --wait=30 configure primitive v service:napper
check "the unit runs" active napper
check "and can be deleted" hf --wait=30 --force configure delete v u
within 10 "which stops it" dead napper

story "restart"
before=$(daemon)
check "cluster restart --wait" hf cluster restart --wait=60
refute "the daemon is another one" [ "$(daemon)" = "$before" ]
equal "the resource runs" solo "$(hf resource locate d)"

story "stop"
state=$(on sh -c 'ls /run/resource-agents/Dummy-d.state /run/Dummy-d.state 2>/dev/null')
check "the resource's state is there ($state)" test -n "$state"
check "cluster stop" hf cluster stop
check "no service runs" dead holdfastd holdfast-runner corosync
refute "the resource was stopped first" on test -e "$state"
check "start again" hf cluster start --wait=60
equal "the configuration was kept, and the resource runs" solo "$(hf resource locate d)"

story "at boot"
check "enable" hf cluster enable
equal "holdfastd is enabled" enabled "$(on systemctl is-enabled holdfastd)"
check "disable" hf cluster disable
equal "holdfastd is not" disabled "$(on systemctl is-enabled holdfastd)"

story "what cannot be started"
check "stop" hf cluster stop
on sh -c 'echo nonsense >/etc/corosync/corosync.conf'
check "fails" exits 1 hf cluster start
check "and says what" says 'systemctl' hf cluster start
check "a machine without systemd" says 'systemd does not run this machine' \
    unshare --mount sh -c "mount -t tmpfs tmpfs /run && '$build/holdfast' cluster start"
finish
