Files with many statements, as crm text and as XML; batches on standard input.
$ cat >site.crm <<'END'
> # Two web servers behind an address.
> node 1: n1
> node 2: n2 attributes standby=on
> primitive vip ocf:test:Good \
>     params ip=10.0.0.1 \
>     op monitor interval=10s
> primitive web1 Dummy
> primitive web2 Dummy
> group front vip
> clone webs web1 meta interleave=true
> colocation near inf: web2 front
> order first Mandatory: front web2
> property stonith-enabled=false
> rsc_defaults resource-stickiness=100
> END
$ holdfast configure load site.crm
$ holdfast configure save saved.crm && cat saved.crm
node 1: n1
node 2: n2 \
	attributes standby=on
primitive web2 ocf:heartbeat:Dummy
primitive vip ocf:test:Good \
	params ip=10.0.0.1 \
	op monitor interval=10s
group front vip
primitive web1 ocf:heartbeat:Dummy
clone webs web1 \
	meta interleave=true
colocation near inf: web2 front
order first Mandatory: front web2
property cib-bootstrap-options: \
	stonith-enabled=false
rsc_defaults rsc-options: \
	resource-stickiness=100
$ cp cib.xml before.xml; holdfast configure load replace saved.crm; diff before.xml cib.xml && echo unchanged
unchanged
$ holdfast configure save xml saved.xml; holdfast configure load replace saved.xml; diff before.xml cib.xml && echo unchanged
unchanged
$ printf 'primitive web2 Dummy meta priority=5\nprimitive web3 Dummy\n' >more.crm; holdfast configure load update more.crm; holdfast configure show web2 web3
primitive web2 ocf:heartbeat:Dummy \
	meta priority=5
primitive web3 ocf:heartbeat:Dummy
$ printf 'primitive ok Dummy\nprimitive wrong Dummy parms x=1\n' >wrong.crm; holdfast configure load update wrong.crm; holdfast configure show ok
holdfast: wrong.crm: line 2, column 23: found 'parms', expected one of description=, params, meta, utilization, operations, op; did you mean 'params'?
holdfast: 'ok' does not exist, expected the id of an object
[3]
$ printf 'primitive ok Dummy\ngroup g ok nobody\n' >wrong.crm; holdfast configure load update wrong.crm; holdfast configure show ok
holdfast: wrong.crm: line 2: group g: resource 'nobody' does not exist, expected the id of a primitive
holdfast: 'ok' does not exist, expected the id of an object
[3]
$ holdfast configure load replace no-such-file
holdfast: cannot open no-such-file: No such file or directory
[1]
$ holdfast configure load nonsense site.crm
holdfast: found 'nonsense', expected one of replace, update, push
[2]
$ printf '<cib><configuration>' >broken.xml; holdfast configure load replace broken.xml
holdfast: broken.xml:1: not well-formed XML: Premature end of data in tag configuration line 1
[3]
$ printf '<configuration><resources><widget id="w"/></resources></configuration>' >odd.xml; holdfast configure load replace odd.xml
holdfast: odd.xml: line 1: <resources> contains <widget>, which does not belong there
[3]
$ printf '<rsc_location id="k" rsc="web2" score="lots" node="n1"/>' >bad.xml; holdfast configure load update bad.xml
holdfast: bad.xml:1: value 'lots' of score in <rsc_location id='k'>: expected a whole number, INFINITY, +INFINITY or -INFINITY
[3]
$ head -c 10485760 /dev/zero | tr '\0' 'x' >huge.crm; holdfast configure load replace huge.crm
holdfast: huge.crm: larger than the limit of 8388608 bytes
[3]
$ diff before.xml cib.xml >/dev/null || holdfast configure show web2
primitive web2 ocf:heartbeat:Dummy \
	meta priority=5
$ printf 'primitive p1 Dummy\nprimitive p2 Dummy\ngroup pair p1 p2\n' | holdfast configure
$ holdfast configure show pair
group pair p1 p2
$ printf 'configure\nprimitive q1 Dummy\ncommit\nprimitive q2 Dummy\nprimitive q2 Dummy\n' | holdfast
holdfast: primitive q2 exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
holdfast: stopped at line 5; changes collected before it were not made
[3]
$ holdfast configure show q1 q2
holdfast: 'q2' does not exist, expected the id of an object
[3]
$ printf 'configure\nprimitive r1 Dummy\ndiff\nshow r1\nup\nresource\nstop r1\nquit\n' | holdfast; holdfast configure show r1
+primitive r1 ocf:heartbeat:Dummy
primitive r1 ocf:heartbeat:Dummy
primitive r1 ocf:heartbeat:Dummy \
	meta target-role=Stopped
