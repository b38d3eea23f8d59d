# marker.sh - a resource that notes when it starts and when it has stopped, on all nodes into one file: two of
# them at once would be seen there; sourced after stories.sh.  Two nodes and an arbiter; the resource is called m.
share=${HOLDFAST_LAB_DIR:-/tmp/holdfast-lab}/$LAB/share

agent() { # NODE
    put "$1" /usr/lib/ocf/resource.d/lab/marker <<'AGENT'
#!/bin/sh
# Begins to run before it says so, and has stopped when it says so.
state=/run/marker-$OCF_RESOURCE_INSTANCE
say() { echo "$(date +%s.%N) $1 $(hostname) $OCF_RESKEY_CRM_meta_lease_token" >>/mnt/marker.log; }
case $1 in
start) [ -e "$state" ] || { say start; echo "$OCF_RESKEY_CRM_meta_lease_token" >"$state"; } ;;
stop) [ ! -e /run/marker-hangs ] || sleep 1000
    [ ! -e "$state" ] || { sleep 0.3; rm "$state"; say stop; } ;;
monitor) [ -e "$state" ] || exit 7 ;;
meta-data)
    echo '<?xml version="1.0"?><resource-agent name="marker" version="1"><version>1.0</version>
<shortdesc lang="en">notes when it runs</shortdesc><longdesc lang="en">notes when it runs</longdesc><parameters/>
<actions><action name="start" timeout="10s"/><action name="stop" timeout="10s"/>
<action name="monitor" timeout="10s" interval="10s"/><action name="meta-data" timeout="5s"/></actions></resource-agent>' ;;
*) exit 3 ;;
esac
exit 0
AGENT
    on "$1" chmod 755 /usr/lib/ocf/resource.d/lab/marker
}

other() { [ "$1" = n1 ] && echo n2 || echo n1; }
holds() { on "$1" holdfast-guard --status 2>/dev/null | grep -q '^lock cluster: owning'; }
holder() { if holds n1; then echo n1; else echo n2; fi; }
held() { holds n1 || holds n2; }
marked() { on "$1" test -e /run/marker-m; }
unmarked() { on "$1" test ! -e /run/marker-m; }
power_off() { lab off "$1" >/dev/null; echo "$(date +%s.%N) stop $1" >>"$share/marker.log"; }
prefer() { hf "$1" --wait=60 configure load update - <<<"location here m 1000: $2"; } # ASKED NODE
never_two() { # what ran on two nodes at once
    sort -n "$share/marker.log" | awk '
        $2 == "start" { for (n in runs) if (n != $3) { print n " and " $3 " at " $1; bad = 1 } runs[$3] }
        $2 == "stop" { delete runs[$3] }
        END { exit bad }'
}
tokens_rise() { # each start had a higher token than the one before
    sort -n "$share/marker.log" | awk '
        $2 == "start" { if ($4 == "" || $4 + 0 <= last) { print "token \"" $4 "\" after " last; bad = 1 } last = $4 + 0 }
        END { exit bad }'
}
whole() { online n1 n1 n2 && held && settled n1 30; }
says_status() { hf "$1" status | grep -qE -- "$2" || { hf "$1" status | sed -n '/^Locks/,$p'; return 1; }; } # NODE PATTERN
says_any() { hf "$1" status | tr -s ' \n' ' ' | grep -qE -- "$2" || { hf "$1" status; return 1; }; } # the same across lines
equal_text() { grep -qE -- "$2" <<<"$1" || { echo "it is '$1'"; return 1; }; } # TEXT PATTERN
marker_up() { # LAB-OPTION...: two nodes and an arbiter, the resource, and a holder of the lock
    check "the lab is up" lab up --nodes 2 --arbiter --lease 300 "$@"
    [ $failed = 0 ] || finish
    for n in n1 n2; do agent $n; done
    check "a resource" hf n1 --wait=60 configure load update - <<'CRM'
property stonith-enabled=false no-quorum-policy=stop
primitive m ocf:lab:marker op monitor interval=1s timeout=10s
CRM
    within 20 "one node holds the lock" held
}
