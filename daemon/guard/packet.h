/* packet.h - what the gate drops: the decision over one frame, for the kernel and for tests alike.
 *
 * gate.bpf.c runs this code in the kernel; tests/unit/test_guard_packet.c and tests/fuzz/fuzz_guard_packet.c
 * run the same lines in user space.  Whoever includes it first defines struct packet and
 *
 *     static inline int packet_load(const struct packet *packet, __u32 offset, void *to, __u32 length);
 *         copies bytes of the frame; 0, or another value if the frame ends before
 *     static inline const struct gate_entry *packet_entry(const struct packet *packet,
 *                                                         const struct gate_address *address);
 *         the gate's entry for an address, or NULL if it is no VIP
 *     static inline __u64 packet_now(const struct packet *packet);
 *         CLOCK_BOOTTIME, ns
 *
 * Every fragment carries the addresses of its packet, so fragments need no memory here.  A frame that ends
 * before its addresses passes: the network stack refuses it.  What is inside a tunnel belongs to the
 * tunnel's end points.  Source routes hide the final destination, but the answer's source does not, which is
 * why both directions are looked at. */
#ifndef GUARD_PACKET_H
#define GUARD_PACKET_H

#include "daemon/guard/gate_map.h"

enum gate_direction { GATE_INGRESS, GATE_EGRESS };

/* How a frame names an address. */
enum gate_role {
    GATE_FROM, /* the frame speaks for it */
    GATE_TO,   /* the frame speaks to it, or asks for it */
};

enum {
    PACKET_TAGS = 4,    /* VLAN tags that are looked behind */
    PACKET_HEADERS = 8, /* IPv6 extension headers that are looked behind for neighbour discovery */
};

enum {
    PACKET_ETH_ADDRESSES = 12, /* bytes before the type */
    PACKET_TYPE_IPV4 = 0x0800,
    PACKET_TYPE_ARP = 0x0806,
    PACKET_TYPE_IPV6 = 0x86dd,
    PACKET_TYPE_VLAN = 0x8100, /* 802.1Q */
    PACKET_TYPE_QINQ = 0x88a8, /* 802.1ad */
    PACKET_TYPE_QINQ_OLD = 0x9100,
};

#define PACKET_INLINE static inline __attribute__((always_inline))

PACKET_INLINE __u16 packet_u16(const __u8 *bytes)
{
    return (__u16)(bytes[0] << 8 | bytes[1]);
}

PACKET_INLINE int packet_shut(const struct packet *packet, const struct gate_address *address,
                              enum gate_role role, enum gate_direction direction)
{
    const struct gate_entry *entry = packet_entry(packet, address);

    if (entry == 0 || packet_now(packet) < entry->deadline)
        return 0;
    if (!(entry->flags & GATE_CLIENTS))
        return 1;
    return role == GATE_FROM ? direction == GATE_EGRESS : direction == GATE_INGRESS;
}

PACKET_INLINE int packet_ipv4_shut(const struct packet *packet, __u32 offset, enum gate_role role,
                                   enum gate_direction direction)
{
    struct gate_address address = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

    return packet_load(packet, offset, &address.bytes[12], 4) == 0 &&
           packet_shut(packet, &address, role, direction);
}

/* RFC 791 3.1: source at 12, destination at 16. */
PACKET_INLINE int packet_drops_ipv4(const struct packet *packet, __u32 offset, enum gate_direction direction)
{
    return packet_ipv4_shut(packet, offset + 12, GATE_FROM, direction) ||
           packet_ipv4_shut(packet, offset + 16, GATE_TO, direction);
}

/* RFC 826.  An announcement (RFC 5227 3: sender and target the same) only speaks for its address. */
PACKET_INLINE int packet_drops_arp(const struct packet *packet, __u32 offset, enum gate_direction direction)
{
    __u8 head[8];
    __u32 sender, target;
    __u8 from[4], to[4];

    if (packet_load(packet, offset, head, sizeof(head)) != 0)
        return 0;
    if (packet_u16(head + 2) != PACKET_TYPE_IPV4 || head[5] != 4)
        return 0;
    sender = offset + 8 + head[4];
    target = sender + 4 + head[4];
    if (packet_ipv4_shut(packet, sender, GATE_FROM, direction))
        return 1;
    if (packet_load(packet, sender, from, 4) != 0 || packet_load(packet, target, to, 4) != 0)
        return 0;
    if (from[0] == to[0] && from[1] == to[1] && from[2] == to[2] && from[3] == to[3])
        return 0;
    return packet_ipv4_shut(packet, target, GATE_TO, direction);
}

