Shadow CIBs: made, changed, compared, and brought back as one change; what others changed meanwhile stays, or is a conflict.
$ export CIB_shadow_dir=$PWD/shadow CIB_file=$PWD/cib.xml; printf 'node n1\nproperty stonith-enabled=false\nprimitive a Dummy\nprimitive b Dummy\n' | holdfast configure
$ holdfast cib list; holdfast cib new try; holdfast cib list
try
$ holdfast --cib try configure primitive c Dummy
$ CIB_shadow=try holdfast resource meta a set priority 5
$ holdfast configure show c
holdfast: 'c' does not exist, expected the id of an object
[3]
$ holdfast --cib try configure show type:primitive
primitive a ocf:heartbeat:Dummy \
	meta priority=5
primitive b ocf:heartbeat:Dummy
primitive c ocf:heartbeat:Dummy
$ holdfast cib diff try
-primitive a ocf:heartbeat:Dummy
+primitive a ocf:heartbeat:Dummy \
+	meta priority=5
+primitive c ocf:heartbeat:Dummy
$ holdfast resource meta b set priority 7
$ holdfast cib commit try
$ holdfast configure show type:primitive
primitive a ocf:heartbeat:Dummy \
	meta priority=5
primitive b ocf:heartbeat:Dummy \
	meta priority=7
primitive c ocf:heartbeat:Dummy
$ holdfast cib commit try
'try' has no change.
$ # The same place changed on both sides.
$ holdfast --cib=try resource meta a set priority 6; holdfast resource meta a set priority 8
$ holdfast cib commit try
holdfast: somebody else changed primitive a meanwhile: nothing was changed; look at it again and repeat what is still wanted
[6]
$ holdfast resource meta a show priority; holdfast cib reset try; holdfast cib diff try
8
$ holdfast cib new try
holdfast: shadow CIB 'try' exists already (--force replaces it)
[3]
$ holdfast cib new try force; holdfast --force cib new try; holdfast cib new bare empty; holdfast --cib bare configure show
$ holdfast cib new ../evil; holdfast cib new live; holdfast --cib nobody status
holdfast: found '../evil', expected a shadow CIB's name: letters, digits, '.', '-' and '_'
holdfast: found 'live', expected a shadow CIB's name: letters, digits, '.', '-' and '_'
holdfast: shadow CIB 'nobody' does not exist: 'cib new nobody' makes it, 'cib list' lists what there is
[3]
$ holdfast cib diff; holdfast --cib try cib diff
holdfast: no shadow CIB is in use, expected the name of one: 'cib diff NAME', or 'holdfast --cib NAME cib diff'
$ # In one session, as the crm shell has it.
$ printf 'cib new session\nconfigure\nprimitive d Dummy\ncommit\ncib diff\ncib commit\ncib use live\nshow d\ncib delete session\ncib list\n' | holdfast
+primitive d ocf:heartbeat:Dummy
primitive d ocf:heartbeat:Dummy
bare
try
$ printf 'cib list --json\ncib diff --cib try\ncib list --json\n' | holdfast | grep in-use
  "in-use": "live",
  "in-use": "live",
$ printf 'configure\nprimitive e Dummy\ncib use try\n' | holdfast
holdfast: changes are not committed yet, expected commit or refresh first
holdfast: stopped at line 3; changes collected before it were not made
[3]
$ holdfast configure save xml out.xml; holdfast cib import out.xml other; holdfast --cib other status | head -1; holdfast cib list --json
Cluster Summary:
{
  "in-use": "live",
  "shadows": [
    "bare",
    "other",
    "try"
  ]
}
$ holdfast cib delete try; holdfast cib delete try
holdfast: shadow CIB 'try' does not exist: 'cib new try' makes it, 'cib list' lists what there is
[3]
