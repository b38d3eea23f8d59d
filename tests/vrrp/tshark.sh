#!/bin/bash
# tshark.sh - does another implementation read our packets as we mean them? tshark decodes every frame that
# daemon/vrrp makes, with all checksums verified.
. "$(dirname "$0")/../lib.sh"

build=${HOLDFAST_BUILD:-$PWD}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

need tshark text2pcap
"$build/tests/vrrp/vrrp_frames" >"$dir/frames.txt"
text2pcap -q "$dir/frames.txt" "$dir/frames.pcap" 2>/dev/null

decode() { # FRAME FIELD...: the fields of one frame, joined by blanks
    local frame=$1 fields=()
    shift
    for field in "$@"; do fields+=(-e "$field"); done
    tshark -r "$dir/frames.pcap" -o ip.check_checksum:TRUE -Y "frame.number==$frame" -T fields -E separator=' ' \
        "${fields[@]}" 2>/dev/null
}

story "adverts"
equal "version 2 with a password" "10.0.0.9 255 2 1 51 150 2 1 3 10.0.0.1,10.0.0.2 secret" \
    "$(decode 1 ip.src ip.ttl vrrp.version vrrp.type vrrp.virt_rtr_id vrrp.prio vrrp.addr_count vrrp.auth_type vrrp.adver_int vrrp.ip_addr vrrp.auth_string)"
equal "version 3 over IPv4" "224.0.0.18 3 51 150 2 10 10.0.0.1,10.0.0.2" \
    "$(decode 2 ip.dst vrrp.version vrrp.virt_rtr_id vrrp.prio vrrp.addr_count vrrp.short_adver_int vrrp.ip_addr)"
equal "version 3 over IPv6, resigning" "ff02::12 255 3 51 0 10 fe80::1,2001:db8::1" \
    "$(decode 3 ipv6.dst ipv6.hlim vrrp.version vrrp.virt_rtr_id vrrp.prio vrrp.short_adver_int vrrp.ipv6_addr)"
for frame in 1 2 3; do
    equal "frame $frame: tshark agrees with its checksum" "1" "$(decode $frame vrrp.checksum.status)"
done

story "announcements"
equal "gratuitous ARP" "ff:ff:ff:ff:ff:ff 1 True 02:00:00:00:00:07 10.0.0.1 10.0.0.1" \
    "$(decode 4 eth.dst arp.opcode arp.isgratuitous arp.src.hw_mac arp.src.proto_ipv4 arp.dst.proto_ipv4 | sed 's/ 1 1 / 1 True /')"
equal "unsolicited neighbor advertisement" "33:33:00:00:00:01 ff02::1 255 136 2001:db8::1 02:00:00:00:00:07" \
    "$(decode 5 eth.dst ipv6.dst ipv6.hlim icmpv6.type icmpv6.nd.na.target_address icmpv6.opt.linkaddr)"
equal "with override and router flags, not solicited" "1 1 0" \
    "$(decode 5 icmpv6.nd.na.flag.o icmpv6.nd.na.flag.r icmpv6.nd.na.flag.s | sed 's/True/1/g; s/False/0/g')"
equal "tshark agrees with its checksum" "1" "$(decode 5 icmpv6.checksum.status)"
equal "nothing is malformed" "" "$(tshark -r "$dir/frames.pcap" -Y '_ws.malformed || _ws.expert.severity >= error' 2>/dev/null)"
finish