/* RFC 4861 4.3, 4.4: the target is at 8.  A solicitation asks for it, an advertisement speaks for it; a
 * solicitation from nobody (RFC 4862 5.4.2) is about to claim it. */
PACKET_INLINE int packet_drops_nd(const struct packet *packet, __u32 offset, int from_nobody,
                                  enum gate_direction direction)
{
    enum { SOLICITATION = 135, ADVERTISEMENT = 136 };
    struct gate_address target;
    enum gate_role role = GATE_TO;
    __u8 type;

    if (packet_load(packet, offset, &type, 1) != 0 || (type != SOLICITATION && type != ADVERTISEMENT))
        return 0;
    if (packet_load(packet, offset + 8, &target, sizeof(target)) != 0)
        return 0;
    if (type == ADVERTISEMENT || (from_nobody && direction == GATE_EGRESS))
        role = GATE_FROM;
    return packet_shut(packet, &target, role, direction);
}

/* Whether a header of this kind (RFC 8200 4, RFC 4302) has another behind it. */
PACKET_INLINE int packet_is_extension(__u8 header)
{
    return header == 0 || header == 43 || header == 44 || header == 51 || header == 60 || header == 135 ||
           header == 139 || header == 140;
}

/* Bytes of an extension header whose second byte is length. */
PACKET_INLINE __u32 packet_extension_size(__u8 header, __u8 length)
{
    if (header == 44)
        return 8;
    if (header == 51)
        return ((__u32)length + 2) * 4;
    return ((__u32)length + 1) * 8;
}

PACKET_INLINE int packet_is_nobody(const struct gate_address *address)
{
    __u8 any = 0;

    for (int i = 0; i < 16; i++)
        any |= address->bytes[i];
    return any == 0;
}

PACKET_INLINE int packet_drops_ipv6(const struct packet *packet, __u32 offset, enum gate_direction direction)
{
    enum { ICMPV6 = 58, FRAGMENT = 44 };
    struct gate_address source, destination;
    __u8 next;
    __u32 at = offset + 40;

    if (packet_load(packet, offset + 6, &next, 1) != 0 ||
        packet_load(packet, offset + 8, &source, sizeof(source)) != 0 ||
        packet_load(packet, offset + 24, &destination, sizeof(destination)) != 0)
        return 0;
    if (packet_shut(packet, &source, GATE_FROM, direction) ||
        packet_shut(packet, &destination, GATE_TO, direction))
        return 1;
    for (int i = 0; i < PACKET_HEADERS && packet_is_extension(next); i++) {
        __u8 head[4];

        if (packet_load(packet, at, head, sizeof(head)) != 0)
            return 0;
        /* The rest of a fragmented packet has no header of its own (and RFC 6980 forbids such discovery). */
        if (next == FRAGMENT && (packet_u16(head + 2) & 0xfff8) != 0)
            return 0;
        at += packet_extension_size(next, head[1]);
        next = head[0];
    }
    return next == ICMPV6 && packet_drops_nd(packet, at, packet_is_nobody(&source), direction);
}

/* A packet of a type (as in an Ethernet header, host order) that begins at offset. */
PACKET_INLINE int packet_drops_network(const struct packet *packet, __u16 type, __u32 offset,
                                       enum gate_direction direction)
{
    if (type == PACKET_TYPE_IPV4)
        return packet_drops_ipv4(packet, offset, direction);
    if (type == PACKET_TYPE_IPV6)
        return packet_drops_ipv6(packet, offset, direction);
    if (type == PACKET_TYPE_ARP)
        return packet_drops_arp(packet, offset, direction);
    return 0;
}

/* A frame with an Ethernet header, and VLAN tags where the card or the kernel left them in it. */
PACKET_INLINE int packet_drops_ethernet(const struct packet *packet, enum gate_direction direction)
{
    __u32 at = PACKET_ETH_ADDRESSES;
    __u8 type[2];

    if (packet_load(packet, at, type, sizeof(type)) != 0)
        return 0;
    for (int i = 0; i < PACKET_TAGS; i++) {
        __u16 tag = packet_u16(type);

        if (tag != PACKET_TYPE_VLAN && tag != PACKET_TYPE_QINQ && tag != PACKET_TYPE_QINQ_OLD)
            break;
        at += 4;
        if (packet_load(packet, at, type, sizeof(type)) != 0)
            return 0;
    }
    return packet_drops_network(packet, packet_u16(type), at + 2, direction);
}

#endif
