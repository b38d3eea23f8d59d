#!/bin/bash
# quorum.sh - two nodes and an arbiter, an ordinary resource, no fence device: the part that has the lock runs
# it, the other has stopped it before.
. "$(dirname "$0")/../stories.sh"
. "$top/tests/lab/marker.sh"

quorate() { hf "$1" cluster status | grep -qx 'Quorate: yes'; }
not_quorate() { hf "$1" cluster status | grep -qx 'Quorate: no'; }

# Where the disks of the lock servers are slow the lock comes late, and what waits longer than two leases for it stops.
last_without() { # NODE -> ms
    lab log "$1" holdfastd | awk '{ split($3, t, ":"); now = ((t[1] * 60 + t[2]) * 60 + t[3]) * 1000 }
        /this partition has no quorum/ { since = now } /this partition has quorum/ && since { last = now - since; since = 0 }
        END { printf "%d\n", last }'
}
spared() { # NODE STOPS-BEFORE
    local now
    now=$(grep -c " stop $1" "$share/marker.log")
    [ "$now" = "$2" ] || [ "$(last_without "$1")" -ge 590 ] ||
        { echo "$now stops, $2 before; the last time $(last_without "$1") ms without quorum"; return 1; }
}

# The lock is on $a, the resource on $b, and was stopped there $stops times.
on_the_other() {
    a=$(holder) b=$(other $(holder))
    check "the resource is told to be on the other" prefer $a $b
    within 20 "it runs there" marked $b
    stops=$(grep -c " stop $b" "$share/marker.log")
}

story "two nodes and an arbiter; no fence device, 2 s to drain"
marker_up --drain 2000
a=$(holder) b=$(other $(holder))
check "the resource is told to be where the lock is not" prefer n1 $b
within 20 "it runs there" marked $b
check "status names lock servers, lock and term" says_status $a 'Lock cluster: owned here, term [0-9]+, [0-9]+ ms left'
check "and, on the other node, who holds it" says_status $b "Lock cluster: held by $a"

story "the cable between the nodes is cut: the part with the lock has quorum"
lab cut n1 n2
within 15 "$b has no quorum" not_quorate $b
within 10 "and stops the resource" unmarked $b
within 20 "$a starts it" marked $a
check "$a has quorum" quorate $a
check "never both" never_two
lab heal
within 60 "healed, they are one cluster" whole
within 30 "and the resource is back on $b" marked $b
check "never both" never_two

story "the holder is cut off from everybody"
check "the resource is told to be where the lock is" prefer $a $(holder)
a=$(holder) b=$(other $(holder))
within 20 "it runs there" marked $a
lab cut $a all
within 10 "$a has no quorum" not_quorate $a
within 10 "and stops the resource" unmarked $a
within 30 "$b has the lock and starts it" marked $b
check "$b has quorum" quorate $b
check "never both" never_two
check "status on $a says what is missing" says_status $a 'NOT ENOUGH'
lab heal
within 60 "healed, they are one cluster" whole
check "never both" never_two

story "the holder hears nobody, and is heard"
a=$(holder) b=$(other $(holder))
check "the resource is told to be there" prefer $a $a
within 20 "it runs there" marked $a
lab cut $b $a --one-way; lab cut arb $a --one-way
within 30 "$b starts it" marked $b
check "never both" never_two
lab heal
within 60 "healed, they are one cluster" whole
check "never both" never_two

story "corosync ends where the lock is, and only there"
a=$(holder) b=$(other $(holder))
check "the resource is told to be there" prefer $a $a
within 20 "it runs there" marked $a
on $a pkill -KILL -x corosync
within 20 "$b has the lock" holds $b
within 20 "$b has quorum" quorate $b
within 20 "and runs the resource" marked $b
check "$a has stopped it" unmarked $a
check "never both" never_two
lab start $a
within 60 "they are one cluster" whole
check "never both" never_two

story "the holder's daemon ends in good order, and is back; then it is killed, and not back for long"
on_the_other
on $a pkill -TERM -x holdfastd
within 5 "$b has the lock" holds $b
within 10 "$b has quorum" quorate $b
lab start $a
within 60 "they are one cluster" whole
check "the resource was not stopped" spared $b $stops
a=$(holder) b=$(other $(holder))
on $a pkill -KILL -x holdfastd
within 20 "$b has the lock" holds $b
within 10 "$b has quorum" quorate $b
lab start $a
within 60 "they are one cluster" whole
check "never both" never_two

story "the holder's daemon hangs"
on_the_other
on $a pkill -STOP -x holdfastd
within 40 "$b has the lock" holds $b
within 10 "$b has quorum" quorate $b
on $a pkill -KILL -x holdfastd
lab start $a
within 60 "they are one cluster" whole
check "the resource was not stopped" spared $b $stops
check "never both" never_two

story "the holder is powered off, and runs nothing"
on_the_other
power_off $a
within 30 "$b has the lock" holds $b
within 10 "$b has quorum" quorate $b
check "the resource was not stopped" spared $b $stops
check "the machine is back" lab on $a
agent $a
within 60 "they are one cluster" whole
check "never both" never_two

story "the holder is powered off"
a=$(holder) b=$(other $(holder))
power_off $a
within 30 "$b has the lock" holds $b
within 30 "and runs the resource" marked $b
check "never both" never_two

