#!/bin/bash
# input.sh - bad input of every kind: a clear error, nothing changed, nobody dead.
. "$(dirname "$0")/../stories.sh"

configuration() { hf n1 configure show xml; }
refused() { # CLAIM PATTERN CMD...: fails, says PATTERN, changes nothing, kills nobody
    check "$1" says "$2" "${@:3}"
    if [ "$(configuration)" = "$good" ]; then pass "  and nothing is changed"; else fail "  and nothing is changed"; good=$(configuration); fi
    equal "  and the daemon is the one it was" "$daemon" "$(on n1 pgrep -x holdfastd)"
}
load_text() { put n1 /root/in <<<"$2"; hf n1 configure load "$1" /root/in; }

check "the lab is up" lab up --nodes 2
put n1 /root/c.crm <<'CRM'
property stonith-enabled=false
primitive d1 ocf:heartbeat:Dummy op monitor interval=5s
primitive d2 ocf:heartbeat:Dummy
location l1 d1 100: n1
CRM
check "a configuration" hf n1 --wait=60 configure load update /root/c.crm
good=$(configuration)
check "which can be seen" test -n "$good"
daemon=$(on n1 pgrep -x holdfastd)

story "XML"
refused "malformed XML: the line" 'line 2|:2' load_text replace '<cib><configuration>
<crm_config></crm_configuration></cib>'
refused "cut off in the middle" 'line|:[0-9]+' load_text replace '<cib validate-with="pacemaker-3.9"><configuration><resources>'
refused "an element that the schema does not know" 'rabbit' load_text replace '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources><rabbit id="r"/></resources><constraints/></configuration><status/></cib>'
refused "an attribute that it does not know" 'colour' load_text replace '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources><primitive id="a" class="ocf" provider="heartbeat" type="Dummy" colour="red"/></resources><constraints/></configuration><status/></cib>'
refused "a reference to an id that is not there" 'nosuch' load_text replace '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints><rsc_location id="l" rsc="nosuch" node="n1" score="1"/></constraints></configuration><status/></cib>'
refused "two elements of one id" 'twice|duplicate|already|id' load_text replace '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/></resources><constraints/></configuration><status/></cib>'
refused "entities that would grow without end" '.' load_text replace '<!DOCTYPE cib [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]><cib>&e;</cib>'
refused "an external entity" '.' load_text replace '<!DOCTYPE cib [<!ENTITY x SYSTEM "file:///etc/passwd">]><cib>&x;</cib>'
refused "an empty file" '.' load_text replace ''
refused "a file that is not there" 'nowhere' hf n1 configure load update /nowhere
refused "no text at all" '.' sh -c 'head -c 100000 /dev/urandom | lab exec n1 sh -c "cat >/root/in"; lab exec n1 holdfast configure load replace /root/in'

story "ten megabytes of CIB"
{
    echo '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>'
    for ((i = 0; i < 60000; i++)); do
        echo "<primitive id=\"big-$i\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><instance_attributes id=\"big-$i-p\"><nvpair id=\"big-$i-s\" name=\"fake\" value=\"0123456789012345678901234567890\"/></instance_attributes></primitive>"
    done
    echo '</resources><constraints/></configuration><status/></cib>'
} >"$scratch/big.xml"
check "it is one ($(stat -c %s "$scratch/big.xml") bytes)" test "$(stat -c %s "$scratch/big.xml")" -gt 10000000
put n1 /root/big.xml <"$scratch/big.xml"
# taken or refused, but in bounded time and with an answer
out=$(timeout 120 lab exec n1 holdfast configure load replace /root/big.xml 2>&1)
status=$?
check "it is answered (exit status $status)" test $status -ne 124
[ $status = 0 ] || check "a refusal says why" test -n "$out"
if [ $status = 0 ]; then
    put n1 /root/good.xml <<<"<cib validate-with=\"pacemaker-3.9\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\">$good<status/></cib>"
    check "and can be taken back" hf n1 configure load replace /root/good.xml
    good=$(configuration)
fi
equal "the daemon is the one it was" "$daemon" "$(on n1 pgrep -x holdfastd)"

story "a typo in a crm line"
refused "a wrong first word: the right one is offered" 'primitive' hf n1 configure primitve x ocf:heartbeat:Dummy
refused "a wrong word within a statement: what was expected, and the column" 'column [0-9]+.*expected.*params' hf n1 configure primitive x ocf:heartbeat:Dummy parms fake=1
refused "in a file: the line, too" 'line 2, column [0-9]+.*expected' load_text update 'primitive ok1 ocf:heartbeat:Dummy
primitive x ocf:heartbeat:Dummy oop monitor interval=5s'
refused "nothing of such a file is taken" '.' load_text update 'primitive ok2 ocf:heartbeat:Dummy
locaton l2 ok2 100: n1'
refused "a score that is none" 'score' hf n1 configure location l3 d1 lots: n1
refused "a constraint on a resource that is not there" 'nosuch' hf n1 configure location l4 nosuch 100: n1
refused "a group with a member that is not there" 'nosuch' hf n1 configure group g d1 nosuch
refused "an id that exists" 'd1' hf n1 configure primitive d1 ocf:heartbeat:Dummy
refused "an id that is none" '1 2|id' hf n1 configure primitive '1 2' ocf:heartbeat:Dummy
refused "deleting what others refer to" 'l1' hf n1 configure delete d1
refused "deleting what is not there" 'nosuch' hf n1 configure delete nosuch
refused "an unknown command" '.' hf n1 fly
check "which is a usage error" exits 2 hf n1 fly
refused "an interval that is none" 'interval|soon' hf n1 configure primitive x ocf:heartbeat:Dummy op monitor interval=soon

