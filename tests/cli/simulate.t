What would happen: simulate's what-ifs on a cluster of two nodes, as text, JSON, XML and a drawing.
$ cat >cib.xml <<'END'
> <cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1" execution-date="1700000000">
>  <configuration>
>   <crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
>   <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
>   <resources><primitive id="db" class="ocf" provider="pacemaker" type="Dummy"><operations>
>     <op id="db-m" name="monitor" interval="10s"/></operations></primitive></resources>
>   <constraints/>
>  </configuration>
>  <status>
>   <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
>   <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>
>  </status>
> </cib>
> END
$ holdfast simulate -x cib.xml -S -Q -O up.xml; holdfast simulate -x up.xml
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1
$ holdfast simulate -x up.xml --node-fail n1
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1

Performing Requested Modifications:
  * Failing node n1
Using the original execution date of: 2023-11-14 22:13:20Z

Transition Summary:
  * Start      db      (    n2 )

Executing Cluster Transition:
  * Resource action: db              start on n2
  * Resource action: db              monitor=10000 on n2
Using the original execution date of: 2023-11-14 22:13:20Z

Revised Cluster Status:
  * Node List:
    * Online: [ n2 ]
    * OFFLINE: [ n1 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n2
$ holdfast simulate -x up.xml --node-standby n1 -R -D out.dot; cat out.dot
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1

Performing Requested Modifications:
  * Putting node n1 in standby
Using the original execution date of: 2023-11-14 22:13:20Z

Transition Summary:
  * Move       db      ( n1 -> n2 )
 digraph "g" {
"db_stop_0 n1" [ style=bold color="green" fontcolor="black"]
"db_start_0 n2" [ style=bold color="green" fontcolor="black"]
"db_monitor_10000 n2" [ style=bold color="green" fontcolor="black"]
"db_stop_0 n1" -> "db_start_0 n2" [ style = bold]
"db_start_0 n2" -> "db_monitor_10000 n2" [ style = bold]
}
$ holdfast simulate -x up.xml --op-fail db:monitor@n1 | sed 's/=1[0-9]\{9\} into/=TIME into/'
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1

Performing Requested Modifications:
  * Injecting db:monitor@n1 into the configuration
  * Injecting attribute fail-count-db#monitor_10000=1 into /node_state '1'
  * Injecting attribute last-failure-db#monitor_10000=TIME into /node_state '1'
Using the original execution date of: 2023-11-14 22:13:20Z

Transition Summary:
  * Recover    db      (    n1 )

Executing Cluster Transition:
  * Resource action: db              stop on n1
  * Resource action: db              start on n1
  * Resource action: db              monitor=10000 on n1
Using the original execution date of: 2023-11-14 22:13:20Z

Revised Cluster Status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1
$ holdfast simulate -x up.xml --node-standby n1 --op-fail db:start@n2 | sed 's/=1[0-9]\{9\} into/=TIME into/' | sed -n '/Modif/,$p'
Performing Requested Modifications:
  * Putting node n1 in standby
Using the original execution date of: 2023-11-14 22:13:20Z

Transition Summary:
  * Move       db      ( n1 -> n2 )

Executing Cluster Transition:
  * Resource action: db              stop on n1
  * Resource action: db              start on n2
Pretending action 3 failed with rc=1
  * Injecting attribute fail-count-db#start_0=INFINITY into /node_state '2'
  * Injecting attribute last-failure-db#start_0=TIME into /node_state '2'

Transition Summary:
  * Stop       db      (    n2 )  due to node availability

Executing Cluster Transition:
  * Resource action: db              stop on n2
Using the original execution date of: 2023-11-14 22:13:20Z

Revised Cluster Status:
  * Node List:
    * Node n1: standby
    * Online: [ n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Stopped
$ printf 'primitive web ocf:pacemaker:Dummy\ncolocation c -inf: web db\n' >more; holdfast simulate -x up.xml --change more -R | tail -2
Transition Summary:
  * Start      web     (    n2 )
$ printf 'delete db\n' >less; holdfast simulate -x up.xml --change less -R -c | tail -1
  * Stop       db      (    n1 )  due to node availability
$ printf '<constraints><rsc_location id="l" rsc="db" node="n1" score="-INFINITY"/></constraints>' >xml; holdfast simulate -x up.xml --change xml -R | tail -1
  * Move       db      ( n1 -> n2 )
$ holdfast simulate -x up.xml --node-standby n1 -R --json | sed -n '/what-if/,$p'
  "what-if": [
    {
      "kind": "node",
      "action": "Standby",
      "subject": "n1"
    }
  ],
  "decisions": [
    {
      "summary": [
        {
          "change": "Move",
          "resource": "db",
          "from": "n1",
          "to": "n2",
          "role": "Started",
          "next-role": "Started",
          "blocked": false,
          "reason": null
        }
      ]
    }
  ],
  "not-done": []
}
$ holdfast simulate -x up.xml -d n2 -R -s -A -c --output-as=xml
<pacemaker-result api-version="2.30" request="simulate -x up.xml -d n2 -R -s -A -c --output-as=xml">
  <cluster_status>
    <nodes>
      <node name="n1" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="&lt;3.15.1" shutdown="false" expected_up="true" is_dc="true" resources_running="1" type="member"/>
      <node name="n2" id="2" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="&lt;3.15.1" shutdown="false" expected_up="true" is_dc="false" resources_running="0" type="member"/>
    </nodes>
    <resources>
      <resource id="db" resource_agent="ocf:pacemaker:Dummy" role="Started" active="true" orphaned="false" removed="false" blocked="false" maintenance="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="n1" id="1" cached="true"/>
      </resource>
    </resources>
    <node_history/>
  </cluster_status>
  <modify_node action="Offline" node="n2"/>
  <allocations>
    <node_weight function="pcmk__primitive_assign" node="n1" score="0" id="db"/>
    <node_weight function="pcmk__primitive_assign" node="n2" score="0" id="db"/>
  </allocations>
  <actions/>
  <status code="0" message="OK"/>
</pacemaker-result>
$ holdfast simulate -x up.xml --output-to out.txt -R -Q -s; cat out.txt
pcmk__primitive_assign: db allocation score on n1: 0
pcmk__primitive_assign: db allocation score on n2: 0
$ holdfast simulate -x up.xml --op-fail db:promote@n2 | sed -n '/not done/p'; holdfast simulate -x up.xml --op-fail db:promote@n2 --json | sed -n '/not-done/,/]/p'
db:promote@n2 was not done, so it did not fail.
  "not-done": [
    "db:promote@n2"
  ],
$ holdfast simulate -x up.xml --op-fail db:start
simulate: "db:start" is not an operation: expected RESOURCE_TASK_INTERVAL@NODE=RC or RESOURCE:TASK@NODE
holdfast: simulate failed
[2]
$ holdfast simulate -x up.xml --node-standby n3
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1
simulate: there is no node n3
holdfast: simulate failed
[3]
$ holdfast simulate -x up.xml --op-inject web_monitor_10000@n1=7
Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Started n1

Performing Requested Modifications:
  * Injecting web_monitor_10000@n1=7 into the configuration
Using the original execution date of: 2023-11-14 22:13:20Z
simulate: there is no resource web
holdfast: simulate failed
[3]
$ holdfast simulate -x up.xml -i db_monitor_10000@n1=7 -R | tail -1
  * Recover    db      (    n1 )
$ holdfast simulate -x up.xml --output-as=html
simulate: expected --output-as text, xml or json, found 'html'
holdfast: simulate failed
[2]
$ holdfast simulate -x up.xml -L
simulate: expected one of -L, -x and -p
holdfast: simulate failed
[2]
$ holdfast simulate -S -X
simulate: expected -x FILE with -X: it is where the result is stored
holdfast: simulate failed
[2]
$ holdfast simulate -x up.xml more
simulate: expected only options, found 'more'
holdfast: simulate failed
[2]
$ printf 'location l nothing inf: n1\n' >bad; holdfast simulate -x up.xml -Q --change bad
simulate: bad: rsc_location l: rsc 'nothing' does not exist, expected the id of something that does
holdfast: simulate failed
[3]
$ holdfast simulate -x none.xml
simulate: cannot open none.xml: No such file or directory
holdfast: simulate failed
[1]
$ echo '<a/>' | holdfast simulate -x -
simulate: the input: the root element is not <cib>, expected a CIB
holdfast: simulate failed
[3]
$ holdfast simulate -t yesterday -x up.xml
simulate: "yesterday" is not a time in ISO 8601
holdfast: simulate failed
[2]
$ printf '<rsc_location id="night" rsc="db"><rule id="r" score="-INFINITY"><date_expression id="d" operation="date_spec"><date_spec id="s" hours="2-4"/></date_expression><expression id="e" attribute="#uname" operation="eq" value="n1"/></rule></rsc_location>' >night; holdfast simulate -x up.xml -R --change night | tail -1; TZ=ABC-5 holdfast simulate -x up.xml -R --change night | tail -1
Transition Summary:
  * Move       db      ( n1 -> n2 )
$ printf 'property batch-limit=1\nprimitive web ocf:pacemaker:Dummy op monitor interval=10s\nprimitive log ocf:pacemaker:Dummy op monitor interval=10s\n' >two; holdfast simulate -x up.xml --change two | sed -n '/Executing/,/^Using/p'
Executing Cluster Transition:
  * Resource action: web             monitor on n2
  * Resource action: web             monitor on n1
  * Resource action: log             monitor on n2
  * Resource action: log             monitor on n1
  * Resource action: web             start on n2
  * Resource action: log             start on n1
  * Resource action: web             monitor=10000 on n2
  * Resource action: log             monitor=10000 on n1
Using the original execution date of: 2023-11-14 22:13:20Z
$ holdfast simulate -x up.xml -s | grep -A1 Scores; holdfast simulate -x cib.xml -Q -U | head -2; holdfast simulate -x cib.xml -Q -D scores.dot; head -1 scores.dot
Assignment Scores:
  * pcmk__primitive_assign: db allocation score on n1: 0
Utilization Information:
  * Original: n1 capacity:
 digraph "g" {
$ holdfast simulate -x up.xml -Q --node-fail n3
simulate: there is no node n3
holdfast: simulate failed
[3]
$ holdfast simulate -x up.xml -Q -i db_monitor_10000@n3=1
simulate: there is no node n3
holdfast: simulate failed
[3]
$ holdfast simulate -x up.xml -Q -q perhaps
simulate: expected true or false, found 'perhaps'
holdfast: simulate failed
[2]
$ holdfast simulate -x up.xml -R -F db_stop_0@n1=1 --node-standby n1 | grep -A3 Executing
Executing Cluster Transition:
  * Resource action: db              stop on n1
Pretending action 2 failed with rc=1
  * Injecting attribute fail-count-db#stop_0=INFINITY into /node_state '1'
$ for t in 03:00 05:00; do holdfast simulate -x up.xml -R --change night -t 2023-11-14T$t:00Z | tail -1; done
  * Move       db      ( n1 -> n2 )
Transition Summary:
$ printf '<rsc_ticket id="t" rsc="db" ticket="site" loss-policy="stop"/>' >ticket; for f in "-R" "-g site" "-g site -r site" "-g site -b site" "-g site -b site -e site"; do echo "$f:"; holdfast simulate -x up.xml --change ticket -R $f | sed -n '/Summary/,$p'; done
-R:
Transition Summary:
  * Stop       db      (    n1 )  due to node availability
-g site:
Transition Summary:
-g site -r site:
Transition Summary:
  * Stop       db      (    n1 )  due to node availability
-g site -b site:
Transition Summary:
  * Stop       db      (    n1 )  due to node availability
-g site -b site -e site:
Transition Summary:
$ holdfast simulate -x up.xml -R -q false | tail -1; holdfast simulate -x up.xml -Q -w true -I w.xml; grep -o '<nvpair[^>]*watchdog[^>]*>' w.xml
  * Stop       db      (    n1 )  due to no quorum
<nvpair id="o-have-watchdog" name="have-watchdog" value="true"/>
$ holdfast simulate -x up.xml -Q -d n1 -O down.xml; holdfast simulate -x down.xml | sed -n '/Node List/,$p'; holdfast simulate -x down.xml -u n1 -O back.xml -Q; holdfast simulate -x back.xml | sed -n '/Node List/,$p'
  * Node List:
    * Online: [ n2 ]
    * OFFLINE: [ n1 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Stopped
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * db	(ocf:pacemaker:Dummy):	 Stopped
$ holdfast simulate -x up.xml --node-standby n1 -R -Q -G graph.xml; sed -n '1p; /operation=/p' graph.xml
<transition_graph cluster-delay="60s" fencing-timeout="60s" failed-stop-offset="INFINITY" failed-start-offset="INFINITY" batch-limit="0" transition_id="0">
      <rsc_op id="4" operation="monitor" operation_key="db_monitor_10000" on_node="n2" on_node_uuid="2">
        <rsc_op id="3" operation="start" operation_key="db_start_0" on_node="n2" on_node_uuid="2"/>
      <rsc_op id="3" operation="start" operation_key="db_start_0" on_node="n2" on_node_uuid="2">
        <rsc_op id="2" operation="stop" operation_key="db_stop_0" on_node="n1" on_node_uuid="1"/>
      <rsc_op id="2" operation="stop" operation_key="db_stop_0" on_node="n1" on_node_uuid="1">
$ mkdir all; cp up.xml all/a.xml; cp cib.xml all/b.xml; holdfast simulate -P all -N 2 | sed 's/[0-9.]* secs/N secs/'
Timings:
  * Testing all/a.xml ... N secs
  * Testing all/b.xml ... N secs
$ cp cib.xml own.xml; holdfast simulate -x own.xml -X -Q; holdfast simulate -x own.xml | tail -1
    * db	(ocf:pacemaker:Dummy):	 Started n1
$ holdfast simulate -p -R <cib.xml | tail -1; CIB_file=up.xml holdfast simulate -L -R --node-standby n1 | tail -1
  * Start      db      (    n1 )
  * Move       db      ( n1 -> n2 )
$ holdfast simulate -x up.xml --node-standby n1 -Q -R -a -D all.dot; grep dashed all.dot; holdfast simulate -x up.xml --node-standby n1 -Q -R -V -D verbose.dot; grep -- '->' verbose.dot
"db_monitor_10000 n1" [ style=dashed color="blue" fontcolor="black"]
"db_stop_0 n1 (2)" -> "db_start_0 n2 (3)" [ style = bold]
"db_start_0 n2 (3)" -> "db_monitor_10000 n2 (4)" [ style = bold]