story "one node alone"
power_off $b
check "$b starts alone" lab on $b
agent $b
within 40 "with the arbiter it has quorum" quorate $b
within 30 "and runs the resource" marked $b
power_off $b
lab off arb >/dev/null
check "$b starts alone, and the arbiter is off" lab on $b
within 30 "it does not get quorum" not_quorate $b
within 10 "status says that too few lock servers answer" says_status $b 'Lock servers: 1 of 3 answer.*NOT ENOUGH'
within 10 "and what to look at" says_status $b 'Lock server 10.77.0.200 DOWN: .*check that machine and the network'
sleep 4
check "it still has none" not_quorate $b
check "and runs nothing" unmarked $b
check "the arbiter is back" lab on arb
within 30 "now it has quorum" quorate $b
within 30 "and runs the resource" marked $b
check "the other node is back" lab on $a
agent $a
within 60 "they are one cluster" whole
check "never both" never_two

story "what is wrong is said in words"
a=$(holder) b=$(other $(holder))
on $b sh -c 'rm /etc/holdfast/lock-keys/lab.key; holdfast lock-key new lab /etc/holdfast/lock-keys/lab.key
    pkill -KILL -x holdfast-guard; sleep 0.2; /run/lab/init start holdfast-guard' >/dev/null 2>&1
within 15 "a wrong key" says_status $b 'Lock server 10.77.0.200 DOWN: .*does not accept this cluster.s lock key: compare'
on arb sh -c 'holdfast arbiter status' >"$scratch/arbiter" 2>&1
check "the arbiter counts who it refused" grep -qiE 'refused.*[1-9]' "$scratch/arbiter"
check "and prints the same as JSON" sh -c "$(declare -f on); lab exec arb holdfast arbiter status --json | python3 -m json.tool"
lab exec $a cat /etc/holdfast/lock-keys/lab.key | put $b /etc/holdfast/lock-keys/lab.key
# certificates: good ones for all but the guard of one node, whose own has expired, and is renewed
certify() { # NAME SAN END: NAME.pem and NAME.key, signed by ca
    openssl req -newkey rsa:2048 -nodes -keyout "$certs/$1.key" -out "$certs/$1.csr" -subj "/CN=$1" 2>/dev/null &&
        openssl ca -batch -notext -config "$certs/ca.conf" -name CA -extfile <(echo "subjectAltName = $2") \
            -startdate 20200101000000Z -enddate "$3" -in "$certs/$1.csr" -out "$certs/$1.pem" 2>/dev/null
}
certs=$share/certs
mkdir -p "$certs/new"; : >"$certs/index"; echo 01 >"$certs/serial"
cat >"$certs/ca.conf" <<CONF
[CA]
dir = $certs
database = $certs/index
serial = $certs/serial
new_certs_dir = $certs/new
certificate = $certs/ca.pem
private_key = $certs/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$certs/ca.key" -out "$certs/ca.pem" -days 30 -subj /CN=ca 2>/dev/null
in_use() { # NODE: the certificates that its lock server and guard use
    on "$1" sh -c "sed -i '/^certificate/d; /^private-key/d; /^ca /d' /etc/holdfast/arbiter.conf
        printf 'certificate = /mnt/certs/$1.pem\nprivate-key = /mnt/certs/$1.key\nca = /mnt/certs/ca.pem\n' >>/etc/holdfast/arbiter.conf
        chmod -R a+rX /mnt/certs; pkill -KILL -x holdfast-arbite"
    lab start "$1"
}
servers_certified=0
for n in n1 n2 arb; do
    certify $n "IP:10.77.0.$([ $n = arb ] && echo 200 || echo ${n#n})" 21000101000000Z && in_use $n && servers_certified=$((servers_certified + 1))
done
check "lock servers with certificates" [ $servers_certified = 3 ]
certify old "URI:holdfast://lab/$b" 20240101000000Z
certify good "URI:holdfast://lab/$b" 21000101000000Z
on $b sh -c 'sed -i "/^key/d" /etc/holdfast/guard.conf
    printf "certificate = /mnt/certs/old.pem\nprivate-key = /mnt/certs/old.key\nca = /mnt/certs/ca.pem\n" >>/etc/holdfast/guard.conf
    pkill -KILL -x holdfast-guard; sleep 0.2; /run/lab/init start holdfast-guard' >/dev/null 2>&1
within 15 "an expired certificate of this node" says_status $b 'Lock server 10.77.0.200 DOWN: .*says that this node.s certificate has expired: renew it'
within 10 "the lock server counts who came with one" on arb sh -c 'holdfast arbiter status | grep -iE "expired.*[1-9]|refused.*[1-9]"'
on $b sh -c 'for f in pem key; do cp /mnt/certs/good.$f /mnt/certs/old.$f; done; pkill -HUP -x holdfast-guard'
within 15 "renewed" says_status $b 'Lock servers: 3 of 3 answer'
certify arb IP:10.77.0.200 20240101000000Z && in_use arb
within 15 "an expired certificate of a lock server" says_status $b 'Lock server 10.77.0.200 DOWN: the certificate of lock server 10.77.0.200[^ ]* has expired: renew it'
on $b sh -c 'pkill -KILL -x holdfast-guard; pkill -HUP -x holdfast-arbite; sleep 0.2; mkdir /run/nobpf
    setpriv --bounding-set -bpf,-sys_admin,-perfmon holdfast-guard --foreground >/var/log/holdfast/guard-2.log 2>&1 &' >/dev/null 2>&1
within 15 "no BPF" says_status $b 'Gate: user space only: .'
on $b sh -c 'pkill -KILL -x holdfast-guard'
within 15 "no guard" says_status $b 'holdfast-guard did not answer .* is it running'
check "all that as JSON" sh -c "lab exec $b holdfast status --json | python3 -c 'import json, sys; g = json.load(sys.stdin)[\"guard\"]; sys.exit(g[\"answers\"] or \"systemctl\" not in g[\"problem\"])'"
finish
