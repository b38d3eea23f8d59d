/* test_guard_packet.c - the gate's decision, frame by frame: the code of gate.bpf.c, run here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "daemon/guard/gate_map.h"

enum { NOW = 1000 };

/* A frame that ends exactly where it ends, and one VIP of each family. */
struct packet {
    uint8_t bytes[256];
    size_t length;
    struct gate_address vip4, vip6;
    struct gate_entry entry;
};

static inline int packet_load(const struct packet *packet, __u32 offset, void *to, __u32 length)
{
    if (offset > packet->length || length > packet->length - offset)
        return -1;
    memcpy(to, packet->bytes + offset, length);
    return 0;
}

static inline const struct gate_entry *packet_entry(const struct packet *packet,
                                                    const struct gate_address *address)
{
    bool known = memcmp(address, &packet->vip4, sizeof(*address)) == 0 ||
                 memcmp(address, &packet->vip6, sizeof(*address)) == 0;

    return known ? &packet->entry : NULL;
}

static inline __u64 packet_now(const struct packet *packet)
{
    return NOW;
}

#include "daemon/guard/packet.h"

#define VIP4 "192.0.2.7"
#define VIP6 "2001:db8::7"
#define PEER4 "192.0.2.9"
#define PEER6 "2001:db8::9"

static void add(struct packet *packet, const void *bytes, size_t length)
{
    memcpy(packet->bytes + packet->length, bytes, length);
    packet->length += length;
}

static void add_u16(struct packet *packet, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    add(packet, bytes, 2);
}

static void add_zeros(struct packet *packet, size_t length)
{
    memset(packet->bytes + packet->length, 0, length);
    packet->length += length;
}

static void add_address(struct packet *packet, int family, const char *text)
{
    uint8_t bytes[16];

    assert_int_equal(inet_pton(family, text, bytes), 1);
    add(packet, bytes, family == AF_INET ? 4 : 16);
}

/* A frame with an Ethernet header and these tags (0 ends them). deadline of both VIPs; flags of the entry. */
static struct packet begin(const unsigned *tags, unsigned type, uint64_t deadline, uint32_t flags)
{
    struct packet packet = {.entry = {.deadline = deadline, .flags = flags}};

    packet.vip4.bytes[10] = packet.vip4.bytes[11] = 0xff;
    inet_pton(AF_INET, VIP4, &packet.vip4.bytes[12]);
    inet_pton(AF_INET6, VIP6, packet.vip6.bytes);
    add_zeros(&packet, 12);
    for (; tags != NULL && *tags != 0; tags++) {
        add_u16(&packet, *tags);
        add_u16(&packet, 0x600a);
    }
    add_u16(&packet, type);
    return packet;
}

static void add_ipv4(struct packet *packet, const char *from, const char *to, unsigned fragment)
{
    static const uint8_t start[4] = {0x45, 0, 0, 28};

    add(packet, start, 4);
    add_u16(packet, 7);
    add_u16(packet, fragment);
    add_zeros(packet, 4);
    add_address(packet, AF_INET, from);
    add_address(packet, AF_INET, to);
    add_zeros(packet, 8);
}

static void add_arp(struct packet *packet, unsigned operation, const char *sender, const char *target)
{
    static const uint8_t start[6] = {0, 1, 8, 0, 6, 4};

    add(packet, start, 6);
    add_u16(packet, operation);
    add_zeros(packet, 6);
    add_address(packet, AF_INET, sender);
    add_zeros(packet, 6);
    add_address(packet, AF_INET, target);
}

static void add_ipv6(struct packet *packet, unsigned next, const char *from, const char *to)
{
    const uint8_t start[8] = {0x60, 0, 0, 0, 0, 32, (uint8_t)next, 255};

    add(packet, start, 8);
    add_address(packet, AF_INET6, from);
    add_address(packet, AF_INET6, to);
}

static void add_nd(struct packet *packet, unsigned type, const char *target)
{
    const uint8_t start[8] = {(uint8_t)type};

    add(packet, start, 8);
    add_address(packet, AF_INET6, target);
}

/* An extension header of 8 * (1 + length) bytes. */
static void add_extension(struct packet *packet, unsigned next, unsigned length)
{
    const uint8_t start[8] = {(uint8_t)next, (uint8_t)length};

    add(packet, start, 8);
    add_zeros(packet, 8 * length);
}

static bool drops(const struct packet *packet, enum gate_direction direction)
{
    return packet_drops_ethernet(packet, direction);
}

/* Both directions as expected, and cut anywhere before its last byte never read beyond (a sanitizer sees
 * that) nor dropped unless the addresses were there. */
static void check_packet(struct packet packet, bool in, bool out)
{
    assert_int_equal(drops(&packet, GATE_INGRESS), in);
    assert_int_equal(drops(&packet, GATE_EGRESS), out);
    packet.entry.deadline = NOW + 1;
    assert_false(drops(&packet, GATE_INGRESS));
    assert_false(drops(&packet, GATE_EGRESS));
    packet.entry.deadline = NOW; /* until, not beyond */
    assert_int_equal(drops(&packet, GATE_INGRESS), in);
    packet.length = 14;
    assert_false(drops(&packet, GATE_INGRESS));
}

