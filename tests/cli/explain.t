Why a resource is where it is: its state, what would happen, and causes with their weight, strongest first.
$ holdfast configure primitive a ocf:test:Good ip=1
$ holdfast explain a
a:
  now: runs nowhere
  next: stays as it is
  -INFINITY  this partition has no quorum (no-quorum-policy=stop)
          0  fencing is enabled but there is no fence device: nothing is started or stopped anywhere
             change it: holdfast configure primitive ID stonith:AGENT ... (or property stonith-enabled=false)
$ holdfast explain a@nowhere
holdfast: there is no node nowhere
[3]
$ holdfast explain nothing
holdfast: there is nothing to explain of 'nothing': expected the id of a resource
[3]
$ cat >cib.xml <<'END'
> <cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1">
>  <configuration>
>   <crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o2" name="placement-strategy" value="utilization"/></cluster_property_set></crm_config>
>   <nodes>
>    <node id="1" uname="n1"><utilization id="u1"><nvpair id="u11" name="cpu" value="4"/></utilization></node>
>    <node id="2" uname="n2"><instance_attributes id="i2"><nvpair id="i21" name="standby" value="on"/></instance_attributes></node>
>    <node id="3" uname="n3"><utilization id="u3"><nvpair id="u31" name="cpu" value="1"/></utilization></node>
>   </nodes>
>   <resources>
>    <primitive id="db" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="dm"><nvpair id="dm1" name="resource-stickiness" value="100"/><nvpair id="dm2" name="migration-threshold" value="3"/></meta_attributes><operations><op id="db-m" name="monitor" interval="10s"/></operations><utilization id="ud"><nvpair id="ud1" name="cpu" value="3"/></utilization></primitive>
>    <primitive id="web" class="ocf" provider="pacemaker" type="Dummy"/>
>    <primitive id="big" class="ocf" provider="pacemaker" type="Dummy"><utilization id="ub"><nvpair id="ub1" name="cpu" value="2"/></utilization></primitive>
>    <group id="g"><primitive id="g1" class="ocf" provider="pacemaker" type="Dummy"/><primitive id="g2" class="ocf" provider="pacemaker" type="Dummy"/></group>
>   </resources>
>   <constraints><rsc_colocation id="web-with-db" rsc="web" with-rsc="db" score="INFINITY"/><rsc_location id="cli-ban-db-on-n3" rsc="db" node="n3" score="-INFINITY"/><rsc_location id="loc" rsc="db" node="n1" score="50"/></constraints>
>  </configuration>
>  <status>
>   <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
>    <lrm_resource id="db" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="db_last_0" operation_key="db_start_0" operation="start" call-id="5" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" transition-magic="0:0;1:1:0:x" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/><lrm_rsc_op id="db_last_failure_0" operation_key="db_monitor_10000" operation="monitor" call-id="6" rc-code="7" op-status="0" interval="10000" last-rc-change="1700000000" exit-reason="it went away" transition-key="1:1:0:x" transition-magic="0:7;1:1:0:x" op-digest="4811cef7f7f94e3a35a70be7916cb2fd"/></lrm_resource></lrm_resources></lrm>
>    <transient_attributes id="1"><instance_attributes id="s1"><nvpair id="s11" name="fail-count-db#monitor_10000" value="2"/><nvpair id="s12" name="last-failure-db#monitor_10000" value="1700000000"/></instance_attributes></transient_attributes></node_state>
>   <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>
>   <node_state id="3" uname="n3" in_ccm="true" crmd="online" join="member" expected="member"/>
>  </status>
> </cib>
> END
$ with() { sed "$1" cib.xml >t.xml; shift; CIB_file=t.xml holdfast "$@"; }; meta() { with "s|id=\"$1\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\">|&<meta_attributes id=\"x\"><nvpair id=\"x1\" name=\"$2\" value=\"$3\"/></meta_attributes>|" explain "$1"; }; option() { with "s|<nvpair id=\"o1\"|<nvpair id=\"o9\" name=\"$1\" value=\"$2\"/>&|" explain "$3"; }
$ holdfast explain db
db:
  now: runs on n1
  next: Recover n1
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
  -INFINITY  n2: web, which must be with it, would rather not be here
             change it: holdfast configure delete web-with-db
  -INFINITY  n3: somebody moved it away from there (resource move or ban; constraint cli-ban-db-on-n3)
             change it: holdfast resource clear db
        100  n1: it runs there now, and stays by its resource-stickiness
             change it: holdfast resource move db
         50  n1: location constraint loc says that it should be there
             change it: holdfast configure delete loc
          0  n1: it failed there 2 times, last at 2023-11-14 22:13:20Z, monitor: Not running (it went away); it may until there are 3
             change it: holdfast resource cleanup db n1
