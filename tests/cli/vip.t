configure vip: one line makes a VIP; moving, banning and status of it.
$ printf 'node 1: n1\nnode 2: n2\n' | holdfast configure
$ holdfast configure vip 10.0.0.10/24
holdfast: refused (--force overrides): line 1: primitive vip: agent ocf:holdfast:VIP is not installed on this machine, expected the program TESTS/ocf/resource.d/holdfast/VIP
[3]
$ holdfast --force configure vip 10.0.0.10/24 nic=eth0
vip, in the promotable clone vip-clone.
$ holdfast --force configure vip 10.0.0.11/24 2001:db8::1/64 id=web advert_int=0.1
web, in the promotable clone web-clone.
$ holdfast --force configure vip 10.0.0.12
vip2, in the promotable clone vip2-clone.
$ holdfast --force configure vip 2001:DB8:0::1
holdfast: 2001:DB8:0::1 is the address of resource web already, expected one that no resource has
[3]
$ holdfast configure show vip vip-clone web vip2
clone vip-clone vip \
	meta promotable=true promoted-max=1 promoted-node-max=1 clone-node-max=1 interleave=true
primitive vip ocf:holdfast:VIP \
	params ip=10.0.0.10 cidr_netmask=24 nic=eth0 \
	op start interval=0s timeout=20s \
	op stop interval=0s timeout=20s \
	op promote interval=0s timeout=30s \
	op demote interval=0s timeout=20s \
	op monitor interval=10s timeout=20s role=Promoted \
	op monitor interval=11s timeout=20s role=Unpromoted
primitive web ocf:holdfast:VIP \
	params ip="10.0.0.11/24 2001:db8::1/64" advert_int=0.1 \
	op start interval=0s timeout=20s \
	op stop interval=0s timeout=20s \
	op promote interval=0s timeout=30s \
	op demote interval=0s timeout=20s \
	op monitor interval=10s timeout=20s role=Promoted \
	op monitor interval=11s timeout=20s role=Unpromoted
primitive vip2 ocf:holdfast:VIP \
	params ip=10.0.0.12 \
	op start interval=0s timeout=20s \
	op stop interval=0s timeout=20s \
	op promote interval=0s timeout=30s \
	op demote interval=0s timeout=20s \
	op monitor interval=10s timeout=20s role=Promoted \
	op monitor interval=11s timeout=20s role=Unpromoted
$ holdfast --force --json configure vip 10.0.0.13/32
{
  "id": "vip3",
  "clone": "vip3-clone"
}
$ holdfast configure delete vip2-clone vip2 vip3-clone vip3 web-clone web
$ holdfast --force configure vip 10.0.0.300
holdfast: found '10.0.0.300', expected an address such as 192.0.2.10/24 or 2001:db8::10/64, id=NAME or PARAMETER=VALUE
[2]
$ holdfast --force configure vip 10.0.0.3/33
holdfast: found '10.0.0.3/33', expected a prefix length from 1 to 32 behind the address
[2]
$ holdfast --force configure vip 2001:db8::1/0
holdfast: found '2001:db8::1/0', expected a prefix length from 1 to 128 behind the address
[2]
$ holdfast --force configure vip 10.0.0.3 web
holdfast: found 'web', expected an address such as 192.0.2.10/24 or 2001:db8::10/64, id=NAME or PARAMETER=VALUE
[2]
$ holdfast --force configure vip 10.0.0.3 nic=eth0 10.0.0.4
holdfast: found '10.0.0.4', expected id=NAME or PARAMETER=VALUE behind the addresses
[2]
$ holdfast --force configure vip nic=eth0
holdfast: found 'nic=eth0', expected an address such as 192.0.2.10/24
[2]
$ holdfast --force configure vip 10.0.0.3 ip=10.0.0.4
holdfast: found 'ip=10.0.0.4', but the addresses are given without a name
[2]
$ holdfast --force configure vip 10.0.0.3 id=vip
holdfast: line 1: primitive vip exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
[3]
$ holdfast configure vip
holdfast: 'configure vip' has 0 arguments, expected: configure vip ADDRESS[/PREFIX]... [id=NAME] [PARAMETER=VALUE...]
[2]
$ holdfast resource move vip n2; holdfast configure show type:location; holdfast resource clear vip
location cli-prefer-vip vip-clone role=Promoted inf: n2
$ holdfast resource ban vip-clone n1 PT1H; holdfast configure show type:location | sed 's/lt ".*"/lt WHEN/'; holdfast resource clear vip-clone; holdfast configure show type:location
location cli-ban-vip-clone-on-n1 vip-clone \
	rule $role=Promoted -inf: #uname eq n1 and date lt WHEN
