#!/bin/bash
# compat.sh - the commands that agents expect, against a daemon that keeps a CIB in memory.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$dir"' EXIT
export HOLDFAST_CONTROL=holdfast-compat-test-$$
mkdir "$dir/bin"
for name in crm_node crm_attribute crm_master crm_standby attrd_updater crm_resource cibadmin crm_mon; do
    printf '#!/bin/bash\nexec -a %s %q "$@"\n' "$name" "$build/holdfast-compat" >"$dir/bin/$name"
    chmod +x "$dir/bin/$name"
done
PATH=$dir/bin:$PATH

cat >"$dir/cib.xml" <<'EOS'
<cib><configuration>
<crm_config><cluster_property_set id="opts"><nvpair id="opts-stonith" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"><instance_attributes id="n1-attrs"><nvpair id="n1-site" name="site" value="here"/></instance_attributes></node>
<node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
<resources><group id="grp"><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="ip-attrs"><nvpair id="ip-ip" name="ip" value="10.0.0.1"/></instance_attributes></primitive></group>
<clone id="db-clone"><primitive id="db" class="ocf" provider="heartbeat" type="mysql"/></clone></resources>
</configuration><status>
<node_state id="1" uname="n1"><lrm id="1"><lrm_resources>
<lrm_resource id="ip"><lrm_rsc_op operation="monitor" call-id="2" rc-code="7" op-status="0"/><lrm_rsc_op operation="start" call-id="5" rc-code="0" op-status="0"/></lrm_resource>
<lrm_resource id="db"><lrm_rsc_op operation="start" call-id="6" rc-code="0" op-status="0"/><lrm_rsc_op operation="promote" call-id="9" rc-code="0" op-status="0"/><lrm_rsc_op operation="monitor" call-id="10" interval="10000" rc-code="8" op-status="0"/></lrm_resource>
</lrm_resources></lrm></node_state>
<node_state id="2" uname="n2"><lrm id="2"><lrm_resources>
<lrm_resource id="ip"><lrm_rsc_op operation="start" call-id="3" rc-code="0" op-status="0"/><lrm_rsc_op operation="stop" call-id="4" rc-code="0" op-status="0"/></lrm_resource>
<lrm_resource id="db"><lrm_rsc_op operation="start" call-id="7" rc-code="0" op-status="0"/></lrm_resource>
</lrm_resources></lrm></node_state></status></cib>
EOS

code() { "$@" >/dev/null 2>&1; echo $?; }

story "without a daemon"
equal "a query says that nobody is there" 102 "$(code crm_node -n)"

"$build/tests/runner/fake_daemon" "$HOLDFAST_CONTROL" "$dir/cib.xml" >"$dir/log" &
daemon=$!
within 5 "the daemon listens" grep -q ready "$dir/log"

story "crm_node"
equal "-n" n1 "$(crm_node -n)"
equal "-i" 1 "$(crm_node -i)"
equal "-q" 1 "$(crm_node -q)"
equal "-p" "n1 n2 " "$(crm_node -p)"
equal "-l" "1 n1 member|2 n2 member|3 n3 lost|" "$(crm_node -l | tr '\n' '|')"
equal "--name-for-id" n2 "$(crm_node --name-for-id 2)"
equal "an id that nobody has" 105 "$(code crm_node -N 9)"
equal "nothing asked" 64 "$(code crm_node)"

story "crm_master and crm_attribute --promotion"
export OCF_RESOURCE_INSTANCE=db
check "a score" crm_master -l reboot -v 100
equal "is the attribute master-RESOURCE of this node" 100 \
    "$(crm_attribute -l reboot -N n1 -n master-db -G -q)"
equal "quietly asked for" 100 "$(crm_master -Q -G)"
equal "asked for" "scope=status  name=master-db value=100" "$(crm_master -l reboot -G)"
check "another node's" crm_attribute --promotion -N n2 -v 5
equal "is there" "5" "$(crm_attribute --promotion=db --node n2 --query --quiet)"
check "deleted" crm_master -D -l reboot
equal "is gone" 105 "$(code crm_master -G -Q)"
OCF_RESKEY_CRM_meta_on_node=n2 crm_master -v 7
equal "where the agent's environment says" 7 "$(crm_attribute -N n2 -l reboot -n master-db -G -q)"
unset OCF_RESOURCE_INSTANCE
equal "without a resource" 64 "$(code crm_master -v 1)"

