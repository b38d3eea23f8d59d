Abbreviations, and words of other shells: whatever has no meaning here says what to use instead.
$ printf 'node n1\nprimitive a Dummy\n' | holdfast configure
$ holdfast conf sh a; holdfast res loc a; holdfast st | head -1
primitive a ocf:heartbeat:Dummy
'a' runs nowhere.
Cluster Summary:
$ holdfast configure prim b Dummy; printf 'conf\nprim c Dummy\ncommit\nsh type:primitive\n' | holdfast
primitive a ocf:heartbeat:Dummy
primitive b ocf:heartbeat:Dummy
primitive c ocf:heartbeat:Dummy
$ holdfast re st a; holdfast resource sto a; holdfast resource st a; holdfast configure lo x
holdfast: 're' could be several commands: report, resource
holdfast: 'st' could be several commands: start, stop, status
holdfast: 'lo' could be several commands: location, load
[2]
$ printf 'configure\nprim d Dummy\nlo x\n' | holdfast
holdfast: 'lo' could be several commands: location, load
holdfast: stopped at line 3; changes collected before it were not made
[2]
$ holdfast configure ra providers Dummy; CIB_shadow_dir=$PWD/none holdfast configure cib list
heartbeat
$ for w in 'cluster init' 'cluster join' 'cluster run ls' 'cluster geo_init' 'corosync push' 'cib cibstatus' cibstatus options script template assist sbd 'configure template x' 'configure rsctest a' 'configure graph' 'configure assist x' 'configure commit' 'configure default-timeouts a' 'resource secret a set b c' 'history peinputs' 'history limit 10:00' 'history show 3' 'maintenance action a start'; do holdfast $w 2>&1 | cut -c1-60; done
holdfast: there is no 'cluster init' here: a node is set up 
holdfast: there is no 'cluster join' here: a node is set up 
holdfast: there is no 'cluster run' here: Holdfast opens no 
holdfast: there is no 'cluster geo_init' here: tickets are g
holdfast: there is no 'corosync push' here: Holdfast opens n
holdfast: there is no 'cib cibstatus' here: the status is wh
holdfast: there is no 'cibstatus' here: the status is what t
holdfast: there is no 'options' here: options are given to e
holdfast: there is no 'script' here: Holdfast has no templat
holdfast: there is no 'template' here: Holdfast has no templ
holdfast: there is no 'assist' here: write the constraints: 
holdfast: there is no 'sbd' here: the watchdog is holdfast-g
holdfast: there is no 'configure template' here: Holdfast ha
holdfast: there is no 'configure rsctest' here: 'ra validate
holdfast: there is no 'configure graph' here: 'simulate -D F
holdfast: there is no 'configure assist' here: write the con
holdfast: there is no 'configure commit' here: outside of th
holdfast: there is no 'configure default-timeouts' here: say
holdfast: there is no 'resource secret' here: parameters are
holdfast: there is no 'history peinputs' here: the scheduler
holdfast: there is no 'history limit' here: say since=TIME a
holdfast: there is no 'history show' here: the scheduler's i
holdfast: there is no 'maintenance action' here: run the age
$ holdfast cluster init; echo $?
holdfast: there is no 'cluster init' here: a node is set up by its packages, corosync.conf and guard.conf; see holdfastd(8)
2
$ holdfast configure erase nodes; holdfast configure upgrade force; holdfast configure schema; holdfast configure schema pacemaker-1.0
holdfast: found 'nodes', expected nothing: nodes are members that come back by themselves; 'node delete NODE' takes one out that is gone for good
Nothing to do: a CIB of an older version is taken over when it is loaded.
pacemaker-3.9
holdfast: the CIB is always checked against pacemaker-3.9; older ones are taken over when loaded
[3]
$ holdfast status full --json | grep -c '"operations"'; holdfast status html
1
holdfast: found 'html', expected one of inactive, full, detail, ops, timing, failcounts, tickets (--json for programs, 'node show' and 'resource status' for parts)
[2]
$ holdfast help | grep -A1 'Exit codes'
Commands may be abbreviated. Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 no quorum,
5 timed out or outcome unknown, 6 conflict (somebody else changed the same first).
$ holdfast configure primitive --help; holdfast configure location x y --help | head -1; holdfast version -h
  configure primitive ID [CLASS:[PROVIDER:]]TYPE|@TEMPLATE [params ...] [meta ...] [utilization ...] [op NAME ...]
      Define a resource
  configure location ID RESOURCE SCORE: NODE | rule SCORE: EXPRESSION...
  version 
      Print the version of this program
$ holdfast configure --help | head -2; holdfast --help | head -1; holdfast resource move --help --json | grep name; holdfast frob --help
The configuration, in the crm shell's language:
  configure primitive ID [CLASS:[PROVIDER:]]TYPE|@TEMPLATE [params ...] [meta ...] [utilization ...] [op NAME ...]
Usage: holdfast [--json] [--force] [--wait[=SECONDS]] [--file CIB] COMMAND
      "name": "move",
holdfast: 'frob' is not a command; 'holdfast help' lists them
[2]
$ printf 'node\nstandby --help\nconfigure\nprimitive q Dummy --help\n' | holdfast; holdfast configure show q
  node standby [NODE] [reboot|forever]
      Move everything off a node
  configure primitive ID [CLASS:[PROVIDER:]]TYPE|@TEMPLATE [params ...] [meta ...] [utilization ...] [op NAME ...]
      Define a resource
holdfast: 'q' does not exist, expected the id of an object
[3]
$ holdfast --complete 'configure property stonith-e'; holdfast --complete 'configure rsc_defaults migr'; holdfast --complete 'configure op_defaults on'
stonith-enabled=
migration-threshold=
on-fail=
$ holdfast --complete 'cib l'; holdfast --complete 'configure ra val'; holdfast --complete 'history re'; holdfast --complete 'hist'; holdfast --complete 'nothing x'
list
validate
revisions
resource
history
$ holdfast --complete 'site '; holdfast --complete 'resource restart '; holdfast --complete 'configure nothing x'
ticket
list
a
b
c
