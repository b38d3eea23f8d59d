#!/bin/bash
# commands.sh - the commands that need a cluster: exit code, JSON, and --wait, by a table. (tests/cli/json.sh has the
# commands that work on a file.)
. "$(dirname "$0")/../stories.sh"

check "the lab is up" lab up --nodes 2
[ $failed = 0 ] || finish
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false
primitive d1 ocf:pacemaker:Dummy op monitor interval=10s
primitive d2 ocf:pacemaker:Dummy
primitive state ocf:pacemaker:Stateful op monitor interval=10s role=Promoted op monitor interval=11s role=Unpromoted
clone states state meta promotable=true
primitive slow ocf:pacemaker:Dummy params op_sleep=6 meta target-role=Stopped
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm
[ $failed = 0 ] || finish

promoted() { hf n2 status | grep -qE 'Promoted: \[ n[12] \]'; }
within 20 "an agent that says its score by crm_attribute is promoted" promoted
equal "once: the score is on one node" "10 5" "$(for n in n1 n2; do hf n1 node status-attr $n show master-state; done | sed 's/.*=//' | sort -rn | xargs)"

# EXIT-CODE OUTPUT(json, none) COMMAND
table() {
    cat <<'TABLE'
0 json status
0 json cluster status
0 none cluster settle
0 json configure show
0 json configure history
0 json history
0 json history revisions
0 json history info
0 json history events since=1h
0 json history resource d1
0 json history node n2
0 json history log since=1h
3 json history log n2
0 json history transitions
0 json history transition
0 json cluster health
0 none cluster wait_for_startup 20
0 json corosync show
0 json corosync get totem.cluster_name
0 json corosync status
0 json corosync status quorum
0 none corosync reload
0 json node server
0 json site list
3 json site ticket show T
3 json site ticket standby T
0 none --wait=60 site ticket grant T
0 json site ticket show T
0 json status tickets
0 none --wait=60 site ticket standby T
0 none site ticket activate T
0 none site ticket revoke T
0 none site ticket delete T
3 json site ticket delete T
0 none cib new try
0 none --cib=try resource meta d2 set priority 3
0 json cib diff try
0 none --wait=60 cib commit try
0 none --cib=try resource meta d2 set priority 4
0 none resource meta d2 set priority 5
6 json cib commit try
0 json resource meta d2 show priority
0 none cib delete try
0 json cib list
0 none --wait=60 maintenance on
0 none --wait=60 maintenance off
2 json configure edit
2 json cluster init
1 json cluster start
0 none report /root/report.tar.gz
0 json configure diff 2
0 json configure diff
3 json configure rollback 99999
0 json resource status
0 json resource locate d1
0 json resource operations
0 json resource scores d1
0 json resource failcount d1
0 json explain d1
0 json node show
0 none --wait=60 resource move d1 n2
0 none --wait=60 resource clear d1
0 none --wait=60 resource restart d1
0 none --wait=60 resource stop d1
0 none --wait=60 resource start d1
0 none resource failcount d1 set n1 2
3 json resource failcount d1 set n9 2
0 none --wait=60 resource cleanup d1
3 json resource cleanup d1 n9
3 json resource cleanup nobody
0 none --wait=60 resource refresh d2
0 none node status-attr n1 set pingd 100
0 json node status-attr n1 show pingd
0 none node status-attr n1 delete pingd
3 json node status-attr n1 show pingd
0 none --wait=60 node standby n2
0 none --wait=60 node online n2
0 none --wait=60 node maintenance n1
0 none --wait=60 node ready n1
3 json --force node clearstate n2
3 json --force fence confirm n2
1 json --force fence node n2
0 json fence history
0 none fence clear
5 json --wait=2 resource start slow
0 none cluster settle --wait=60
0 none --wait=60 resource stop slow
3 json configure location l d1 7: n9
3 json node shutdown n9
3 json node delete n2
0 none --wait=60 cluster stop n2
TABLE
}

story "each command in its turn"
while read -r code kind command; do
    eval "set -- $command"
    lab exec n1 env HOME=/root holdfast "$@" --json >"$scratch/out" 2>"$scratch/err" </dev/null
    got=$?
    if [ $got != "$code" ]; then
        fail "$command" "exit status $got, expected $code: $(cat "$scratch/out" "$scratch/err")"
    elif [ "$kind" = none ] && [ -s "$scratch/out" ]; then
        fail "$command" "it prints $(cat "$scratch/out")"
    elif [ "$kind" = json ] && ! python3 -m json.tool <"$scratch/out" >/dev/null 2>&1; then
        fail "$command" "not JSON: $(cat "$scratch/out")"
    elif [ "$code" != 0 ] && ! { grep -q '"message"' "$scratch/out" && [ -s "$scratch/err" ]; }; then
        fail "$command" "the error is not told"
    else
        pass "$command: $code"
    fi
done < <(table)

story "who may, and who did"
put n1 /root/users <<'SH'
echo 'casey:x:12345:12345::/:/bin/sh' >>/etc/passwd
echo 'casey:x:12345:' >>/etc/group
[ "$1" = out ] || sed -i 's/^haclient:.*/&casey/' /etc/group
SH
as_casey() { on n1 setpriv --reuid=12345 --regid=12345 --init-groups holdfast "$@"; }
on n1 sh /root/users out
check "a stranger is told whom the socket is for" says 'be root or a member of group haclient' as_casey status
on n1 sh /root/users in
check "a member of haclient changes the configuration" as_casey configure property no-quorum-policy=freeze
check "and the history says who it was" grep -q 'casey .*no-quorum-policy=freeze' <<<"$(hf n1 configure history)"

story "two people at one place"
# MINE THEIRS: edits by sed while somebody else makes a change; prints the exit code
meet() {
    lab exec n1 env EDITOR="sh -c 'holdfast $2 && sed -i \"$1\" \"\$0\"'" holdfast configure edit >"$scratch/out" 2>&1 </dev/null
    echo $?
}
check "a value to meet at" hf n1 resource meta d1 set priority 1
equal "both change the same value: a conflict" 6 "$(meet 's/priority=1/priority=2/' 'resource meta d1 set priority 3')"
check "which is told" grep -q 'somebody else changed primitive d1' "$scratch/out"
equal "and nothing of the edit is done" 3 "$(hf n1 resource meta d1 show priority)"
equal "they change different things: done" 0 "$(meet 's/priority=3/priority=4/' 'resource meta d2 set priority 6')"
equal "this is there" 4 "$(hf n1 resource meta d1 show priority)"
equal "and that, too" 6 "$(hf n1 resource meta d2 show priority)"

story "what --wait waited for is true"
within 30 "n2 has left" online n1 n1
check "d1 runs here" located n1 d1 n1
check "and can be taken out of the configuration" hf n1 --wait=60 node delete n2
gone() { ! hf n1 node show | grep -q n2; }
check "for good" gone
finish