story "agents"
refused "one that does not exist" 'nosuch' hf n1 configure primitive x ocf:heartbeat:nosuch
agent() { # NAME: an agent of provider test, on both nodes, whose meta-data is standard input
    local n text
    text=$(cat)
    for n in n1 n2; do
        put $n "/usr/lib/ocf/resource.d/test/$1" <<AGENT
#!/bin/sh
case \$1 in
meta-data) cat <<'XML'
$text
XML
exit 0 ;;
start) touch /run/test-$1 ;;
stop) rm -f /run/test-$1 ;;
monitor) [ -e /run/test-$1 ] || exit 7 ;;
esac
AGENT
        on $n chmod 755 "/usr/lib/ocf/resource.d/test/$1"
    done
}
agent broken <<<'<resource-agent name="broken"><parameters><parameter name="x"></resource-agent>'
agent silent </dev/null
agent noise < <(head -c 30000 /dev/urandom | base64)
for a in broken silent noise; do
    refused "an agent whose meta-data is $a" "meta-?data" hf n1 configure primitive $a ocf:test:$a
    check "  by force it is taken" hf n1 --force --wait configure primitive $a ocf:test:$a
    within 20 "  and runs" sh -c "lab exec n1 test -e /run/test-$a || lab exec n2 test -e /run/test-$a"
    check "  and can be removed" hf n1 --force --wait resource stop $a
    check "  for good" hf n1 --wait configure delete $a
    good=$(configuration)
done
put n1 /root/ghost.xml <<<'<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes/><resources><primitive id="ghost" class="ocf" provider="heartbeat" type="ghost"/></resources><constraints/></configuration><status/></cib>'
check "a resource whose agent is not installed, loaded by force" hf n1 --force configure load replace /root/ghost.xml
check "the cluster settles" settled n1
check "status says what is wrong" sh -c 'lab exec n1 holdfast status | grep -iE "ghost"'
put n1 /root/back.crm <<'CRM'
property stonith-enabled=false
primitive d1 ocf:heartbeat:Dummy op monitor interval=5s
primitive d2 ocf:heartbeat:Dummy
location l1 d1 100: n1
CRM
check "the first configuration again" hf n1 --wait=60 configure load replace /root/back.crm
good=$(configuration)
equal "the daemon is the one it was" "$daemon" "$(on n1 pgrep -x holdfastd)"

story "a client that sends garbage, half a message, or nothing"
sockets() { on n1 sh -c 'ls /proc/$(pgrep -x holdfastd)/fd | wc -l'; }
before=$(sockets) # descriptors
garbage=$(on n1 python3 - <<'PY'
# speaks to the socket that libqb listens on: an abstract name, padded to the full length of an address
import os, socket, struct, subprocess, time
NAME = b"\0holdfast".ljust(108, b"\0")
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(1)
    for _ in range(200):
        try:
            s.connect(NAME)
            return s
        except BlockingIOError:
            time.sleep(0.05)  # the queue of the listening socket is short
    raise OSError("nobody accepts")
sent = 0
for junk in (b"", b"x", b"\0" * 4096, os.urandom(65536), struct.pack("<iiii", -1, 2**31 - 1, -1, -1),
             struct.pack("<qqi", -1, 24, 1 << 30), struct.pack("<qqi", -1, 24, -1), b"<query what='cib'/>"):
    for _ in range(20):
        s = connect()
        try:
            s.sendall(junk)
        except OSError:
            pass  # hung up on: just as well
        s.close()
        sent += 1
idle = []
for _ in range(50):
    s = connect()
    s.send(b"\1")
    idle.append(s)
done = subprocess.run(["timeout", "20", "holdfast", "cluster", "status"], stdout=subprocess.DEVNULL)
print(sent, len(idle), done.returncode)
PY
)
equal "160 clients sent garbage, 50 stopped in the middle, and a command got through" "160 50 0" "$garbage"
check "a command works" hf n1 status
equal "the daemon is the one it was" "$daemon" "$(on n1 pgrep -x holdfastd)"
few_left() { [ "$(sockets)" -le $((before + 5)) ]; }
within 20 "no descriptor is left behind (from $before)" few_left
check "a user outside the group is refused" says '.' on n1 setpriv --reuid=65534 --regid=65534 --clear-groups holdfast status

story "a corrupt CIB file at start"
lab off n2 >/dev/null
on n1 pkill -KILL holdfast
on n1 sh -c 'for f in $(find /var/lib/holdfast -type f -size +0); do head -c 1000 /dev/urandom | dd of=$f conv=notrunc; done' 2>/dev/null
lab start n1
within 30 "it starts" hf n1 status
check "and names the file" sh -c 'lab log n1 holdfastd | grep -E "/var/lib/holdfast/[^ ]+"'
finish
