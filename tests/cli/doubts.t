What can be written and cannot be meant: refused where it is written, told of where it comes from elsewhere.
$ holdfast configure primitive a Dummy op monitor interval=-5s
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute interval: found '-5s', expected no less than 0
[3]
$ holdfast configure primitive a Dummy op monitor interval=99999999999999999999s
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute interval: found '99999999999999999999s', expected no more than 49 days
[3]
$ holdfast configure primitive a Dummy op monitor interval=1194h timeout=20s
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute interval: found '1194h', expected no more than 49 days
[3]
$ holdfast configure primitive a Dummy op monitor interval=1d
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute interval: found '1d', expected a time, such as 30s, 5min or PT1H
[3]
$ holdfast configure op_defaults timeout=4294967296ms
holdfast: refused (--force overrides): operation attribute timeout: found '4294967296ms', expected no more than 49 days
[3]
$ holdfast configure property cluster-recheck-interval=-1 stonith-watchdog-timeout=-1
holdfast: refused (--force overrides): cluster option cluster-recheck-interval: found '-1', expected no less than 0
[3]
$ holdfast configure primitive a Dummy op monitor interval=10s op monitor interval=10000ms
holdfast: refused (--force overrides): primitive a: 'monitor' is said twice, expected one operation of that name and interval
[3]
$ holdfast configure primitive $(printf 'x%.0s' $(seq 201)) Dummy
holdfast: refused (--force overrides): the id 'xxxxxxxxxxxxxxxxxxxx...' has 201 characters, expected at most 200
[3]
$ for r in a b c d $(printf 'x%.0s' $(seq 200)); do holdfast configure primitive $r Dummy op monitor interval=1193h timeout=4294967295ms; done
$ holdfast configure property stonith-watchdog-timeout=-1 foo=1; holdfast configure property agents-own: foo=1
holdfast: warning: there is no cluster option 'foo': it is kept, and has no effect here
$ holdfast configure rsc_defaults colour=blue
holdfast: warning: there is no meta attribute 'colour': it is kept, and has no effect here
$ holdfast configure colocation c1 inf: a a
holdfast: refused (--force overrides): colocation c1: 'a' is named twice, expected another resource
[3]
$ holdfast configure colocation c1 inf: [ a b ] c:Promoted a
holdfast: refused (--force overrides): colocation c1: 'a' is named twice, expected another resource
[3]
$ holdfast configure order o1 a a
holdfast: refused (--force overrides): order o1: 'a' is named twice with action start, expected another resource
[3]
$ holdfast configure order o1 Mandatory: a b a
holdfast: refused (--force overrides): order o1: 'a' is named twice with action start, expected another resource
[3]
$ holdfast configure node n1; holdfast configure order o1 a:start b:start; holdfast configure order o2 [ a b ] c b:promote; holdfast configure location l1 a 5: n1
$ holdfast configure group g c d
$ holdfast configure order o3 g c
holdfast: refused (--force overrides): order o3: 'c' is in g, expected a resource that is not
[3]
$ holdfast configure colocation c3 inf: c g
holdfast: refused (--force overrides): colocation c3: 'c' is in g, expected a resource that is not
[3]
$ holdfast configure order o3 c g --force
$ holdfast configure clone cl a
holdfast: warning: order o1: 'a' is in clone cl, expected 'cl' in its place
holdfast: warning: order o2: 'a' is in clone cl, expected 'cl' in its place
holdfast: warning: location l1: 'a' is in clone cl, expected 'cl' in its place
$ holdfast configure clone cg g
$ holdfast configure order o4 a b
holdfast: refused (--force overrides): order o4: 'a' is in clone cl, expected 'cl' in its place
[3]
$ holdfast configure location l4 { b c } 5: n1
holdfast: refused (--force overrides): location l4: 'c' is in clone cg, expected 'cg' in its place
[3]
$ holdfast configure rsc_ticket t4 T: c
holdfast: refused (--force overrides): rsc_ticket t4: 'c' is in clone cg, expected 'cg' in its place
[3]
$ holdfast configure order o4 cl b; holdfast configure colocation c4 inf: b cg
$ printf '<rsc_order id="o5" first="b" then="b"/>' | holdfast configure load update -
holdfast: warning: order o5: 'b' is named twice with action start, expected another resource
$ holdfast configure property stonith-enabled=flase --force
$ holdfast configure verify | grep -v 'constraint\|resource_set'
warning: cluster option stonith-enabled: found 'flase', expected true or false
warning: order o1: 'a' is in clone cl, expected 'cl' in its place
warning: order o2: 'a' is in clone cl, expected 'cl' in its place
warning: location l1: 'a' is in clone cl, expected 'cl' in its place
warning: order o3: 'c' is in clone cg, expected 'cg' in its place
warning: order o5: 'b' is named twice with action start, expected another resource
warning: cluster option fencing-enabled: "flase" is not a boolean; using its default
warning: fencing is enabled but no fence device is configured: resources stay as they are
The configuration is valid.
$ holdfast --json configure verify | grep o5
    "order o5: 'b' is named twice with action start, expected another resource",
