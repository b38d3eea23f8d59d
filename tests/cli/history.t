The history from a file: what its status remembers; and a log of its own.
$ cat >cib.xml <<'X'
> <cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources><group id="g"><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/></group><primitive id="ab" class="ocf" provider="heartbeat" type="Dummy"/></resources><constraints/></configuration><status><node_state id="1" uname="n1"><lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="a_last_0" operation="start" interval="0" rc-code="0" op-status="0" exec-time="17" last-rc-change="1795192816"/><lrm_rsc_op id="a_monitor_10000" operation="monitor" interval="10000" rc-code="7" op-status="0" exec-time="5" last-rc-change="1795192900" exit-reason="it is gone"/></lrm_resource><lrm_resource id="ab" class="ocf" provider="heartbeat" type="Dummy"><lrm_rsc_op id="ab_last_0" operation="stop" interval="0" rc-code="0" op-status="0" exec-time="1" last-rc-change="1795192850"/></lrm_resource></lrm_resources></lrm></node_state><fence-history><fence-event id="f1" target="n2" action="reboot" state="success" origin="scheduler" time="1795192860"/></fence-history></status></cib>
> X
$ holdfast history events
2026-11-20 16:40:16.000 operation     n1       start of a on n1: exit code 0, 17 ms
2026-11-20 16:40:50.000 operation     n1       stop of ab on n1: exit code 0, 1 ms
2026-11-20 16:41:00.000 fencing       n2       reboot of n2: success, asked for by scheduler
2026-11-20 16:41:40.000 operation     n1       monitor of a on n1, every 10000 ms: exit code 7, 5 ms: it is gone
$ holdfast history resource a; holdfast history resource g --json | grep -c '"text"'
2026-11-20 16:40:16.000 operation     n1       start of a on n1: exit code 0, 17 ms
2026-11-20 16:41:40.000 operation     n1       monitor of a on n1, every 10000 ms: exit code 7, 5 ms: it is gone
2
$ holdfast history node n2
2026-11-20 16:41:00.000 fencing       n2       reboot of n2: success, asked for by scheduler
$ holdfast history events since=@1795192855 until=@1795192870
2026-11-20 16:41:00.000 fencing       n2       reboot of n2: success, asked for by scheduler
$ holdfast history events since=yesterday
holdfast: found 'since=yesterday', expected a time: 10m, 2h or 1d ago, 16:40, 2026-11-20, '2026-11-20 16:40', @SECONDS
[2]
$ holdfast history info
Log: none found (HOLDFAST_LOG names files)
configuration       0 since -
operation           3 since 2026-11-20 16:40:16
fencing             1 since 2026-11-20 16:41:00
log                 0 since -
$ holdfast history resource 'x*'
holdfast: no resource is called like 'x*'
[3]
$ holdfast history transition 3
holdfast: the log here (none found) has no such transition: they are in the log of the node that was the coordinator then
[3]
$ holdfast history
holdfast: 'history revisions' needs a running cluster, but --file (or CIB_file) names cib.xml
[2]
