What is behind a resource: constraints, history, scores; traces; options one by one; attributes of the status.
$ printf 'node n1\nnode n2\nproperty batch-limit=3\nprimitive a Dummy op monitor interval=10s\nprimitive b Dummy\ngroup g a b\nprimitive c Dummy\nlocation l1 a 100: n1\norder o1 a c\ncolocation k1 inf: c ( a b )\nlocation l2 c 5: n2\n' | holdfast configure
$ holdfast resource constraints a
location l1 a 100: n1
order o1 a c
colocation k1 inf: c ( a b )
$ holdfast resource constraints a --json
{
  "constraints": [
    {
      "id": "l1",
      "statement": "location l1 a 100: n1\n"
    },
    {
      "id": "o1",
      "statement": "order o1 a c\n"
    },
    {
      "id": "k1",
      "statement": "colocation k1 inf: c ( a b )\n"
    }
  ]
}
$ for c in constraints scores operations; do holdfast resource $c nobody; echo $?; done
holdfast: resource 'nobody' does not exist, expected the id of a resource
3
holdfast: resource 'nobody' does not exist, expected the id of a resource
3
holdfast: resource 'nobody' does not exist, expected the id of a resource
3
$ holdfast resource operations
$ holdfast resource trace a monitor; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	op monitor interval=10s op_params trace_ra=1
$ holdfast resource trace a monitor
'a' is traced already.
$ holdfast resource trace a; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	op monitor interval=10s op_params trace_ra=1 \
	op start interval=0 op_params trace_ra=1 \
	op stop interval=0 op_params trace_ra=1
$ holdfast resource untrace a start; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	op monitor interval=10s op_params trace_ra=1 \
	op start interval=0 \
	op stop interval=0 op_params trace_ra=1
$ holdfast resource untrace a; holdfast configure show a; holdfast resource untrace a
primitive a ocf:heartbeat:Dummy \
	op monitor interval=10s \
	op start interval=0 \
	op stop interval=0
'a' is not traced already.
$ holdfast resource trace a probe 5s; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	op monitor interval=10s \
	op start interval=0 \
	op stop interval=0 \
	op probe interval=5s op_params trace_ra=1
$ holdfast resource trace g
holdfast: 'g' is no primitive: expected the id of one
[3]
$ holdfast configure get-property batch-limit; holdfast configure get-property batch-limit --json
3
{
  "batch-limit": "3"
}
$ holdfast configure get-property stonith-enabled
true
$ holdfast node status-attr n1
$ holdfast node status-attr n1 show pingd
holdfast: node 'n1' has no 'pingd'
[3]
$ holdfast node status-attr n9
holdfast: node 'n9' does not exist, expected the name of a node
[3]
$ holdfast node status-attr n1 sett pingd 1
holdfast: found 'sett', expected: status-attr NODE show [NAME] | set NAME VALUE | delete NAME
[2]
$ holdfast node status-attr n1 set pingd 1
holdfast: this needs a running cluster, but --file (or CIB_file) names cib.xml
[2]
$ holdfast resource failcount a set n1
holdfast: found 'set', expected show, delete or set NODE COUNT
[2]
$ holdfast resource failcount a set n1 many
holdfast: found 'many', expected a number, or INFINITY
[2]
$ holdfast fence history
$ holdfast fence history --json
{
  "fencing": []
}
$ holdfast fence history n9
holdfast: node 'n9' does not exist, expected the name of a node
[3]
$ holdfast fence node n1
holdfast: 'fence node' needs a running cluster, but --file (or CIB_file) names cib.xml
[2]
$ sed -i 's|<status/>|<status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="1"><instance_attributes id="s"><nvpair id="p" name="pingd" value="100"/></instance_attributes></transient_attributes><lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="a_last_0" operation="start" interval="0" rc-code="1" op-status="0" exec-time="12" last-rc-change="1700000000" exit-reason="no disk"/></lrm_resource></lrm_resources></lrm></node_state><fence-history><fence-event id="u-1" action="reboot" target="n2" state="success" time="1700000000" origin="n1" device="power" node="n1"/><fence-event id="u-2" action="off" target="n2" state="failed" time="1700000100" origin="operator on n1" reason="no answer" attempts="3"/></fence-history></status>|' cib.xml
$ holdfast node status-attr n1; holdfast node status-attr n1 show pingd --json
pingd=100
{
  "pingd": "100"
}
$ holdfast resource operations a; holdfast resource operations a n1 --json
a on n1: start interval=0ms rc=1 exec=12ms since 2023-11-14 22:13:20: no disk
{
  "operations": [
    {
      "resource": "a",
      "node": "n1",
      "operation": "start",
      "interval-ms": 0,
      "rc": 1,
      "status": 0,
      "exec-ms": 12,
      "last-change": 1700000000,
      "exit-reason": "no disk"
    }
  ]
}
$ holdfast fence history; holdfast fence history n1; holdfast fence history n2 --json
2023-11-14 22:15:00 off of n2 failed (attempt 3): asked for by operator on n1: no answer
2023-11-14 22:13:20 reboot of n2 success: asked for by n1, done by power on n1
{
  "fencing": [
    {
      "time": 1700000100,
      "target": "n2",
      "action": "off",
      "state": "failed",
      "origin": "operator on n1",
      "reason": "no answer",
      "attempts": "3"
    },
    {
      "time": 1700000000,
      "target": "n2",
      "action": "reboot",
      "state": "success",
      "origin": "n1",
      "device": "power",
      "node": "n1"
    }
  ]
}
$ holdfast status | sed -n '/Fencing/,$p'
Pending or Failed Fencing Actions:
  * 2023-11-14 22:15:00 off of n2 failed (attempt 3): asked for by operator on n1: no answer
$ holdfast resource scores c; holdfast resource scores c --json | head -8
c on n1: -INFINITY (pcmk__primitive_assign)
c on n2: -INFINITY (pcmk__primitive_assign)
{
  "scores": [
    {
      "resource": "c",
      "node": "n1",
      "score": -1000000,
      "stage": "pcmk__primitive_assign"
    },
