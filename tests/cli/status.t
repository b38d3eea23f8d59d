status, locate, explain, verify and simulate, from a CIB with a status section.
$ cat >cib.xml <<'END'
> <cib admin_epoch="0" epoch="7" num_updates="3" have-quorum="1" dc-uuid="1" cib-last-written="Fri Nov 20 10:00:00 2026" update-origin="n1">
>  <configuration>
>   <crm_config><cluster_property_set id="o"><nvpair id="o-1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
>   <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
>   <resources>
>    <primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/>
>    <primitive id="b" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="m"><nvpair id="m-1" name="target-role" value="Stopped"/></meta_attributes></primitive>
>    <primitive id="c" class="ocf" provider="heartbeat" type="Dummy"><operations><op id="c-m" name="monitor" interval="10s"/></operations></primitive>
>   </resources>
>   <constraints><rsc_location id="l" rsc="a" node="n1" score="100"/></constraints>
>  </configuration>
>  <status>
>   <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
>    <lrm id="1"><lrm_resources>
>     <lrm_resource id="a" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_start_0" operation="start" call-id="5" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" transition-magic="0:0;1:1:0:x"/></lrm_resource>
>     <lrm_resource id="c" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="c_last_0" operation_key="c_start_0" operation="start" call-id="9" rc-code="0" op-status="0" interval="0" transition-key="3:1:0:x" transition-magic="0:0;3:1:0:x"/><lrm_rsc_op id="c_last_failure_0" operation_key="c_monitor_10000" operation="monitor" call-id="10" rc-code="7" op-status="0" interval="10000" last-rc-change="1700000000" exec-time="250" exit-reason="it went away" transition-key="4:1:0:x" transition-magic="0:7;4:1:0:x"/></lrm_resource>
>     <lrm_resource id="b" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="b_last_0" operation_key="b_monitor_0" operation="monitor" call-id="6" rc-code="7" op-status="0" interval="0" transition-key="2:1:7:x" transition-magic="0:7;2:1:7:x"/></lrm_resource>
>    </lrm_resources></lrm>
>    <transient_attributes id="1"><instance_attributes id="s1"><nvpair id="s1-1" name="fail-count-c#monitor_10000" value="2"/><nvpair id="s1-2" name="fail-count-c#start_0" value="3"/><nvpair id="s1-3" name="fail-count-cc#start_0" value="50"/><nvpair id="s1-4" name="fail-count-a#start_0" value="INFINITY"/></instance_attributes></transient_attributes></node_state>
>   <node_state id="2" uname="n2" in_ccm="false" crmd="offline" join="down" expected="down"/>
>  </status>
> </cib>
> END
$ holdfast status | sed 's/updated:.*/updated: now/'
Cluster Summary:
  * Stack: corosync
  * Current DC: n1 (version 0.1.0) - partition with quorum
  * Last updated: now
  * Last change:  Fri Nov 20 10:00:00 2026 on n1
  * 2 nodes configured
  * 3 resource instances configured (1 DISABLED)

Node List:
  * Online: [ n1 ]
  * OFFLINE: [ n2 ]

Full List of Resources:
  * a	(ocf:heartbeat:Dummy):	 Started n1
  * b	(ocf:heartbeat:Dummy):	 Stopped (disabled)
  * c	(ocf:heartbeat:Dummy):	 FAILED n1

Failed Resource Actions:
  * c 10s-interval monitor on n1 returned 'Not running' (it went away) at 2023-11-14 22:13:20Z after 0.25s
