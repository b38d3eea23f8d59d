Showing and saving some objects: types, tags, relations, patterns, both and either; hidden values; values set by their path.
$ printf 'node n1\nproperty stonith-enabled=false batch-limit=3\nprimitive web ocf:heartbeat:Dummy params fake=secret op monitor interval=10s op monitor interval=20s role=Stopped op start timeout=30s meta priority=1\nprimitive web2 Dummy\nprimitive db Dummy\ngroup g db\nlocation l web 5: n1\norder o web g\ntag t: web db\n' | holdfast --force configure
$ holdfast configure show 'web*'
primitive web ocf:heartbeat:Dummy \
	params fake=secret \
	op monitor interval=10s \
	op monitor interval=20s role=Stopped \
	op start interval=0 timeout=30s \
	meta priority=1
primitive web2 ocf:heartbeat:Dummy
$ holdfast configure show type:primitive and 'web*' and type:primitive | grep '^[a-z]'
primitive web ocf:heartbeat:Dummy \
primitive web2 ocf:heartbeat:Dummy
$ holdfast configure show type:node or type:tag
node n1
tag t: web db
$ holdfast configure show tag:t | grep '^[a-z]'
primitive web ocf:heartbeat:Dummy \
primitive db ocf:heartbeat:Dummy
$ holdfast configure show related:web
primitive web ocf:heartbeat:Dummy \
	params fake=secret \
	op monitor interval=10s \
	op monitor interval=20s role=Stopped \
	op start interval=0 timeout=30s \
	meta priority=1
location l web 5: n1
order o web g
$ holdfast configure show related:heartbeat:dum and db
primitive db ocf:heartbeat:Dummy
$ holdfast configure show web obscure:fak*
primitive web ocf:heartbeat:Dummy \
	params fake=****** \
	op monitor interval=10s \
	op monitor interval=20s role=Stopped \
	op start interval=0 timeout=30s \
	meta priority=1
$ holdfast configure show obscure:fak* | grep -c secret
0
[1]
$ holdfast configure show changed; printf 'primitive n Dummy\nshow changed\nshow changed type:tag\n' | holdfast configure
primitive n ocf:heartbeat:Dummy
primitive n ocf:heartbeat:Dummy
tag t: web db
$ holdfast configure show nobody; holdfast configure show 'nobody*'
holdfast: 'nobody' does not exist, expected the id of an object
$ holdfast configure save type:tag or web2 part.crm; cat part.crm
primitive web2 ocf:heartbeat:Dummy
tag t: web db
$ holdfast configure set web.fake open; holdfast configure set web.priority 2; holdfast configure set web.start.timeout 40s; holdfast configure set web.monitor.10s.interval 15s; holdfast configure show web
primitive web ocf:heartbeat:Dummy \
	params fake=open \
	op monitor interval=15s \
	op monitor interval=20s role=Stopped \
	op start interval=0 timeout=40s \
	meta priority=2
$ holdfast configure set cib-bootstrap-options.batch-limit 4; holdfast configure get-property batch-limit
4
$ holdfast configure set web.monitor.timeout 5s; holdfast configure set web.stop.timeout 5s; holdfast configure set web.nothing 5; holdfast configure set nobody.x 5; holdfast configure set l.score 7; holdfast configure show l
holdfast: 'web' has several such operations, expected ID.OPERATION.INTERVAL.NAME
holdfast: 'web' has no 'stop.timeout' that could be set ('configure show web')
holdfast: 'web' has no 'nothing' that could be set ('configure show web')
holdfast: 'nobody.x' does not begin with the id of an object, expected ID.NAME or ID.OPERATION.[INTERVAL.]NAME
location l web 7: n1
$ holdfast --force configure filter "sed '/^primitive web /s/priority=2/priority=3/'" && holdfast resource meta web show priority
3
$ holdfast configure filter "sed s/primitive/rabbit/" ; holdfast configure filter "exit 3"; holdfast --force configure filter "sed s/open/shut/" web; holdfast resource param web show fake
holdfast: what the filter printed: line 2, column 1: found 'rabbit', expected one of primitive, group, clone, ms, bundle, rsc_template, monitor, location, colocation, order, rsc_ticket, node, property, rsc_defaults, op_defaults, tag, fencing_topology, alert, role, acl_target, acl_group, xml
holdfast: the filter 'exit 3': ended with exit code 3: nothing was changed
shut
$ holdfast configure filter "grep -v ^tag" t; holdfast configure show t
holdfast: the filter 'grep -v ^tag': ended with exit code 1: nothing was changed
tag t: web db
$ holdfast configure get_property -t stonith-enabled; holdfast configure get_property -t maintenance-mode
false
false
$ holdfast configure property | head -3
no-quorum-policy
symmetric-cluster
maintenance-mode
$ printf 'tag t web db\n' | holdfast configure; holdfast resource stop t; holdfast configure show type:primitive | grep -c target-role=Stopped
holdfast: tag t exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
holdfast: stopped at line 1; later lines were not run
2
$ printf 'primitive pm Dummy\nms pms pm\n' | holdfast configure; holdfast configure show type:ms
clone pms pm \
	meta promotable=true
