#!/bin/bash
# environment.sh - what an agent gets from Holdfast is what it gets from Pacemaker: the same cluster, one after the
# other under both, with an agent that notes its arguments, environment, mask and signals at each kind of call.
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/peers.sh"

# Pacemaker's own business, which no agent asks for: where its log is, its start-up, its version.  Ours: where the
# commands are that agents call.
own='^(HA_SBIN_DIR|HA_LOGFILE|HA_logfile|HA_mcp|PCMK_logfile|PCMK_mcp|PCMK_watchdog|OCF_RESKEY_crm_feature_set)='

# Which instance of a clone is on which node, and in which order nodes are listed, follows from who came first.
comparable() { # NOTE
    grep -vE "$own" "$1" | sed -E 's/(CRM_meta_clone=)[0-9]+$/\1N/; s/\bone:[0-9]+/one:N/g; s/(_uname=)n2 n1$/\1n1 n2/'
}

agent() { # NODE
    put "$1" /usr/lib/ocf/resource.d/lab/notes <<'AGENT'
#!/bin/sh
# Notes each kind of call once.
state=/run/notes-$OCF_RESOURCE_INSTANCE
if [ "$1" = meta-data ]; then
    echo '<?xml version="1.0"?><resource-agent name="notes" version="1"><version>1.1</version>
<shortdesc lang="en">notes its calls</shortdesc><longdesc lang="en">notes its calls</longdesc><parameters>
<parameter name="word"><shortdesc lang="en">w</shortdesc><longdesc lang="en">w</longdesc><content type="string" default="none"/></parameter>
<parameter name="light" reloadable="1"><shortdesc lang="en">l</shortdesc><longdesc lang="en">l</longdesc><content type="string" default="off"/></parameter>
</parameters><actions>'
    for action in start stop monitor promote demote notify migrate_to migrate_from reload-agent meta-data; do
        echo "<action name=\"$action\" timeout=\"20s\"/>"
    done
    echo '</actions></resource-agent>'
    exit 0
fi
mkdir -p /root/notes
note=/root/notes/$OCF_RESOURCE_INSTANCE,$1,$OCF_RESKEY_CRM_meta_interval,$OCF_RESKEY_CRM_meta_notify_type,$OCF_RESKEY_CRM_meta_notify_operation
[ -e "$note" ] || {
    echo "arguments: $*"
    echo "mask: $(umask)"
    grep -E '^Sig(Ign|Blk)' /proc/self/status
    env | grep -E '^(OCF_|HA_|PCMK_|LC_|LANG)' | sort
} >"$note.new" && mv "$note.new" "$note"
case $1 in
start | migrate_from) echo 0 >"$state" ;;
stop | migrate_to) rm -f "$state" ;;
promote) echo 8 >"$state" ;;
demote) echo 0 >"$state" ;;
monitor) [ -e "$state" ] || exit 7; exit "$(cat "$state")" ;;
esac
exit 0
AGENT
    on "$1" chmod 755 /usr/lib/ocf/resource.d/lab/notes
}

primitive() { # ID OPERATIONS META
    printf '<primitive id="%s" class="ocf" provider="lab" type="notes"><instance_attributes id="%s-p">
<nvpair id="%s-w" name="word" value="a b"/><nvpair id="%s-l" name="light" value="on"/></instance_attributes>
<operations>%s</operations><meta_attributes id="%s-m">%s</meta_attributes></primitive>' $1 $1 $1 $1 "$2" $1 "$3"
}
resources="<resources>$(
    primitive plain '<op id="m1" name="monitor" interval="7s" timeout="9s"><instance_attributes id="m1-p"><nvpair id="m1-d" name="depth" value="2"/>
<nvpair id="m1-l" name="OCF_CHECK_LEVEL" value="10"/></instance_attributes></op><op id="s1" name="start" interval="0" timeout="15s"/>' \
        '<nvpair id="plain-mm" name="migration-threshold" value="3"/>'
    primitive moves '' '<nvpair id="moves-mm" name="allow-migrate" value="true"/>'
    echo '<clone id="many"><meta_attributes id="many-m"><nvpair id="many-1" name="promotable" value="true"/>
<nvpair id="many-2" name="notify" value="true"/></meta_attributes>'
    primitive one '<op id="m2" name="monitor" interval="8s" role="Promoted"/><op id="m3" name="monitor" interval="9s"/>' ''
    echo '</clone>'
)</resources>"
constraints='<constraints><rsc_location id="l1" rsc="plain" node="n1" score="100"/><rsc_location id="l2" rsc="moves" node="n1" score="100"/>
<rsc_location id="l3" rsc="many"><rule id="l3-r" role="Promoted" score="100"><expression id="l3-e" attribute="#uname" operation="eq" value="n1"/></rule></rsc_location></constraints>'

# What is done, in the words of each system.
pacemaker_do() {
    case $1 in
    load) on n1 crm_attribute -n stonith-enabled -v false
        put n1 /root/part.xml <<<"$resources"; on n1 cibadmin --replace --scope resources --xml-file /root/part.xml
        put n1 /root/part.xml <<<"$constraints"; on n1 cibadmin --replace --scope constraints --xml-file /root/part.xml ;;
    reload) on n1 crm_resource --resource plain --set-parameter light --parameter-value dim ;;
    move) on n1 crm_resource --resource moves --move --node n2 ;;
    back) on n1 crm_resource --resource moves --clear ;;
    stop) on n1 crm_resource --resource many --meta --set-parameter target-role --parameter-value Stopped ;;
    esac && on n1 crm_resource --wait --timeout 60
}
holdfast_do() {
    case $1 in
    load) put n1 /root/cib.xml <<<"<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'><configuration>
<crm_config><cluster_property_set id='o'><nvpair id='o1' name='stonith-enabled' value='false'/></cluster_property_set></crm_config>
<nodes/>$resources$constraints</configuration><status/></cib>"
        hf n1 --wait=60 configure load replace /root/cib.xml ;;
    reload) hf n1 --wait=60 resource param plain set light dim ;;
    move) hf n1 --wait=60 resource move moves n2 ;;
    back) hf n1 --wait=60 resource clear moves ;;
    stop) hf n1 --wait=60 resource stop many ;;
    esac
}
pacemaker_there() { on n1 crm_mon -1 2>/dev/null | grep -q 'Online: \[ n1 n2 \]'; }
monitored() { on n1 test -e '/root/notes/one,monitor,8000,,' && on n1 test -e '/root/notes/plain,monitor,7000,,'; }

collect() { # SYSTEM
    local what node
    agent n1
    agent n2
    for what in load reload move back stop; do
        check "$1: $what" "$1_do" $what
        [ $what != load ] || within 30 "$1: the monitors have begun" monitored
    done
    for node in n1 n2; do
        mkdir -p "$scratch/$1/$node"
        on $node tar -C /root/notes -cf - . | tar -C "$scratch/$1/$node" -xf -
    done
    lab down
}

story "under Pacemaker"
check "the lab is up" lab up --nodes 2 --peer pacemaker
within 90 "both nodes are in the cluster" pacemaker_there
collect pacemaker
story "under Holdfast"
check "the lab is up" lab up --nodes 2
collect holdfast

story "side by side"
for node in n1 n2; do
    equal "the calls on $node" "$(cd "$scratch/pacemaker/$node" && echo *)" "$(cd "$scratch/holdfast/$node" && echo *)"
    for note in "$scratch/pacemaker/$node"/*; do
        check "$node: ${note##*/}" diff <(comparable "$note") <(comparable "$scratch/holdfast/$node/${note##*/}")
    done
done
finish