$ holdfast status -1 --json | sed 's/"updated": .*,/"updated": 0,/' | head -40
{
  "dc": "n1",
  "have-quorum": true,
  "maintenance-mode": false,
  "fencing-enabled": false,
  "no-quorum-policy": "stop",
  "updated": 0,
  "last-change": "Fri Nov 20 10:00:00 2026",
  "resource-instances": 3,
  "disabled": 1,
  "blocked": 0,
  "nodes": [
    {
      "name": "n1",
      "id": "1",
      "type": "member",
      "state": "online",
      "online": true,
      "unclean": false,
      "pending": false,
      "standby": false,
      "standby-onfail": false,
      "maintenance": false,
      "shutdown": false,
      "dc": true,
      "health": 1,
      "resources": 2
    },
    {
      "name": "n2",
      "id": "2",
      "type": "member",
      "state": "OFFLINE",
      "online": false,
      "unclean": false,
      "pending": false,
      "standby": false,
      "standby-onfail": false,
      "maintenance": false,
      "shutdown": false,
$ holdfast status -2
holdfast: found '-2', expected one of inactive, full, detail, ops, timing, failcounts, tickets (--json for programs, 'node show' and 'resource status' for parts)
[2]
$ holdfast resource locate a; holdfast resource locate b; holdfast resource locate d
n1
'b' runs nowhere.
holdfast: resource 'd' does not exist, expected the id of a resource
[3]
$ holdfast resource locate a --json
{
  "resource": "a",
  "nodes": [
    "n1"
  ]
}
$ holdfast resource status
a (ocf:heartbeat:Dummy): Started n1
b (ocf:heartbeat:Dummy): Stopped (disabled)
c (ocf:heartbeat:Dummy): Started n1 FAILED
$ holdfast resource status b
b (ocf:heartbeat:Dummy): Stopped (disabled)
$ holdfast node show; holdfast node show n2; holdfast node show n3
n1: online
n2: OFFLINE
n2: OFFLINE
holdfast: node 'n3' does not exist, expected the name of a node
[3]
$ holdfast resource failcount c; holdfast resource failcount a show n1; holdfast resource failcount c show n1 --json; holdfast resource failcount c show n3
n1: 5
n2: 0
n1: INFINITY
{
  "failcounts": [
    {
      "node": "n1",
      "failcount": 5
    }
  ]
}
holdfast: node 'n3' has no status
[3]
$ holdfast resource move a; holdfast configure show type:location
Keeping 'a' away from n1; 'resource clear a' ends that.
location l a 100: n1
location cli-ban-a-on-n1 a -inf: n1
$ holdfast resource move b
holdfast: 'b' runs on 0 nodes, expected the node to be named
[3]
$ holdfast resource clear a
$ holdfast verify
cib.xml is valid.
$ sed 's/rsc="a"/rsc="z"/' cib.xml >bad.xml; holdfast verify bad.xml
holdfast: bad.xml: line 26: rsc_location (in "l"): rsc="z" does not exist, expected the id of a resource, template or tag
[3]
$ sed 's/score="100"/score="lots"/' cib.xml >bad.xml; holdfast verify bad.xml
holdfast: bad.xml:26: value 'lots' of score in <rsc_location id='l'>: expected a whole number, INFINITY, +INFINITY or -INFINITY
[3]
$ sed 's/<nodes>/<nodez>/' cib.xml >bad.xml; holdfast verify bad.xml
holdfast: bad.xml:11: not well-formed XML: Opening and ending tag mismatch: nodez line 8 and nodes
[3]
$ sed 's/<primitive id="a"/<primitive id="b"/' cib.xml >bad.xml; holdfast verify bad.xml
holdfast: bad.xml: line 14: primitive has id="b", which a primitive has already; expected a new id
[3]
$ : >bad.xml; holdfast verify bad.xml; holdfast --file bad.xml resource stop a
holdfast: bad.xml: empty, expected an XML document
holdfast: bad.xml: empty, expected an XML document
[3]
$ holdfast simulate -x cib.xml -S | head -8
1 of 3 resource instances DISABLED and 0 BLOCKED from further action due to failure

Current cluster status:
  * Node List:
    * Online: [ n1 ]
    * OFFLINE: [ n2 ]

  * Full List of Resources:
$ printf 'property stonith-enabled=true\n' | holdfast configure load update -; holdfast verify
warning: fencing is enabled but no fence device is configured: resources stay as they are
cib.xml is valid.
