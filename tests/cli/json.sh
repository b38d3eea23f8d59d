#!/bin/bash
# json.sh - every command with --json, by the table below: its exit code, and that what it prints is JSON and says
# the same. A command that is not in the table fails the test, so a new one needs its line.
program=$(readlink -f ./holdfast)
tests=$(cd "$(dirname "$0")" && pwd)
export OCF_ROOT=$tests/ocf LC_ALL=C TZ=UTC
unset EDITOR HOME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export CIB_shadow_dir=$work/shadow HOLDFAST_LOG=$work/log COROSYNC_MAIN_CONFIG_FILE=$work/corosync.conf
failed=0 passed=0

# EXIT-CODE OUTPUT(json, none, text) COMMAND; text is for commands whose output is another language.
table() {
    cat <<'TABLE'
0 json status
0 json verify
0 json verify cib.xml
1 json verify /nowhere
0 json simulate -x cib.xml -S
0 json explain a
3 json explain nobody
2 json history
2 json history revisions
0 json history info
0 json history events since=1h
2 json history events since=soon
0 json history resource a
3 json history resource zz*
0 json history node n1
0 json history log
3 json history log elsewhere
0 json history transitions
3 json history transition
2 json history peinputs
0 none cib new sh
2 json cib new
3 json cib use sh
0 none cib use live
3 json cib reset sh
3 json cib diff sh
3 json cib commit sh
0 none cib import cib.xml imported
0 json cib list
3 json cib delete sh
2 json cib cibstatus
0 json corosync show
0 json corosync get totem.cluster_name
3 json corosync get totem.rabbit
0 none corosync set totem.token 300
3 json corosync set rabbit.colour white
2 json corosync edit
1 json corosync reload
1 json corosync status
2 json corosync push
2 json site ticket grant T
3 json site ticket show T
0 json site list
0 none maintenance on
0 none maintenance off a
2 json maintenance action a start
1 json report /nowhere/report.tar.gz
0 json version
0 json help
0 json help configure
2 json help nothing
0 none configure primitive x Dummy
3 json configure primitive a Dummy
0 none configure rsc_template tpl Dummy
0 none configure group g a
0 none configure clone cl b
0 none configure ms m c
0 none configure master m2 d
0 none configure bundle bu docker image=i
0 none configure monitor a 30s
0 none configure location lo a 5: n1
0 none configure colocation co inf: a b
0 none configure collocation co2 inf: b a
0 none configure order o a b
0 none configure rsc_ticket t1 T: a
0 none configure property batch-limit=3
0 none configure rsc_defaults resource-stickiness=1
0 none configure op_defaults timeout=20s
0 none configure node n9
0 none configure tag tg a b
0 none configure fencing_topology n1: f
0 none configure alert al /bin/true
0 none configure role ro read xpath:/cib
0 none configure acl_target us r
0 none configure acl_group gr r
0 none configure user us2 role:r
0 none configure xml '<primitive id="y" class="ocf" provider="heartbeat" type="Dummy"/>'
0 none configure statement 'primitive z Dummy'
0 json --force configure vip 10.0.0.1 id=v
0 json configure show
0 json configure show xml
0 json configure show a
3 json configure show nobody
2 json configure edit
0 none configure load update new.crm
1 json configure load update /nowhere
0 none configure save out.crm
0 none configure delete b
3 json configure delete nobody
0 none configure rename a aa
0 none configure modgroup gg add b
0 none configure unset property stonith-enabled
0 json configure get-property stonith-enabled
0 json configure get-property batch-limit
3 json configure get-property load-threshold
3 json configure erase
0 json configure property
0 json configure property batch-limit --help
3 json configure property rabbit --help
0 json node standby --help
0 json configure get_property -t stonith-enabled
0 none configure set p.promotable false
3 json configure set a.nothing 1
0 none configure filter cat
1 json configure filter false
3 json configure validate-all nobody
0 json configure ptest scores
0 json configure simulate
0 json configure schema
3 json configure schema pacemaker-1.0
0 none configure upgrade force
2 json configure upgrade now
0 none configure save type:primitive out.crm
0 json configure show type:primitive and a*
0 json configure show changed
2 json configure template x
0 json configure verify
0 json configure diff
2 json configure history
2 json configure rollback 3
0 none resource start a
0 none resource stop a
2 json resource restart a
0 none resource promote p
3 json resource promote a
0 none resource demote p
0 none resource move a n1
0 none resource ban a n1
0 none resource clear a
0 none resource unban a
0 json resource show a
0 none resource migrate a n1
0 none resource unmove a
0 none resource unmigrate a
2 json resource cleanup
2 json resource refresh
0 none resource manage a
0 none resource unmanage a
0 none resource maintenance a on
0 json resource locate a
3 json resource locate nobody
0 json resource status
0 json resource list
0 json resource param a
0 json resource meta a
0 json resource utilization a
0 json resource failcount a
0 json resource constraints a
0 json resource operations
0 json resource scores
0 none resource trace a
0 none resource untrace a
0 none node standby n1
0 none node online n1
0 none node maintenance n1
0 none node ready n1
0 json node show
3 json node show n9
0 json node list
0 json node status
0 json node server
3 json node server n9
0 json node attribute n1
0 json node status-attr n1
0 json node utilization n1
2 json node shutdown
2 json node fence n1
2 json node clearstate n1
0 none node delete n2
2 json cluster status
2 json cluster settle
0 json cluster health
2 json cluster start
2 json cluster stop
2 json cluster restart
2 json cluster enable
2 json cluster disable
2 json cluster wait_for_startup 1
2 json cluster init
0 json fence history
2 json fence node n1
2 json fence confirm n1
2 json fence clear
0 json ra classes
0 json ra list ocf heartbeat
0 json ra providers Dummy
0 json ra info Dummy
3 json ra validate ocf:test:nosuch
0 json ra meta Dummy
1 json arbiter status /nowhere
1 json arbiter teach c 3
1 json arbiter new c
0 none lock-key new c key
1 json lock-key add /nowhere
1 json lock-key use /nowhere
1 json lock-key prune /nowhere
2 json fly
2 json --wait=never status
TABLE
}

