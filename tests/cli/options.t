Options of the cluster, of resources and operations: slips are refused, foreign names are not.
$ holdfast configure property stonith-enabled=flase
holdfast: refused (--force overrides): cluster option stonith-enabled: found 'flase', expected true or false
[3]
$ holdfast configure property stonith-enabeld=false
holdfast: refused (--force overrides): there is no cluster option 'stonith-enabeld'; did you mean 'stonith-enabled'?
[3]
$ holdfast configure property no-quorum-policy=ignored
holdfast: refused (--force overrides): cluster option no-quorum-policy: found 'ignored', expected one of stop, freeze, ignore, demote, suicide, fence
[3]
$ holdfast configure property cluster-recheck-interval=5q batch-limit=3
holdfast: refused (--force overrides): cluster option cluster-recheck-interval: found '5q', expected a time, such as 30s, 5min or PT1H
[3]
$ holdfast configure property batch-limit=many
holdfast: refused (--force overrides): cluster option batch-limit: found 'many', expected a whole number
[3]
$ holdfast configure property load-threshold=80
holdfast: refused (--force overrides): cluster option load-threshold: found '80', expected a percentage
[3]
$ holdfast configure property my-own-data=anything cluster-recheck-interval=PT5M no-quorum-policy=FREEZE load-threshold=80%
holdfast: warning: there is no cluster option 'my-own-data': it is kept, and has no effect here
$ holdfast configure property stonith-enabled=flase --force
$ holdfast configure rsc_defaults resource-stikiness=100
holdfast: refused (--force overrides): there is no meta attribute 'resource-stikiness'; did you mean 'resource-stickiness'?
[3]
$ holdfast configure rsc_defaults resource-stickiness=much
holdfast: refused (--force overrides): meta attribute resource-stickiness: found 'much', expected a whole number, INFINITY or -INFINITY
[3]
$ holdfast configure rsc_defaults resource-stickiness=INFINITY migration-threshold=3
$ holdfast configure op_defaults timeout=soon
holdfast: refused (--force overrides): operation attribute timeout: found 'soon', expected a time, such as 30s, 5min or PT1H
[3]
$ holdfast configure primitive a Dummy meta target-role=stopped is-managed=perhaps
holdfast: refused (--force overrides): primitive a: meta attribute is-managed: found 'perhaps', expected true or false
[3]
$ holdfast configure primitive a Dummy meta target-rol=Stopped
holdfast: refused (--force overrides): primitive a: there is no meta attribute 'target-rol'; did you mean 'target-role'?
[3]
$ holdfast configure primitive a Dummy op monitor interval=10s on-fail=explode
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute on-fail: found 'explode', expected one of ignore, block, demote, stop, restart, standby, fence, restart-container
[3]
$ holdfast configure primitive a Dummy op monitor interval=ten
holdfast: refused (--force overrides): primitive a: op monitor: operation attribute interval: found 'ten', expected a time, such as 30s, 5min or PT1H
[3]
$ holdfast configure primitive a Dummy meta target-role=stopped whatever=1 op monitor interval=10s on-fail=restart
holdfast: warning: there is no meta attribute 'whatever': it is kept, and has no effect here
$ holdfast configure monitor a 20s:never
holdfast: refused (--force overrides): op monitor: operation attribute timeout: found 'never', expected a time, such as 30s, 5min or PT1H
[3]
$ printf 'primitive b Dummy\nclone c b meta interleave=treu\n' | holdfast configure load -
holdfast: standard input: refused (--force overrides): line 2: clone c: meta attribute interleave: found 'treu', expected true or false
[3]
$ holdfast resource meta a set maintenance sometimes
holdfast: refused (--force overrides): meta attribute maintenance: found 'sometimes', expected true or false
[3]
$ holdfast resource meta a set priority 7; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	meta target-role=stopped whatever=1 priority=7 \
	op monitor interval=10s on-fail=restart
$ printf '<cluster_property_set id="x"><nvpair id="x-1" name="no_quorum-policy" value="stop"/></cluster_property_set>' | holdfast configure load -; holdfast configure show x
holdfast: warning: there is no cluster option 'no_quorum-policy'; did you mean 'no-quorum-policy'?
property x: \
	no_quorum-policy=stop
$ holdfast configure property stonith-enabled --help
stonith-enabled
    Whether nodes that are lost or fail to stop are fenced before their resources are recovered.
    Values: true or false
    Default: true
$ holdfast configure property no-quorum-policy batch-limit --help
no-quorum-policy
    What a partition without quorum does with its resources.
    Values: stop, freeze, ignore, demote, suicide, fence
    Default: stop
batch-limit
    How many actions may run in the cluster at the same time; 0: no limit.
    Values: a whole number
    Default: 0
$ printf 'configure\nproperty cluster-delay --help\n' | holdfast
cluster-delay
    Time that an order to another node may take beyond the action's own.
    Values: a time, such as 30s, 5min or PT1H
    Default: 60s
$ holdfast configure property --help stonith-enabeld; holdfast configure property rabbit --help
holdfast: there is no cluster option 'stonith-enabeld'; did you mean 'stonith-enabled'?
holdfast: there is no cluster option 'rabbit', expected one of those that 'configure property' lists
[3]
$ holdfast --json configure property cluster-name --help
{
  "options": [
    {
      "name": "cluster-name",
      "summary": "The cluster's name; set by the cluster, from corosync.conf",
      "values": "any text",
      "default": null
    }
  ]
}
$ for o in $(holdfast configure property); do holdfast configure property $o --help >/dev/null || echo "$o is not described"; done
$ holdfast configure get-property batch-limit cluster-delay dc-deadtime; holdfast configure get_property -t maintenance-mode
0
60s
holdfast: cluster option 'dc-deadtime' is not set and has no default
false
$ holdfast configure get-property | head -2; holdfast configure show batch 2>&1 | head -1
no-quorum-policy
symmetric-cluster
holdfast: 'batch' does not exist, expected the id of an object
$ holdfast configure property cancel-removed-actions=flase
holdfast: refused (--force overrides): cluster option cancel-removed-actions: found 'flase', expected true or false
[3]