$ holdfast configure primitive e Dummy meta is-managed=true op monitor interval=10s utilization cpu=many
holdfast: refused (--force overrides): primitive e: utilization cpu: found 'many', expected a whole number
[3]
$ holdfast configure primitive e ocf:test:Good params ip=10.0.0.1 meta is-managed=true op monitor interval=10s utilization cpu=2; holdfast configure node n1 utilization cpu=x
holdfast: refused (--force overrides): node n1: utilization cpu: found 'x', expected a whole number
[3]
$ holdfast configure set e.monitor.interval -5s; holdfast configure set e.is-managed perhaps; holdfast configure set e.cpu x; holdfast configure set o4.then cl
holdfast: refused (--force overrides): primitive e: op monitor: operation attribute interval: found '-5s', expected no less than 0
holdfast: refused (--force overrides): primitive e: meta attribute is-managed: found 'perhaps', expected true or false
holdfast: refused (--force overrides): primitive e: utilization cpu: found 'x', expected a whole number
holdfast: refused (--force overrides): order o4: 'cl' is named twice with action start, expected another resource
[3]
$ holdfast resource param e set ipp 10.0.0.2; holdfast resource meta e set shape round; holdfast resource utilization e set cpu 1.5; holdfast node utilization n1 set cpu 1.5
holdfast: refused (--force overrides): agent ocf:test:Good has no parameter 'ipp', expected one of those that 'ra info ocf:test:Good' lists
holdfast: warning: there is no meta attribute 'shape': it is kept, and has no effect here
holdfast: refused (--force overrides): utilization cpu: found '1.5', expected a whole number
holdfast: refused (--force overrides): utilization cpu: found '1.5', expected a whole number
[3]
$ holdfast resource param e set ip 10.0.0.2; holdfast resource param e delete door; holdfast node attribute n1 delete door
'e' has no 'door'.
'n1' has no 'door'.
$ holdfast resource meta e set; holdfast node attribute n1 set a; holdfast resource meta e frob x
holdfast: found 0 arguments behind 'set', expected: meta RESOURCE show [NAME] | set NAME VALUE | delete NAME
holdfast: found 1 argument behind 'set', expected: attribute NODE show [NAME] | set NAME VALUE [reboot] | delete NAME
holdfast: found 'frob', expected: meta RESOURCE show [NAME] | set NAME VALUE | delete NAME
[2]
$ holdfast ra providers Good; holdfast ra providers Nobody
test
holdfast: no provider has an agent 'Nobody' on this machine ('ra list ocf')
[3]
$ holdfast configure location lr b rule inf: date gt notadate
holdfast: refused (--force overrides): lr: date: found 'notadate', expected a time such as 2030-12-31 or '2030-12-31 08:00:00Z'
[3]
$ holdfast configure location lr b rule inf: date in start=2020-13-45; holdfast configure location lr b rule inf: date in start=2020-01-01 months=x
holdfast: refused (--force overrides): lr: date: found '2020-13-45', expected a time such as 2030-12-31 or '2030-12-31 08:00:00Z'
holdfast: refused (--force overrides): lr: date: found months=x, expected a whole number
[3]
$ for p in hours=25 weekdays=0 hours=17-9 months=abc hours=- days=1-2-3 minutes=-60; do holdfast configure location lr b rule inf: date spec $p; done
holdfast: refused (--force overrides): lr: date: found hours=25, expected a number from 0 to 23, or a range of them
holdfast: refused (--force overrides): lr: date: found weekdays=0, expected a number from 1 to 7, or a range of them
holdfast: refused (--force overrides): lr: date: found hours=17-9, expected a number from 0 to 23, or a range of them
holdfast: refused (--force overrides): lr: date: found months=abc, expected a number from 1 to 12, or a range of them
holdfast: refused (--force overrides): lr: date: found hours=-, expected a number from 0 to 23, or a range of them
holdfast: attribute 'days' not allowed in <date_spec id='lr-rule-expression-date_spec'>: expected id, years, months, weeks, hours, minutes, seconds, monthdays, weekdays, weekyears, yearsdays, moon or yeardays
holdfast: refused (--force overrides): lr: date: found minutes=-60, expected a number from 0 to 59, or a range of them
[3]
$ holdfast configure location lr /[/ 5: n1
holdfast: refused (--force overrides): lr: pattern: found '[', expected a regular expression: Invalid regular expression
[3]
$ holdfast configure location lr b rule inf: date spec hours=9-17 months=-3 years=2024- minutes=0 or date in start=2020-02-29 months=40; holdfast configure show lr
location lr b \
	rule inf: date spec hours=9-17 months=-3 years=2024- minutes=0 or date in start=2020-02-29 months=40
$ holdfast configure primitive f Dummy op moniter interval=10s; holdfast configure primitive f Dummy op start interval=10s
holdfast: refused (--force overrides): primitive f: there is no operation 'moniter'; did you mean 'monitor'?
holdfast: refused (--force overrides): primitive f: op start: found interval '10s', expected 0: it does not recur
[3]
$ holdfast configure primitive f Dummy meta target-role=Promoted op start interval=0s op tidy interval=1h; holdfast configure verify | grep target-role
warning: primitive f: target-role=Promoted has no effect: it is not in a promotable clone
$ printf '<rsc_location id="ld" rsc="b"><rule id="ld-r" score="1"><date_expression id="ld-e" operation="gt" start="someday"/></rule></rsc_location>' | holdfast configure load update -; holdfast configure verify | grep someday
holdfast: warning: ld: date: found 'someday', expected a time such as 2030-12-31 or '2030-12-31 08:00:00Z'
warning: ld: date: found 'someday', expected a time such as 2030-12-31 or '2030-12-31 08:00:00Z'
$ holdfast configure primitive dev stonith:fence_lab --force; holdfast configure fencing_topology n1: dev b
holdfast: refused (--force overrides): fencing_topology: 'b' is of class ocf, expected a fence device (stonith)
[3]
$ holdfast configure fencing_topology n1: dev,dev; holdfast configure show fencing_topology
fencing_topology \
	n1: dev,dev
$ printf '<configuration><fencing-topology><fencing-level id="fl" target="n1" index="1" devices="dev,b"/></fencing-topology></configuration>' | holdfast configure load update -; holdfast verify | grep topology
holdfast: warning: fencing_topology: 'b' is of class ocf, expected a fence device (stonith)
warning: fencing_topology: 'b' is of class ocf, expected a fence device (stonith)
$ for o in 'stop on-fail=standby' 'start on-fail=demote' 'monitor interval=10s on-fail=demote'; do holdfast configure primitive h Dummy op $o; done
holdfast: refused (--force overrides): primitive h: op stop: found on-fail 'standby', expected one of block, fence, ignore
holdfast: refused (--force overrides): primitive h: op start: found on-fail 'demote', which is only for promote and for monitor with role Promoted
holdfast: refused (--force overrides): primitive h: op monitor: found on-fail 'demote', which is only for promote and for monitor with role Promoted
[3]
$ holdfast configure primitive h Dummy op stop on-fail=block op start on-fail=standby op promote on-fail=demote op monitor interval=10s role=Master on-fail=demote
