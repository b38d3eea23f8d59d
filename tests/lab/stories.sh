# stories.sh - the vocabulary of the lab tests in t/; sourced.
#
# A story says what happens to a cluster of simulated machines and what must be true then.  What is true is
# asked of the machines themselves (addresses, processes, what a client gets) wherever that can be, and of
# `holdfast` where it is about what `holdfast` says.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
[ -n "${HOLDFAST_BUILD:-}${HOLDFAST_ROOT:-}" ] || { echo "set HOLDFAST_BUILD to a built tree" >&2; exit 2; }
LAB=$(basename "$0" .sh)-$$
export LAB
scratch=$(mktemp -d)
vip=10.77.0.100

ended() {
    # what a failure looked like from the inside
    if [ "$failed" != 0 ] && [ -n "${LAB_KEEP_LOGS:-}" ]; then
        for n in n1 n2 n3; do lab log "$n" >"$LAB_KEEP_LOGS/$LAB-$n.log" 2>/dev/null; done
    fi
    lab down
    rm -rf "$scratch"
}
trap ended EXIT

# --- talking to the cluster ---

on() { lab exec "$@"; }                                    # NODE CMD...
hf() { lab exec "$1" holdfast "${@:2}"; }                  # NODE ARG...: the command line, on that machine
put() { on "$1" sh -c "mkdir -p \"\$(dirname '$2')\" && cat >'$2'"; } # NODE FILE: from standard input
settled() { hf "$1" cluster settle --wait="${2:-60}"; }    # NODE [SECONDS]
exits() { # STATUS CMD...: does CMD end with STATUS?
    local want=$1 out status
    shift
    out=$("$@" 2>&1)
    status=$?
    [ $status = "$want" ] || { echo "exit status $status, expected $want: $out"; return 1; }
    printf '%s\n' "$out"
}
says() { # PATTERN CMD...: does CMD fail and print PATTERN?
    local pattern=$1 out
    shift
    if out=$("$@" 2>&1); then echo "it did not fail; it printed: $out"; return 1; fi
    grep -qiE -- "$pattern" <<<"$out" || { echo "it printed: $out"; return 1; }
}

# --- what is true ---

has_vip() { on "$1" ip -br address show dev eth0 | grep -qF " $vip/"; }
runs() { on "$1" pgrep -f "$2" >/dev/null; }               # NODE PATTERN-OF-COMMAND-LINE
served() { on client curl -fsS -m 1 "http://$vip/"; }
served_all() { served && served && served && served; }
located() { hf "$1" resource locate "$2" | grep -qw "$3"; } # ASKED RESOURCE NODE
alone_on() { # NODE OTHER: the address and its balancer are on NODE and not on OTHER
    has_vip "$1" && ! has_vip "$2" && runs "$1" haproxy.cfg && ! runs "$2" haproxy.cfg
}
online() { # ASKED NODE...: does ASKED, itself in sync, see these, and only these, as members?
    local names
    names=$(hf "$1" cluster status | awk '/^Member:/ { print $2 } /^Joined:/ { print "synced:" $2 }' | sort | xargs)
    [ "$names" = "${*:2} synced:yes" ] || { echo "members and in sync: $names"; return 1; }
}
same_configuration() { # NODE...: all members have the same configuration, byte by byte
    local n
    for n in "$@"; do hf "$n" configure show xml >"$scratch/$n.xml" || return 1; done
    for n in "$@"; do cmp "$scratch/$1.xml" "$scratch/$n.xml" || return 1; done
}

# --- a service: address, haproxy, two web servers (service/) ---

service_up() {
    local n f
    for n in "$@"; do
        for f in haproxy.cfg; do put "$n" /etc/haproxy/$f <"$top/tests/lab/service/$f"; done
        for f in web1.conf web2.conf; do put "$n" /etc/nginx/$f <"$top/tests/lab/service/$f"; done
    done
    put "$1" /root/cluster.crm <"$top/tests/lab/service/cluster.crm"
    hf "$1" --wait=60 configure load update /root/cluster.crm
}

# Fetches in the background until fetching_ended; then $fetched, $missed and $gap (ms) are set.
fetching() { lab exec client lab-fetch "$vip" 80 >"$scratch/fetch" & fetcher=$!; sleep 0.5; }
fetching_ended() {
    on client pkill -TERM -f lab-fetch
    wait "$fetcher"
    fetched= missed= gap=
    read -r _ fetched _ missed _ gap < <(tail -1 "$scratch/fetch")
}

# Processes whose restart would mean that something moved: number and start time of each. By program, since
# an agent's script is called haproxy, too.
identity() { # NODE
    on "$1" sh -c 'for p in /proc/[0-9]*; do
        case $(readlink $p/exe) in */nginx | */haproxy) cut -d" " -f1,22 $p/stat ;; esac
    done' | sort
}

# --- writers: what was acknowledged must be there at the end ---

# Writes one constraint after the other through NODE until told to stop; acknowledged ones go into a file,
# and so do the ones whose outcome is unknown.
writer() { # NODE
    local i=0 status
    while [ ! -e "$scratch/stop" ]; do
        i=$((i + 1))
        hf "$1" configure location "w-$1-$i" d1 "$i:" n1 >"$scratch/out-$1" 2>&1
        status=$?
        echo "$i $status $(head -1 "$scratch/out-$1")" >>"$scratch/writes-$1"
        [ $status = 0 ] || sleep 0.1
    done
}
start_writers() {
    rm -f "$scratch/stop"
    writers=
    for n in "$@"; do : >"$scratch/writes-$n"; writer "$n" & writers="$writers $!"; done
}
stop_writers() { touch "$scratch/stop"; wait $writers; }
acknowledged() { awk '$2 == 0 { print "w-'"$1"'-" $1 }' "$scratch/writes-$1"; }
lost() { # NODE WRITER...: acknowledged writes of WRITERs that NODE's configuration does not have
    hf "$1" configure show xml | grep -o 'id="w-n[0-9]-[0-9]*"' | cut -d'"' -f2 | sort >"$scratch/have"
    for w in "${@:2}"; do acknowledged "$w"; done | sort | comm -23 - "$scratch/have"
}