static const uint32_t both_flags[] = {0, GATE_CLIENTS};

static void test_ipv4(void **state)
{
    for (int i = 0; i < 2; i++) {
        bool strict = both_flags[i] == 0;
        struct packet packet = begin(NULL, PACKET_TYPE_IPV4, 0, both_flags[i]);
        struct packet to = packet, other = packet;

        add_ipv4(&packet, VIP4, PEER4, 0);
        check_packet(packet, strict, true);
        add_ipv4(&to, PEER4, VIP4, 0);
        check_packet(to, true, strict);
        add_ipv4(&other, PEER4, "192.0.2.8", 0);
        check_packet(other, false, false);
    }
}

static void test_ipv4_fragments(void **state)
{
    struct packet first = begin(NULL, PACKET_TYPE_IPV4, 0, 0), later = first;

    add_ipv4(&first, VIP4, PEER4, 0x2000);
    check_packet(first, true, true);
    add_ipv4(&later, PEER4, VIP4, 0x00b9);
    check_packet(later, true, true);
}

static void test_arp(void **state)
{
    for (unsigned operation = 1; operation <= 2; operation++)
        for (int i = 0; i < 2; i++) {
            bool strict = both_flags[i] == 0;
            struct packet packet = begin(NULL, PACKET_TYPE_ARP, 0, both_flags[i]);
            struct packet to = packet, other = packet, announcement = packet;

            add_arp(&packet, operation, VIP4, PEER4);
            check_packet(packet, strict, true);
            add_arp(&to, operation, PEER4, VIP4);
            check_packet(to, true, strict);
            add_arp(&other, operation, PEER4, "192.0.2.8");
            check_packet(other, false, false);
            add_arp(&announcement, operation, VIP4, VIP4);
            check_packet(announcement, strict, true);
        }
}

/* Hardware addresses of another length move the protocol addresses; another protocol is not ours. */
static void test_arp_shapes(void **state)
{
    struct packet packet = begin(NULL, PACKET_TYPE_ARP, 0, 0), other = packet, longest = packet;
    static const uint8_t eight[8] = {0, 24, 8, 0, 8, 4, 0, 1}, ipv6[8] = {0, 1, 0x86, 0xdd, 6, 4, 0, 1};
    static const uint8_t sixty[8] = {0, 24, 8, 0, 60, 4, 0, 1};

    add(&packet, eight, 8);
    add_zeros(&packet, 8);
    add_address(&packet, AF_INET, PEER4);
    add_zeros(&packet, 8);
    add_address(&packet, AF_INET, VIP4);
    check_packet(packet, true, true);
    add(&other, ipv6, 8);
    add_zeros(&other, 6);
    add_address(&other, AF_INET, VIP4);
    add_zeros(&other, 6);
    add_address(&other, AF_INET, VIP4);
    check_packet(other, false, false);
    add(&longest, sixty, 8);
    add_zeros(&longest, 60);
    add_address(&longest, AF_INET, VIP4);
    check_packet(longest, true, true);
}

static void test_ipv6(void **state)
{
    for (int i = 0; i < 2; i++) {
        bool strict = both_flags[i] == 0;
        struct packet packet = begin(NULL, PACKET_TYPE_IPV6, 0, both_flags[i]);
        struct packet to = packet, other = packet, mapped = packet;

        add_ipv6(&packet, 17, VIP6, PEER6);
        check_packet(packet, strict, true);
        add_ipv6(&to, 6, PEER6, VIP6);
        check_packet(to, true, strict);
        add_ipv6(&other, 6, PEER6, "2001:db8::8");
        check_packet(other, false, false);
        add_ipv6(&mapped, 6, "::ffff:" VIP4, PEER6); /* never on a wire; shut all the same */
        check_packet(mapped, strict, true);
    }
}

enum { NS = 135, NA = 136, ECHO = 128 };

static void test_neighbours(void **state)
{
    for (int i = 0; i < 2; i++) {
        bool strict = both_flags[i] == 0;
        struct packet asks = begin(NULL, PACKET_TYPE_IPV6, 0, both_flags[i]);
        struct packet tells = asks, claims = asks, other = asks, echo = asks, from = asks;

        add_ipv6(&asks, 58, PEER6, "ff02::1:ff00:7");
        add_nd(&asks, NS, VIP6);
        check_packet(asks, true, strict);
        add_ipv6(&tells, 58, "fe80::1", "ff02::1");
        add_nd(&tells, NA, VIP6);
        check_packet(tells, strict, true);
        add_ipv6(&claims, 58, "::", "ff02::1:ff00:7");
        add_nd(&claims, NS, VIP6);
        check_packet(claims, true, true);
        add_ipv6(&other, 58, PEER6, "ff02::1:ff00:8");
        add_nd(&other, NS, "2001:db8::8");
        check_packet(other, false, false);
        add_ipv6(&echo, 58, PEER6, "2001:db8::8");
        add_nd(&echo, ECHO, VIP6); /* data of a ping that looks like a target */
        check_packet(echo, false, false);
        add_ipv6(&from, 58, VIP6, "ff02::1:ff00:8");
        add_nd(&from, NS, "2001:db8::8"); /* the VIP's owner asks for another */
        check_packet(from, strict, true);
    }
}

