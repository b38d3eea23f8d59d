resource and node: day-to-day work.
$ printf 'node n1\nnode n2\nprimitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\ngroup g b c\nprimitive d Dummy\nclone p d meta promotable=true\n' | holdfast configure
$ holdfast resource stop a g
$ holdfast configure show a g
primitive a ocf:heartbeat:Dummy \
	meta target-role=Stopped
group g b c \
	meta target-role=Stopped
$ holdfast resource start a g; holdfast resource meta a show target-role
Started
$ holdfast resource stop nobody
holdfast: resource 'nobody' does not exist, expected the id of a resource
[3]
$ holdfast resource stop aa
holdfast: resource 'aa' does not exist, expected the id of a resource
[3]
$ holdfast resource stop
holdfast: 'resource stop' has 0 arguments, expected: resource stop RESOURCE...
[2]
$ holdfast resource promote p; holdfast resource meta p
promotable=true
target-role=Promoted
$ holdfast resource demote d; holdfast resource meta p show target-role
Unpromoted
$ holdfast resource promote a
holdfast: 'a' is not a promotable clone (meta promotable=true)
[3]
$ holdfast resource unmanage a; holdfast resource maintenance a on; holdfast configure show a
primitive a ocf:heartbeat:Dummy \
	meta target-role=Started is-managed=false maintenance=true
$ holdfast resource manage a; holdfast resource maintenance a off; holdfast resource maintenance a perhaps
holdfast: found 'perhaps', expected on or off
[2]
$ holdfast resource move a n2; holdfast configure show cli-prefer-a
location cli-prefer-a a inf: n2
$ holdfast resource ban a n2; holdfast resource ban a n1; holdfast configure show type:location
location cli-ban-a-on-n2 a -inf: n2
location cli-ban-a-on-n1 a -inf: n1
$ holdfast resource clear a; holdfast configure show type:location; holdfast resource clear a
'a' was neither moved nor banned.
$ holdfast resource move a nowhere
holdfast: node 'nowhere' does not exist, expected the name of a node
[3]
$ holdfast resource move a n1 soon
holdfast: found 'soon', expected a duration such as PT30M or P1DT12H
[2]
$ holdfast resource param a set state /tmp/x; holdfast resource param a; holdfast resource param a delete state; holdfast resource param a show state
state=/tmp/x
holdfast: 'a' has no 'state'
[3]
$ holdfast resource utilization a set cpu 2; holdfast resource utilization a show cpu
2
$ holdfast resource list
a (ocf:heartbeat:Dummy)
g (group)
  b (ocf:heartbeat:Dummy)
  c (ocf:heartbeat:Dummy)
p (clone)
  d (ocf:heartbeat:Dummy)
$ holdfast resource cleanup a
holdfast: 'resource cleanup' needs a running cluster, but --file (or CIB_file) names cib.xml
[2]
$ holdfast resource failcount a
$ holdfast node standby n1; holdfast node attribute n1; holdfast node online n1; holdfast node attribute n1
standby=on
$ holdfast node maintenance n2; holdfast node attribute n2 show maintenance; holdfast node ready n2
maintenance=on
$ holdfast node standby n9
holdfast: node 'n9' does not exist, expected the name of a node
[3]
$ holdfast node attribute n1 set rack 7; holdfast node attribute n1 show rack --json
{
  "rack": "7"
}
$ holdfast node utilization n1 set cpu 8; holdfast configure show n1
node n1 \
	attributes rack=7 \
	utilization cpu=8
$ holdfast node list
n1
n2
$ holdfast node delete n2; holdfast node list
n1
$ holdfast frobnicate
holdfast: 'frobnicate' is not a command; 'holdfast help' lists them
[2]
$ holdfast resurce stop a
holdfast: 'resurce' is not a command; did you mean 'resource'?
[2]
$ holdfast resource sotp a
holdfast: 'sotp' is not a command of resource; did you mean 'stop'?
[2]
$ holdfast resource --wait=soon stop a
holdfast: found '--wait=soon', expected --wait=SECONDS
[2]
$ holdfast --file
holdfast: --file has no file, expected --file FILE
[2]
$ holdfast version
holdfast 0.1.0
$ holdfast help node standby
  node standby [NODE] [reboot|forever]
      Move everything off a node
$ holdfast resource migrate a n1; holdfast configure show cli-prefer-a; holdfast resource unmove a
location cli-prefer-a a inf: n1
$ holdfast configure 'primitive "meta" Dummy params a="x y"'; holdfast configure show meta
primitive "meta" ocf:heartbeat:Dummy \
	params a="x y"
$ holdfast configure 'primitive z Dummy params a="x y'
holdfast: line 1, column 28: this " quote is not closed, expected another "
[2]