$ holdfast explain db@n3
db on n3:
  now: runs on n1
  next: Recover n1
  -INFINITY  n3: somebody moved it away from there (resource move or ban; constraint cli-ban-db-on-n3)
             change it: holdfast resource clear db
$ with 's/#monitor_10000" value="2"/#monitor_10000" value="3"/' explain db@n1
db on n1:
  now: runs on n1
  next: Stop n1
  -INFINITY  n1: it failed there 3 times, last at 2023-11-14 22:13:20Z, monitor: Not running (it went away); migration-threshold is 3
             change it: holdfast resource cleanup db n1
        100  n1: it runs there now, and stays by its resource-stickiness
             change it: holdfast resource move db
         50  n1: location constraint loc says that it should be there
             change it: holdfast configure delete loc
$ with 's/#monitor_10000" value="2"/#monitor_10000" value="INFINITY"/; s/name="migration-threshold" value="3"/name="failure-timeout" value="1h"/' explain db@n1
db on n1:
  now: runs on n1
  next: stays as it is
        100  n1: it runs there now, and stays by its resource-stickiness
             change it: holdfast resource move db
         50  n1: location constraint loc says that it should be there
             change it: holdfast configure delete loc
$ with 's/#monitor_10000" value="2"/#monitor_10000" value="3"/' explain web
web:
  now: runs nowhere
  next: stays as it is
  -INFINITY  it must be where db is, which runs nowhere
             change it: holdfast configure delete web-with-db
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
$ holdfast explain web@n1
web on n1:
  now: runs nowhere
  next: Start n1
$ with 's/with-rsc="db" score="INFINITY"/with-rsc="db" score="200"/; s|<rsc_location id="loc"|<rsc_location id="far" rsc="web" node="n1" score="-100000"/>&|' explain db@n1
db on n1:
  now: runs on n1
  next: Recover n1
        100  n1: it runs there now, and stays by its resource-stickiness
             change it: holdfast resource move db
         50  n1: location constraint loc says that it should be there
             change it: holdfast configure delete loc
        -20  n1: web, which should (200) be with it, would rather not be here
             change it: holdfast configure delete web-with-db
          0  n1: it failed there 2 times, last at 2023-11-14 22:13:20Z, monitor: Not running (it went away); it may until there are 3
             change it: holdfast resource cleanup db n1
$ holdfast explain big
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n1: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
  -INFINITY  n3: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
$ meta big is-managed false
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
          0  it is not managed (is-managed=false): it is watched, but not started or stopped
             change it: holdfast resource manage big
$ meta big maintenance true
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
          0  it is in maintenance: nothing is done to it, not even monitoring
             change it: holdfast resource maintenance big off
$ meta big target-role Stopped
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  it is to be stopped (target-role=Stopped)
             change it: holdfast resource start big
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
$ option maintenance-mode true big
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
          0  the cluster is in maintenance (maintenance-mode): nothing is done to any resource
             change it: holdfast configure property maintenance-mode=false
$ option stop-all-resources true big
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  all resources are to be stopped (stop-all-resources)
             change it: holdfast configure property stop-all-resources=false
  -INFINITY  n2: the node is in standby
             change it: holdfast node online n2
$ with 's/value="false"/value="true"/' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
          0  fencing is enabled but there is no fence device: nothing is started or stopped anywhere
             change it: holdfast configure primitive ID stonith:AGENT ... (or property stonith-enabled=false)
$ with 's/have-quorum="1"/have-quorum="0"/' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  this partition has no quorum (no-quorum-policy=stop)
  -INFINITY  n1: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
$ with 's/have-quorum="1"/have-quorum="0"/; s|<nvpair id="o1"|<nvpair id="o9" name="no-quorum-policy" value="freeze"/>&|' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n1: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
          0  this partition has no quorum (no-quorum-policy=freeze): what runs stays, nothing is started or moved here
