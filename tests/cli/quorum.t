What happens without quorum, by no-quorum-policy. demote also stops what cannot be promoted, as Pacemaker does; suicide
has nothing to fence with here, and stops.
$ cat >promoted.xml <<'END'
> <cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1" execution-date="1700000000">
>  <configuration>
>   <crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o2" name="no-quorum-policy" value="stop"/></cluster_property_set></crm_config>
>   <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
>   <resources><primitive id="db" class="ocf" provider="pacemaker" type="Dummy"/>
>    <clone id="c"><meta_attributes id="cm"><nvpair id="cm1" name="promotable" value="true"/></meta_attributes>
>     <primitive id="p" class="ocf" provider="pacemaker" type="Stateful"/></clone></resources>
>   <constraints><rsc_location id="l" rsc="c" role="Promoted" node="n1" score="10"/></constraints>
>  </configuration>
>  <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status>
> </cib>
> END
$ holdfast simulate -x promoted.xml -S -Q -O runs.xml
$ for p in stop freeze ignore demote suicide; do sed "s/value=\"stop\"/value=\"$p\"/; s/have-quorum=\"1\"/have-quorum=\"0\"/" runs.xml >lost.xml; holdfast simulate -x lost.xml -S -Q -O then.xml; echo "$p:"; holdfast simulate -x then.xml | grep -E 'db|Promoted|Unpromoted|Stopped: .*n1'; done
stop:
    * db	(ocf:pacemaker:Dummy):	 Stopped
      * Stopped: [ n1 n2 ]
freeze:
    * db	(ocf:pacemaker:Dummy):	 Started n1
      * Promoted: [ n1 ]
ignore:
    * db	(ocf:pacemaker:Dummy):	 Started n1
      * Promoted: [ n1 ]
demote:
    * db	(ocf:pacemaker:Dummy):	 Stopped
      * Unpromoted: [ n1 ]
suicide:
    * db	(ocf:pacemaker:Dummy):	 Stopped
      * Stopped: [ n1 n2 ]