story "crm_attribute"
equal "a node's lasting attribute" here "$(crm_attribute -N n1 -n site -G -q)"
equal "-t nodes" "scope=nodes  name=site value=here" "$(crm_attribute -t nodes --node n1 --name site --query)"
equal "a default" none "$(crm_attribute -t nodes -N n2 -n site -G -q --default=none)"
equal "a cluster property" false "$(crm_attribute -t crm_config -n stonith-enabled -G -q)"
equal "which is also what is meant without a node" false "$(crm_attribute --type=crm_config --name=stonith-enabled --query --quiet --default=true)"
check "setting a property" crm_attribute -t crm_config -n stonith-enabled -v true
equal "changes its nvpair" '<change origin="crm_attribute"><set id="opts-stonith"><attr name="value" value="true"/></set></change>' "$(tail -1 "$dir/log")"
check "a new property" crm_attribute --name no-quorum-policy --update freeze
equal "goes into the set" '<change origin="crm_attribute"><create into="opts"><nvpair id="opts-no-quorum-policy" name="no-quorum-policy" value="freeze"/></create></change>' "$(tail -1 "$dir/log")"
check "a lasting attribute" crm_attribute -l forever -N n2 -n 'site' -v 'a<b"'
equal "is the daemon's to place" '<attribute node="n2" name="site" value="a&lt;b&quot;" lifetime="forever"/>' "$(tail -1 "$dir/log")"
check "utilization" crm_attribute -z -t nodes -N n2 -n cpu -v 4
equal "makes its set" '<change origin="crm_attribute"><create into="2"><utilization id="2-utilization"><nvpair id="2-utilization-cpu" name="cpu" value="4"/></utilization></create></change>' "$(tail -1 "$dir/log")"
equal "an unknown place" 64 "$(code crm_attribute -l sometimes -n x -G)"
equal "an unknown option" 64 "$(code crm_attribute --frobnicate)"
check "crm_standby" crm_standby -N n2 -v on
equal "is the attribute standby" '<attribute node="n2" name="standby" value="on" lifetime="forever"/>' "$(tail -1 "$dir/log")"
equal "and off if it is not there" off "$(crm_standby -N n2 -G -q)"

story "attrd_updater"
check "update" attrd_updater -n pingd -U 3 -d 5s
equal "query" 'name="pingd" host="n1" value="3"' "$(attrd_updater -n pingd -Q)"
check "for another node" attrd_updater -p -N n2 --name pingd -v 4
equal "everywhere" 'name="pingd" host="n1" value="3"|name="pingd" host="n2" value="4"|' \
    "$(attrd_updater -A --query -n pingd | tr '\n' '|')"
check "delete" attrd_updater -D -n pingd
equal "it is gone" 105 "$(code attrd_updater -n pingd -Q)"
check "refresh" attrd_updater -R
equal "no value" 64 "$(code attrd_updater -n x)"

story "crm_resource"
equal "-W of a primitive in a group" "resource ip is running on: n1" "$(crm_resource -W -r ip)"
equal "quietly" n1 "$(crm_resource --resource ip --locate --quiet)"
equal "-W of a clone" "resource db-clone is running on: n1 Promoted|resource db-clone is running on: n2|" \
    "$(crm_resource -r db-clone -W | tr '\n' '|')"
equal "-g" 10.0.0.1 "$(crm_resource -r ip -g ip)"
equal "a parameter that is not set" 105 "$(code crm_resource -r ip -g nic)"
equal "a resource that is not there" 105 "$(code crm_resource -r nope -W)"
equal "-l" "ip|db|" "$(crm_resource -l | tr '\n' '|')"
check "-p" crm_resource -r ip -p ip -v 10.0.0.2
equal "changes the nvpair" '<change origin="crm_resource"><set id="ip-ip"><attr name="value" value="10.0.0.2"/></set></change>' "$(tail -1 "$dir/log")"
check "--meta -p" crm_resource -r db --meta -p target-role -v Stopped
equal "makes the set" '<change origin="crm_resource"><create into="db"><meta_attributes id="db-meta_attributes"><nvpair id="db-meta_attributes-target-role" name="target-role" value="Stopped"/></meta_attributes></create></change>' "$(tail -1 "$dir/log")"
check "cleanup" crm_resource -C -r ip -N n1
equal "is the daemon's" '<cleanup resource="ip" node="n1"/>' "$(tail -1 "$dir/log")"
equal "what is not done here" 64 "$(code crm_resource --force-start -r ip)"

story "cibadmin"
equal "-Q --xpath" '<nvpair id="ip-ip" name="ip" value="10.0.0.1"/>' "$(cibadmin -Q --xpath "//nvpair[@id='ip-ip']")"
check "-Q -o resources" grep -q 'primitive id="db"' <(cibadmin -Q -o resources)
equal "nothing there" 105 "$(code cibadmin -Q --xpath '//nothing')"
if [ -x /usr/sbin/crm_mon ]; then
    equal "crm_mon over it, as agents call it" "n1 n2 n3" \
        "$(CIB_file=<(cibadmin -Q | sed 's/<cib/& validate-with="none"/') crm_mon -1 --output-as=xml | grep -o '<node name="[^"]*" id' | cut -d'"' -f2 | xargs)"
else
    skip "crm_mon over it" "there is no crm_mon"
fi
equal "no changes" 64 "$(code cibadmin -R)"
finish