$ with 's/name="standby" value="on"/name="maintenance" value="true"/' explain big@n2
big on n2:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node is in maintenance: nothing is done there
             change it: holdfast node ready n2
$ with 's/name="standby" value="on"/name="#health-disk" value="red"/; s|<nvpair id="o1"|<nvpair id="o9" name="node-health-strategy" value="migrate-on-red"/>&|' explain big@n2
big on n2:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node's health (node-health-strategy=migrate-on-red)
          0  n2: the node's health is red (node-health-strategy=migrate-on-red)
             change it: holdfast node status-attr n2 show
$ with 's|<rsc_location id="loc"|<rsc_ticket id="t" rsc="big" ticket="site"/>&|' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  ticket site is not granted here (constraint t)
$ with 's|<rsc_location id="loc"|<rsc_location id="cli-prefer-big" rsc="big" node="n1" score="INFINITY"/>&|' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n1: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
   INFINITY  n1: somebody moved it there (resource move or ban; constraint cli-prefer-big)
             change it: holdfast resource clear big
$ with 's|<rsc_location id="loc"|<rsc_order id="ord" first="big" then="g"/>&|; s|id="big" class="ocf" provider="pacemaker" type="Dummy">|&<meta_attributes id="x"><nvpair id="x1" name="target-role" value="Stopped"/></meta_attributes>|' explain g@n1
g on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  start waits for the start of big, which cannot be done
  -INFINITY  g2 on n1: it must be where g1 is, which goes to n3
$ with 's/in_ccm="true" crmd="online" join="member" expected="member"\/>/in_ccm="false" crmd="offline" join="down" expected="down"\/>/' explain big
big:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n1: there is no room: cpu=2 is needed, with what must be with it, and 1 is left
  -INFINITY  n2: the node is offline
  -INFINITY  n3: the node is offline
$ holdfast --json explain db@n3
{
  "nodes": [
    "n1"
  ],
  "changes": [
    {
      "change": "Recover",
      "from": "n1",
      "to": null,
      "blocked": false
    }
  ],
  "reasons": [
    {
      "resource": "db",
      "node": "n3",
      "score": "-INFINITY",
      "cause": "somebody moved it away from there (resource move or ban; constraint cli-ban-db-on-n3)",
      "id": "cli-ban-db-on-n3",
      "remedy": "holdfast resource clear db"
    }
  ]
}
$ with 's|<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>|<node_state id="2" uname="n2" in_ccm="false" crmd="offline" join="down" expected="member"/>|; s/"stonith-enabled" value="false"/"stonith-enabled" value="true"/; s|<resources>|&<primitive id="f" class="stonith" type="fence_x"/>|' explain big@n2
big on n2:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node's state is not known: it must be fenced first
             change it: holdfast node clearstate n2 (if it is down for certain)
$ with 's|<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member"|<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="pending"|; s/"stonith-enabled" value="false"/"stonith-enabled" value="true"/; s|<resources>|&<primitive id="f" class="stonith" type="fence_x"/>|' explain big@n2
big on n2:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n2: the node is joining
$ with 's|<node_state id="3" uname="n3"[^/]*/>|<node_state id="3" uname="n3" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="3"><instance_attributes id="s3"><nvpair id="s31" name="shutdown" value="1700000000"/></instance_attributes></transient_attributes></node_state>|' explain web@n3
web on n3:
  now: runs nowhere
  next: Start n1
  -INFINITY  n3: it must be where db is, which goes to n1
             change it: holdfast configure delete web-with-db
  -INFINITY  n3: the node is shutting down
$ with 's|name="monitor" interval="10s"/>|name="monitor" interval="10s" on-fail="standby"/>|' explain big@n1
big on n1:
  now: runs nowhere
  next: stays as it is
  -INFINITY  n1: the node is in standby, because an operation failed there (on-fail=standby)
             change it: holdfast resource cleanup
$ with 's|name="monitor" interval="10s"/>|name="monitor" interval="10s" on-fail="block"/>|' explain db@n1
db on n1:
  now: runs on n1
  next: stays as it is
         50  n1: location constraint loc says that it should be there
             change it: holdfast configure delete loc
          0  a failure blocks it: it is left as it is until that is cleaned up
             change it: holdfast resource cleanup db
          0  n1: it failed there 2 times, last at 2023-11-14 22:13:20Z, monitor: Not running (it went away); it may until there are 3
             change it: holdfast resource cleanup db n1