$ printf 'configure\nprimitive s1 Dummy\nrefresh\n' | holdfast; holdfast configure show s1
holdfast: 's1' does not exist, expected the id of an object
[3]
$ printf 'primitive t1 "Dum' | holdfast configure
holdfast: line 1, column 14: this " quote is not closed, expected another "
[2]
$ EDITOR='sed -i s/priority=5/priority=7/' holdfast configure edit web2; holdfast configure show web2
primitive web2 ocf:heartbeat:Dummy \
	meta priority=7
$ EDITOR='sed -i /web3/d' holdfast configure edit web2 web3; holdfast configure show web3
holdfast: 'web3' does not exist, expected the id of an object
[3]
$ EDITOR='sed -i s/meta/mata/' holdfast configure edit web2
holdfast: line 2, column 2: found 'mata', expected one of description=, params, meta, utilization, operations, op; did you mean 'meta'?
[2]
$ EDITOR=false holdfast configure edit web2
holdfast: the editor 'false' ended with status 1: nothing was changed
[1]
$ holdfast configure edit
holdfast: no terminal to edit at and no EDITOR set, expected one, or 'configure save' and 'configure load'
[2]
$ echo '# nothing' >nothing.crm; holdfast configure load replace nothing.crm; holdfast configure load replace - </dev/null; echo '<configuration/>' >nothing.xml; holdfast configure load replace nothing.xml
holdfast: nothing.crm: has no statement, expected at least one ('configure erase' deletes all)
holdfast: standard input: has no statement, expected at least one ('configure erase' deletes all)
holdfast: nothing.xml: has no statement, expected at least one ('configure erase' deletes all)
[3]
$ printf '<cib><configuration>\n<crm_config></crm_configuration>\n</cib>\n' >tags.xml; holdfast configure load replace tags.xml
holdfast: tags.xml:2: not well-formed XML: Opening and ending tag mismatch: crm_config line 2 and crm_configuration
[3]
$ printf '<configuration>&nothing;</configuration>' >entity.xml; holdfast configure load replace entity.xml
holdfast: entity.xml:1: not well-formed XML: Entity 'nothing' not defined
[3]
$ printf '<configuration>\n <resources>\n  <primitive id="z1" class="ocf" provider="heartbeat" type="Dummy"/>\n  <primitive id="z2" class="ocf" type="Dummy"/>\n </resources>\n</configuration>\n' >line.xml; holdfast configure load update line.xml; holdfast configure show z1
holdfast: line.xml:4: attribute 'provider' missing in <primitive id='z2'>
holdfast: 'z1' does not exist, expected the id of an object
[3]
$ printf '<cib>\n<configuration>\n<constraints>\n<rsc_location id="k" rsc="web2" node="n1"\n score="lots"/>\n</constraints></configuration></cib>\n' | holdfast configure load update -
holdfast: standard input:5: value 'lots' of score in <rsc_location id='k'>: expected a whole number, INFINITY, +INFINITY or -INFINITY
[3]
$ printf 'location k web2 resource-discovery=maybe 5: n1\n' | holdfast configure load -
holdfast: standard input: line 1, column 17: found resource-discovery 'maybe', expected one of always, never, exclusive
[2]
$ printf '\357\273\277primitive bom Dummy\r\nprimitive crlf Dummy \\\r\n\tmeta priority=1\r\n' >windows.crm; holdfast configure load update windows.crm; holdfast configure show bom crlf
primitive bom ocf:heartbeat:Dummy
primitive crlf ocf:heartbeat:Dummy \
	meta priority=1
$ printf '\357\273\277<primitive id="bom" class="ocf" provider="heartbeat" type="Dummy" description="xml"/>' | holdfast configure load -; holdfast configure show bom
primitive bom ocf:heartbeat:Dummy \
	description=xml
$ holdfast configure load ""; holdfast configure save ""; holdfast --file= status; holdfast verify ""
holdfast: the name of the file is empty, expected a path, or - for standard input
holdfast: the name of the file is empty, expected a path, or - for standard output
holdfast: the name of the file is empty, expected a path, or - for standard input
holdfast: the name of the file is empty, expected a path, or - for standard input
[2]
$ printf 'user joe read cib write meta:web2:priority\nuser ann role:joe-rules\n' | holdfast configure load -; holdfast configure show type:role type:user
role joe-rules \
	read xpath:/cib \
	write "xpath://primitive[@id='web2']/meta_attributes/nvpair[@name='priority']"
