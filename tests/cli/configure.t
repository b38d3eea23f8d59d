configure: objects are made, shown, refused, renamed and deleted.
$ holdfast configure primitive vip ocf:test:Good ip=10.0.0.1 op monitor interval=10s timeout=20s
$ holdfast configure primitive web Dummy meta target-role=Stopped
$ holdfast configure primitive db ocf:heartbeat:Dummy params a="x y"
$ holdfast configure group g vip web
$ holdfast configure node n1
$ holdfast configure location l g 100: n1
$ holdfast configure order o Mandatory: db g
$ holdfast configure property stonith-enabled=false no-quorum-policy=stop
$ holdfast configure show
node n1
primitive db ocf:heartbeat:Dummy \
	params a="x y"
primitive vip ocf:test:Good \
	params ip=10.0.0.1 \
	op monitor interval=10s timeout=20s
primitive web ocf:heartbeat:Dummy \
	meta target-role=Stopped
group g vip web
location l g 100: n1
order o Mandatory: db g
property cib-bootstrap-options: \
	stonith-enabled=false \
	no-quorum-policy=stop
$ holdfast configure show l g
group g vip web
location l g 100: n1
$ holdfast configure show xml l
<rsc_location id="l" rsc="g" score="100" node="n1"/>
$ holdfast configure show --json l
{
  "objects": [
    {
      "element": "rsc_location",
      "attributes": {
        "id": "l",
        "rsc": "g",
        "score": "100",
        "node": "n1"
      }
    }
  ]
}
$ holdfast configure show nobody
holdfast: 'nobody' does not exist, expected the id of an object
[3]
$ holdfast configure primitive web Dummy
holdfast: primitive web exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
[3]
$ holdfast configure primitve x Dummy
holdfast: 'primitve' is not a command of configure; did you mean 'primitive'?
[2]
$ holdfast configure primitive x Dummy parms a=b
holdfast: line 1, column 19: found 'parms', expected one of description=, params, meta, utilization, operations, op; did you mean 'params'?
[2]
$ holdfast configure primitive x Dummy op monitor intreval=10s
holdfast: line 1, column 30: found 'intreval=10s', did you mean 'interval='? (a parameter of that name goes behind 'op_params')
[2]
$ holdfast configure group h nobody
holdfast: group h: resource 'nobody' does not exist, expected the id of a primitive
[3]
$ holdfast configure location k nobody 1: n1
holdfast: rsc_location k: rsc 'nobody' does not exist, expected the id of something that does
[3]
$ holdfast configure location k db 1: nowhere
holdfast: rsc_location (in "k"): node="nowhere" does not exist, expected the name of a node
[3]
$ holdfast configure delete db
holdfast: primitive db is referred to by rsc_order o, expected that to be deleted with it (--force does)
[3]
$ holdfast configure delete nobody
holdfast: 'nobody' does not exist, expected the id of an object
[3]
$ holdfast configure rename db database
$ holdfast configure show o database
primitive database ocf:heartbeat:Dummy \
	params $id=db-instance_attributes a="x y"
order o Mandatory: database g
$ holdfast configure delete o database
$ holdfast configure modgroup g remove web
$ holdfast configure modgroup g add web before vip
$ holdfast configure show g
group g web vip
$ holdfast configure unset property no-quorum-policy
$ holdfast configure unset property no-quorum-policy
holdfast: property 'no-quorum-policy' is not set
[3]
$ holdfast configure show property
property cib-bootstrap-options: \
	stonith-enabled=false
$ holdfast configure verify
The configuration is valid.
$ grep -o 'epoch="[0-9]*"' cib.xml
epoch="0"
epoch="14"
$ holdfast configure erase
holdfast: 'configure erase' deletes everything, expected --force
[3]
$ holdfast configure erase --force; holdfast configure show
node n1
$ printf 'node 1: m1\nnode 2: m2\nprimitive k1 Dummy\nprimitive k2 Dummy\nprimitive k3 Dummy\nclone kc k3\n' | holdfast configure; holdfast configure show changed
$ holdfast configure node m1 attributes standby=off utilization cpu=4; holdfast configure node m1: attributes rack=a standby=on; holdfast configure node 1: m1 attributes door=2
$ holdfast configure show m1
node 1: m1 \
	attributes standby=on rack=a door=2 \
	utilization cpu=4
$ holdfast configure node m1; holdfast configure node 7: m1 attributes rack=b
holdfast: node m1 exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
holdfast: node m1 has the id '1', expected that or none
[3]
$ holdfast configure node m1:remote attributes rack=b
holdfast: node m1 is of type member, expected that or none
[3]
$ holdfast configure node m3: attributes rack=c; holdfast configure show m3
node m3 \
	attributes rack=c
$ holdfast configure monitor kc 10s; holdfast configure monitor nobody 10s
holdfast: monitor: 'kc' is a clone, expected the id of a primitive
holdfast: monitor: 'nobody' does not exist, expected the id of a primitive
[3]
$ holdfast configure order k1-k2 kind=optional [ k1 k2 ] kc; holdfast configure order k2-k1 k2 k1 symmetrical=false kind=Serialize
$ holdfast configure show k1-k2 k2-k1
order k1-k2 Optional: [ k1 k2 ] kc
order k2-k1 Serialize: k2 k1 symmetrical=false
$ holdfast configure order kk k1 k2 kind=Seralize symmetrical=false
holdfast: line 1, column 16: found kind 'Seralize', expected one of Mandatory, Optional, Serialize
[2]
