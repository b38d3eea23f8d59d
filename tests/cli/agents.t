Agents are looked at before a primitive is accepted; --force overrides.
$ holdfast configure primitive a ocf:test:Nothing
holdfast: refused (--force overrides): primitive a: agent ocf:test:Nothing is not installed on this machine, expected the program TESTS/ocf/resource.d/test/Nothing
[3]
$ holdfast configure primitive a ocf:test:Good
holdfast: refused (--force overrides): primitive a: agent ocf:test:Good needs the parameter 'ip', which is not set
[3]
$ holdfast configure primitive a ocf:test:Good ip=1 moed=slow
holdfast: refused (--force overrides): primitive a: agent ocf:test:Good has no parameter 'moed'; did you mean 'mode'?
[3]
$ holdfast configure primitive a ocf:test:Good ip=1 what=ever
holdfast: refused (--force overrides): primitive a: agent ocf:test:Good has no parameter 'what', expected one of those that 'ra info ocf:test:Good' lists
[3]
$ holdfast configure primitive a ocf:test:Broken
holdfast: refused (--force overrides): primitive a: agent ocf:test:Broken: printed broken meta-data: meta-data:1: not well-formed XML: AttValue: " or ' expected
[3]
$ holdfast configure primitive a ocf:test:Empty
holdfast: refused (--force overrides): primitive a: agent ocf:test:Empty: printed broken meta-data: no <action> in <actions>, expected at least start, stop and monitor
[3]
$ holdfast configure primitive a ocf:test:Fails
holdfast: refused (--force overrides): primitive a: agent ocf:test:Fails: ended with exit code 5 when asked for its meta-data, saying: no library here
[3]
$ holdfast configure primitive a ocf:test:Loud
holdfast: refused (--force overrides): primitive a: agent ocf:test:Loud: asked for its meta-data: printed more than 1048576 bytes
[3]
$ holdfast configure primitive a ocf:test:Slow
holdfast: refused (--force overrides): primitive a: agent ocf:test:Slow: asked for its meta-data: did not end within 10 s
[3]
$ for p in $(pgrep -f 'sleep 654.321'); do # of another run of this test: its agent is there
>     grep -q Slow /proc/$(awk '{ print $4 }' /proc/$p/stat)/cmdline || echo "$p was left behind"; done
$ holdfast configure primitive a systemd:no-such-unit
holdfast: refused (--force overrides): primitive a: agent systemd:no-such-unit is not installed on this machine, expected the systemd unit no-such-unit.service
[3]
$ holdfast configure primitive a lsb:no-such-script
holdfast: refused (--force overrides): primitive a: agent lsb:no-such-script is not installed on this machine, expected the program /etc/init.d/no-such-script
[3]
$ holdfast configure primitive a stonith:fence_no_such
holdfast: refused (--force overrides): primitive a: agent stonith:fence_no_such is not installed on this machine, expected the program /usr/sbin/fence_no_such
[3]
$ holdfast configure primitive a nagios:check_x
holdfast: refused (--force overrides): primitive a: agents of class 'nagios' are not run here, expected one of ocf, stonith, lsb, systemd, service
[3]
$ holdfast configure show
$ holdfast configure primitive a ocf:test:Nothing --force
$ holdfast configure rsc_template t ocf:test:Good params ip=1
$ holdfast configure primitive b @t
$ holdfast configure primitive c ocf:test:Good params \$id-ref=t
$ holdfast configure show
primitive a ocf:test:Nothing
rsc_template t ocf:test:Good \
	params ip=1
primitive b @t
primitive c ocf:test:Good \
	params $id-ref=t-instance_attributes
$ holdfast ra classes | head -1
ocf / heartbeat test
$ holdfast ra list ocf:test
ocf:test:Broken
ocf:test:Empty
ocf:test:Fails
ocf:test:Good
ocf:test:Loud
ocf:test:Slow
$ holdfast ra providers Dummy
heartbeat
$ holdfast ra info ocf:test:Good
A good agent (ocf:test:Good)

Does nothing, but well.

Parameters (* required, [] default):

ip* (string, []): Address
    The address.
mode* (string, [fast]): Mode
    The mode.

Operations:

    start          timeout=20s
    stop           timeout=20s
    monitor        timeout=20s interval=10s depth=0
    meta-data      timeout=5s
$ holdfast ra info ocf:test:Broken --json
{
  "status": "refused",
  "message": "agent ocf:test:Broken: printed broken meta-data: meta-data:1: not well-formed XML: AttValue: \" or ' expected"
}
holdfast: agent ocf:test:Broken: printed broken meta-data: meta-data:1: not well-formed XML: AttValue: " or ' expected
[3]
$ holdfast ra list nonsense
holdfast: found class 'nonsense', expected one of ocf, stonith, systemd, service, lsb
[2]