acl_target joe joe-rules
acl_target ann joe-rules
$ printf 'user joe deny status\n' | holdfast configure load -; holdfast configure show joe-rules joe; holdfast configure user joe read cib; holdfast configure user bob; holdfast configure user bob rol:x
role joe-rules \
	deny $id=joe-rules-read xpath:/cib/status
acl_target joe joe-rules
holdfast: acl_role joe-rules exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
holdfast: line 1, column 9: found the end of the statement, expected one of role:ROLE, read, write, deny
holdfast: line 1, column 10: found 'rol:x', expected one of role:ROLE, read, write, deny
[2]
$ printf 'node\ncd ..\ncd configure\nprimitive cd1 Dummy\ncd ..\nresource\ncd\nls\n' | holdfast | head -2; holdfast configure show cd1; printf 'resource\nls\n' | holdfast | head -1
Usage: holdfast [--json] [--force] [--wait[=SECONDS]] [--file CIB] COMMAND
       holdfast                   (a shell, or commands from standard input)
primitive cd1 ocf:heartbeat:Dummy
Start, stop, move and inspect resources:
$ printf 'primitive tw1 Dummy\nprimitive tw2 Dummy\nprimitive tw1 Dummy meta priority=1\n' | holdfast --force configure load -; printf '<resources>\n<primitive id="tw1" class="ocf" provider="heartbeat" type="Dummy"/>\n<primitive id="tw1" class="ocf" provider="heartbeat" type="Dummy"/>\n</resources>' | holdfast configure load -; holdfast configure show tw1
holdfast: standard input: line 3: 'tw1' is there already, in line 1, expected another id
holdfast: standard input: line 3: 'tw1' is there already, in line 2, expected another id
holdfast: 'tw1' does not exist, expected the id of an object
[3]
$ printf 'primitive tw1 Dummy\nprimitive tw2 Dummy meta priority=1 priority=2\n' | holdfast configure load -; holdfast configure primitive tw2 Dummy op monitor interval=10s op monitor interval=10s timeout=5s; holdfast configure primitive tw2 Dummy op monitor interval=10s timeout=1s timeout=2s; holdfast configure property batch-limit=1 batch-limit=2
holdfast: standard input: refused (--force overrides): line 2: primitive tw2: 'priority' is said twice, expected one value
holdfast: refused (--force overrides): primitive tw2: 'monitor' is said twice, expected one operation of that name and interval
holdfast: line 1, column 56: 'timeout' is said twice, expected one value
holdfast: refused (--force overrides): 'batch-limit' is said twice, expected one value
[3]
$ holdfast configure show tw1 2>&1; holdfast configure primitive tw3 Dummy; holdfast configure group tw3 tw3
holdfast: 'tw1' does not exist, expected the id of an object
holdfast: primitive tw3 exists already, expected a new id ('configure load update' or 'configure edit' replace objects)
[3]
$ holdfast configure filter true; EDITOR='truncate -s 0' holdfast configure edit; holdfast configure show tw3
holdfast: what the filter printed: the text has no statement, which would delete all, expected at least one, or --force
holdfast: the text has no statement, which would delete all, expected at least one, or --force
primitive tw3 ocf:heartbeat:Dummy
$ holdfast configure show type:primitve; holdfast configure save type: x.crm; holdfast configure show type:rsc_ticket
holdfast: found 'type:primitve', expected type: and the first word of a statement, such as type:primitive
holdfast: found 'type:', expected type: and the first word of a statement, such as type:primitive
$ holdfast configure property "a=$(printf '\377')"; holdfast --json configure show "$(printf '\001x')"
holdfast: word 3 of the command is not text in UTF-8
{
  "status": "usage",
  "message": "word 3 of the command is not text in UTF-8"
}
holdfast: word 3 of the command is not text in UTF-8
[2]
$ printf 'clone fg-clone fg\ngroup fg f1 f2\nprimitive f1 Dummy\nprimitive f2 Dummy\n' >forward.crm; holdfast configure load update forward.crm; holdfast configure show fg fg-clone
clone fg-clone fg
group fg f1 f2
$ printf 'group fx fy\ngroup fy fx\n' | holdfast configure load update -; printf 'group fx nobody\nprimitive fz Dummy\n' | holdfast configure load update -
holdfast: standard input: line 1: group fx: resource 'fy' does not exist, expected the id of a primitive
holdfast: standard input: line 1: group fx: resource 'nobody' does not exist, expected the id of a primitive
[3]