fail() { failed=$((failed + 1)); printf 'FAILED  %s\n' "$1"; sed 's/^/        | /' out err | head -8; }

fresh() {
    rm -rf shadow
    printf 'totem {\n    cluster_name: lab\n}\n' >corosync.conf
    echo 'Nov 20 16:40:16.301 holdfastd[12] notice: this partition has quorum' >log
    "$program" --file cib.xml configure erase --force >/dev/null 2>&1
    cat >cib.xml <<'XML'
<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>
XML
    printf 'node n1\nnode n2\nproperty stonith-enabled=false\nprimitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\nprimitive d Dummy\nprimitive e Dummy\nprimitive h Dummy\nrole r read xpath:/cib\ngroup gg h\nclone p e meta promotable=true\nprimitive f stonith:fence_none\n' |
        "$program" --file cib.xml --force configure >/dev/null || { echo "the test's own configuration is refused"; exit 1; }
    echo 'primitive n Dummy' >new.crm
}

python3 -c 'import json' || { echo "python3 is missing"; exit 77; }
while read -r code kind command; do
    fresh
    eval "set -- $command"
    CIB_file=cib.xml "$program" "$@" --json </dev/null >out 2>err
    got=$?
    if [ $got != "$code" ]; then fail "$command: exit code $got, expected $code"; continue; fi
    if [ "$kind" = none ] && [ -s out ]; then fail "$command: it prints something"; continue; fi
    if [ "$kind" = json ] && ! python3 -m json.tool <out >/dev/null 2>&1; then fail "$command: not JSON"; continue; fi
    if [ "$code" != 0 ] && ! { grep -q '"status"' out && [ -s err ]; }; then fail "$command: the error is not told"; continue; fi
    passed=$((passed + 1))
done < <(table)

# Whether each command has its line.
table | sed 's/^[0-9]* [a-z]* //; s/^--force //' >commands
for area in "" configure resource node cluster cib history corosync site maintenance fence ra arbiter lock-key; do
    for name in $("$program" help $area --json | sed -n 's/^ *"name": "\(.*\)",$/\1/p'); do
        grep -qE -- "^${area:+$area }$name( |\$)" commands && continue
        # Without an area, areas are listed too.
        [ -z "$area" ] && grep -qE "^$name " commands && continue
        : >out
        : >err
        fail "'${area:+$area }$name' is not in the table"
    done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