static void test_extension_headers(void **state)
{
    struct packet packet = begin(NULL, PACKET_TYPE_IPV6, 0, 0), fragment = packet, rest = packet;
    struct packet authenticated = packet, many = packet, cut = packet;

    add_ipv6(&packet, 0, "fe80::1", "ff02::1");
    add_extension(&packet, 60, 1);
    add_extension(&packet, 43, 0);
    add_extension(&packet, 58, 2);
    add_nd(&packet, NA, VIP6);
    check_packet(packet, true, true);
    add_ipv6(&fragment, 44, "fe80::1", "ff02::1");
    add_extension(&fragment, 58, 0);
    add_nd(&fragment, NA, VIP6);
    check_packet(fragment, true, true);
    add_ipv6(&rest, 44, "fe80::1", "ff02::1");
    add_extension(&rest, 58, 0);
    rest.bytes[rest.length - 6] = 1; /* offset 32 * 8: what follows is no header */
    add_nd(&rest, NA, VIP6);
    check_packet(rest, false, false);
    add_ipv6(&authenticated, 51, "fe80::1", "ff02::1");
    add_extension(&authenticated, 58, 2); /* RFC 4302: 4 * (2 + 2) bytes */
    authenticated.length -= 8;
    add_nd(&authenticated, NA, VIP6);
    check_packet(authenticated, true, true);
    add_ipv6(&many, 60, "fe80::1", "ff02::1");
    for (int i = 1; i < PACKET_HEADERS; i++)
        add_extension(&many, 60, 0);
    add_extension(&many, 58, 0);
    add_nd(&many, NA, VIP6);
    check_packet(many, true, true);
    add_ipv6(&cut, 60, "fe80::1", "ff02::1");
    check_packet(cut, false, false);
}

static void test_vlan_tags(void **state)
{
    static const unsigned stacks[][5] = {
        {0x8100}, {0x88a8, 0x8100}, {0x9100, 0x8100}, {0x88a8, 0x88a8, 0x8100, 0x8100}};

    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        struct packet ipv4 = begin(stacks[i], PACKET_TYPE_IPV4, 0, 0);
        struct packet arp = begin(stacks[i], PACKET_TYPE_ARP, 0, 0);
        struct packet nd = begin(stacks[i], PACKET_TYPE_IPV6, 0, 0);
        struct packet other = ipv4;

        add_ipv4(&ipv4, VIP4, PEER4, 0);
        check_packet(ipv4, true, true);
        add_arp(&arp, 1, PEER4, VIP4);
        check_packet(arp, true, true);
        add_ipv6(&nd, 58, PEER6, "ff02::1:ff00:7");
        add_nd(&nd, NS, VIP6);
        check_packet(nd, true, true);
        add_ipv4(&other, PEER4, "192.0.2.8", 0);
        check_packet(other, false, false);
    }
}

static void test_bare(void **state)
{
    struct packet packet = begin(NULL, 0, 0, 0);

    packet.length = 0;
    add_ipv4(&packet, PEER4, VIP4, 0);
    assert_true(packet_drops_network(&packet, PACKET_TYPE_IPV4, 0, GATE_INGRESS));
    assert_false(packet_drops_network(&packet, PACKET_TYPE_IPV6, 0, GATE_INGRESS));
    assert_false(packet_drops_network(&packet, 0x88cc, 0, GATE_INGRESS));
}

/* Cut at any length, a frame is dropped only if what it is dropped for was still there. */
static void test_cut(void **state)
{
    struct packet packet = begin(NULL, PACKET_TYPE_IPV6, 0, 0);

    add_ipv6(&packet, 58, "fe80::1", "ff02::1");
    add_nd(&packet, NA, VIP6);

    size_t whole = packet.length;

    for (packet.length = 0; packet.length <= whole; packet.length++)
        assert_int_equal(drops(&packet, GATE_EGRESS), packet.length == whole);
    packet = begin(NULL, PACKET_TYPE_IPV4, 0, 0);
    add_ipv4(&packet, PEER4, VIP4, 0);
    for (packet.length = 0; packet.length <= 42; packet.length++)
        assert_int_equal(drops(&packet, GATE_EGRESS), packet.length >= 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),      cmocka_unit_test(test_ipv4_fragments),
        cmocka_unit_test(test_arp),       cmocka_unit_test(test_arp_shapes),
        cmocka_unit_test(test_ipv6),      cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_vlan_tags), cmocka_unit_test(test_extension_headers),
        cmocka_unit_test(test_bare),      cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