$ printf 'primitive haproxy Dummy\ncolocation haproxy-with-vip inf: haproxy vip-clone:Promoted\norder vip-first Mandatory: vip-clone:promote haproxy:start\n' | holdfast configure; holdfast configure show haproxy-with-vip vip-first
colocation haproxy-with-vip inf: haproxy vip-clone:Promoted
order vip-first Mandatory: vip-clone:promote haproxy:start
$ python3 - <<'END'
> line = "contested=%s state=%s right=%s vrid=51 priority=%s term=%s interface=eth0 fault=%s"
> def state(n, *w): return ('<node_state id="%d" uname="n%d" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="%d"><instance_attributes id="s%d"><nvpair id="v%d" name="holdfast-vip-vip" value="%s"/></instance_attributes></transient_attributes></node_state>' % (n, n, n, n, n, line % w))
> text = open("cib.xml").read()
> for name, one, other in (("lock", ("no", "MASTER", "lock", 250, 7, ""), ("no", "BACKUP", "lock-missing", 240, 0, "")), ("none", ("yes", "MASTER", "none", 250, 0, ""), ("no", "FAULT", "none", 0, 0, "eth0 has no carrier"))):
>     open(name + ".xml", "w").write(text.replace("<status/>", "<status>" + state(1, *one) + state(2, *other) + "</status>"))
> END
$ holdfast --file lock.xml status | sed -n '/^VIPs/,$p'
VIPs:
  * vip (10.0.0.10/24): n1
    * VRID 51, right: lock
    * n1: MASTER on eth0, priority 250
    * n2: BACKUP on eth0, priority 240
$ holdfast --file none.xml status | sed -n '/^VIPs/,$p'
VIPs:
  * vip (10.0.0.10/24): n1
    * VRID 51, lock=none: a foreign router may own it, too
    * n1: MASTER on eth0, priority 250, CONTESTED: another router advertises it, too
    * n2: FAULT on eth0, priority 0 (does not take it by itself), FAULT: eth0 has no carrier
$ holdfast --file none.xml --json status | sed -n '/"vips"/,$p'
  "vips": [
    {
      "id": "vip",
      "ip": "10.0.0.10",
      "cidr_netmask": "24",
      "owner": "n1",
      "right": "none",
      "vrid": "51",
      "nodes": [
        {
          "node": "n1",
          "state": "MASTER",
          "priority": 250,
          "right": "none",
          "has-right": true,
          "term": 0,
          "interface": "eth0",
          "contested": true,
          "fault": ""
        },
        {
          "node": "n2",
          "state": "FAULT",
          "priority": 0,
          "right": "none",
          "has-right": true,
          "term": 0,
          "interface": "eth0",
          "contested": false,
          "fault": "eth0 has no carrier"
        }
      ]
    }
  ]
}
$ python3 - <<'END'
> def node(n, op): return """<node_state id="%d" uname="n%d" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="%d"><instance_attributes id="a%d"><nvpair id="m%d" name="master-vip" value="5"/></instance_attributes></transient_attributes><lrm id="%d"><lrm_resources>""" % (n, n, n, n, n, n) + "".join("""<lrm_resource id="%s" class="ocf" provider="%s" type="%s"><lrm_rsc_op id="%s_last_0" operation_key="%s_%s_0" operation="%s" transition-key="3:1:0:aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa" transition-magic="0:0;3:1:0:aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa" crm_feature_set="3.16.2" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8" call-id="5" rc-code="0" op-status="0" interval="0"/></lrm_resource>""" % (id, provider, type, id, id, op, op) for id, provider, type, op in (("vip", "holdfast", "VIP", op), ("proxy", "heartbeat", "Dummy", "start"))) + "</lrm_resources></lrm></node_state>"
> open("held.xml", "w").write("""<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1"><configuration><crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources><clone id="vip-clone"><meta_attributes id="vm"><nvpair id="vm1" name="promotable" value="true"/><nvpair id="vm2" name="interleave" value="true"/></meta_attributes><primitive id="vip" class="ocf" provider="holdfast" type="VIP"/></clone><clone id="proxies"><meta_attributes id="pm"><nvpair id="pm1" name="interleave" value="true"/></meta_attributes><primitive id="proxy" class="ocf" provider="heartbeat" type="Dummy"/></clone></resources><constraints><rsc_colocation id="with-proxy" rsc="vip-clone" rsc-role="Promoted" with-rsc="proxies" score="INFINITY"/></constraints></configuration><status>""" + node(1, "promote") + node(2, "start") + "</status></cib>")
> END
$ holdfast --file held.xml resource move vip n2
'vip' does not get promoted on n2 now:
   INFINITY  vip:0 on n1: it must be promoted where proxies is, which is here
             change it: holdfast configure delete with-proxy
  A move is an infinite score: it outweighs finite ones. 'explain vip@n2' says more.
$ holdfast --file held.xml explain vip
vip:
  now: runs on n1
  next: stays as it is
   INFINITY  vip:0 on n1: it must be promoted where proxies is, which is here
             change it: holdfast configure delete with-proxy
          5  vip:0 on n1: its agent asks to be promoted there (promotion score)
          1  vip:0 on n1: it runs there now, and stays by its resource-stickiness
             change it: holdfast resource move vip-clone
$ holdfast --file held.xml resource clear vip; holdfast --file held.xml configure delete with-proxy; holdfast --file held.xml configure colocation with-proxy 1000: vip-clone:Promoted proxies
$ holdfast --file held.xml resource move vip-clone n2; holdfast --file held.xml explain vip | sed -n 2,5p
  now: runs on n1
  next: Demote n1 -> n1
  next: Promote n2 -> n2
       1000  vip:0 on n1: it should (1000) be promoted where proxies is, which is here
$ holdfast --file held.xml resource move proxies n2
$ holdfast --file held.xml node standby n2; holdfast --file held.xml resource move vip n2
'vip' does not get promoted on n2 now:
  -INFINITY  vip:0 on n2: the node is in standby
             change it: holdfast node online n2
  A move is an infinite score: it outweighs finite ones. 'explain vip@n2' says more.
