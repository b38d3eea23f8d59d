# common.sh - shared by the benchmarks that compare Holdfast with Pacemaker in the lab; sourced.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ -n "${HOLDFAST_BUILD:-}" ] || { echo "set HOLDFAST_BUILD to a built tree" >&2; exit 2; }
ours=bench-holdfast-$$ peer=bench-pacemaker-$$
trap 'lab --name $ours down; lab --name $peer down' EXIT

machine() {
    printf 'machine: %s x %s, %s MB, Linux %s; corosync %s, pacemaker %s\n' "$(nproc)" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(free -m | awk '/^Mem/ { print $2 }')" "$(uname -r)" \
        "$(dpkg-query -W -f '${Version}' corosync 2>/dev/null)" "$(dpkg-query -W -f '${Version}' pacemaker 2>/dev/null)"
}

pacemaker_online() { # NODES
    lab --name "$peer" exec n1 crm_mon -1 2>/dev/null | grep -q "Online: \[$(printf ' n%d' $(seq "$1")) \]" &&
        ! lab --name "$peer" exec n1 crm_mon -1 | grep -q 'DC: NONE'
}

start_pacemaker() { # NODES
    lab --name "$peer" up --peer pacemaker --nodes "$1" && await 90 pacemaker_online "$1" >/dev/null &&
        lab --name "$peer" exec n1 crm_attribute -t crm_config -n stonith-enabled -v false
}
start_holdfast() { # NODES [LAB-UP-ARG...]
    lab --name "$ours" up --nodes "$@" &&
        lab --name "$ours" exec n1 holdfast configure property stonith-enabled=false
}
