/* packet.c - VRRP advertisements and address announcements; see packet.h. */
#include "daemon/vrrp/packet.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    HEADER = 8,       /* bytes before the addresses, both versions */
    ADVERTISEMENT = 1 /* the only type, RFC 9568 section 5.2.2 */
};

/* --- addresses --- */

static size_t address_size(enum vrrp_family family)
{
    return family == VRRP_IPV4 ? 4 : 16;
}

bool vrrp_address_parse(const char *text, struct vrrp_address *address)
{
    *address = (struct vrrp_address){.family = VRRP_IPV4};
    if (inet_pton(AF_INET, text, address->bytes) == 1)
        return true;
    *address = (struct vrrp_address){.family = VRRP_IPV6};
    return inet_pton(AF_INET6, text, address->bytes) == 1;
}

const char *vrrp_address_text(const struct vrrp_address *address, char *out)
{
    return inet_ntop(address->family == VRRP_IPV4 ? AF_INET : AF_INET6, address->bytes, out,
                     INET6_ADDRSTRLEN);
}

int vrrp_address_compare(const struct vrrp_address *a, const struct vrrp_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, address_size(a->family));
}

bool vrrp_address_equal(const struct vrrp_address *a, const struct vrrp_address *b)
{
    return vrrp_address_compare(a, b) == 0;
}

struct vrrp_address vrrp_group_address(enum vrrp_family family)
{
    if (family == VRRP_IPV4)
        return (struct vrrp_address){.family = VRRP_IPV4, .bytes = {224, 0, 0, 18}};
    return (struct vrrp_address){.family = VRRP_IPV6, .bytes = {0xff, 0x02, [15] = 0x12}};
}

void vrrp_virtual_mac(enum vrrp_family family, uint8_t vrid, uint8_t mac[VRRP_MAC_LENGTH])
{
    const uint8_t prefix[] = {0x00, 0x00, 0x5e, 0x00, family == VRRP_IPV4 ? 0x01 : 0x02};

    memcpy(mac, prefix, sizeof(prefix));
    mac[5] = vrid;
}

/* --- checksums --- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Adds bytes to a one's complement sum (RFC 1071); sums of parts of even length can be chained. */
static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        so_far += get16(bytes + i);
    if (length % 2 == 1)
        so_far += (uint32_t)bytes[length - 1] << 8;
    while (so_far > 0xffff)
        so_far = (so_far & 0xffff) + (so_far >> 16);
    return so_far;
}

/* The pseudo-header of RFC 8200 section 8.1 for IPv6, and of RFC 768 for IPv4 (as RFC 5798 had it). */
static uint32_t sum_pseudo_header(const struct vrrp_address *source, const struct vrrp_address *destination,
                                  unsigned protocol, size_t length)
{
    const uint8_t rest[] = {
        (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, 0, 0, 0,
        (uint8_t)protocol};
    size_t size = address_size(source->family);

    return sum(sum(sum(0, source->bytes, size), destination->bytes, size), rest, sizeof(rest));
}

static unsigned checksum(const uint8_t *message, size_t length, uint32_t start)
{
    return ~sum(start, message, length) & 0xffff;
}

/* Whether the checksum inside the message is right: then all of it sums up to all ones. */
static bool sums_up(const uint8_t *message, size_t length, uint32_t start)
{
    return checksum(message, length, start) == 0;
}

/* --- advertisements --- */

size_t vrrp_encode(const struct vrrp_advert *advert, const struct vrrp_address *source,
                   const struct vrrp_address *destination, uint8_t *out)
{
    size_t size = address_size(advert->family);
    size_t length = HEADER;
    uint32_t start = 0;

    out[0] = (uint8_t)(advert->version << 4 | ADVERTISEMENT);
    out[1] = advert->vrid;
    out[2] = advert->priority;
    out[3] = advert->count;
    if (advert->version == 2) {
        out[4] = advert->auth_type;
        out[5] = (uint8_t)(advert->interval_us / 1000000);
    } else {
        /* Section 5.2.6: the reserved four bits are zero; section 5.2.7: centiseconds. */
        put16(out + 4, advert->interval_us / 10000 & 0xfff);
    }
    put16(out + 6, 0);
    for (unsigned i = 0; i < advert->count; i++) {
        memcpy(out + length, advert->addresses[i].bytes, size);
        length += size;
    }
    if (advert->version == 2) {
        memcpy(out + length, advert->auth, VRRP_AUTH_LENGTH);
        length += VRRP_AUTH_LENGTH;
    } else if (advert->family == VRRP_IPV6 || advert->checksum == VRRP_CHECKSUM_PSEUDO) {
        start = sum_pseudo_header(source, destination, VRRP_PROTOCOL, length);
    }
    put16(out + 6, checksum(out, length, start));
    return length;
}

enum vrrp_refusal vrrp_unwrap_ipv4(const uint8_t *packet, size_t length, struct vrrp_received *received)
{
    size_t header = length < 20 ? 0 : (packet[0] & 0xfu) * 4;
    size_t total = length < 20 ? 0 : get16(packet + 2);

    if (header < 20 || packet[0] >> 4 != 4 || total < header || total > length || packet[9] != VRRP_PROTOCOL)
        return VRRP_BAD_IP_HEADER;
    /* A fragment is no whole packet. */
    if ((get16(packet + 6) & 0x3fff) != 0)
        return VRRP_BAD_IP_HEADER;
    *received = (struct vrrp_received){.source = {.family = VRRP_IPV4},
                                       .destination = {.family = VRRP_IPV4},
                                       .ttl = packet[8],
                                       .bytes = packet + header,
                                       .length = total - header};
    memcpy(received->source.bytes, packet + 12, 4);
    memcpy(received->destination.bytes, packet + 16, 4);
    return VRRP_ACCEPTED;
}

/* The checksum of the received message, as its version and family want it. */
static bool checksum_good(const struct vrrp_received *received, struct vrrp_advert *advert)
{
    uint32_t start =
        sum_pseudo_header(&received->source, &received->destination, VRRP_PROTOCOL, received->length);
    bool plain = sums_up(received->bytes, received->length, 0);

    advert->checksum = VRRP_CHECKSUM_PLAIN;
    if (advert->version == 2)
        return plain;
    if (advert->family == VRRP_IPV4 && plain)
        return true;
    advert->checksum = VRRP_CHECKSUM_PSEUDO;
    return sums_up(received->bytes, received->length, start);
}

enum vrrp_refusal vrrp_decode(const struct vrrp_received *received, struct vrrp_advert *advert)
{
    const uint8_t *bytes = received->bytes;
    size_t size = address_size(received->source.family);

    if (received->length < HEADER)
        return VRRP_BAD_LENGTH;
    *advert = (struct vrrp_advert){.version = bytes[0] >> 4,
                                   .family = received->source.family,
                                   .vrid = bytes[1],
                                   .priority = bytes[2],
                                   .count = bytes[3]};
    if (advert->version != 3 && (advert->version != 2 || advert->family != VRRP_IPV4))
        return VRRP_BAD_VERSION;
    if ((bytes[0] & 0xf) != ADVERTISEMENT)
        return VRRP_BAD_TYPE;
    if (advert->count == 0)
        return VRRP_BAD_COUNT;

    size_t expected = HEADER + advert->count * size + (advert->version == 2 ? VRRP_AUTH_LENGTH : 0);

    if (received->length != expected)
        return VRRP_BAD_LENGTH;
    if (received->destination.family != advert->family)
        return VRRP_BAD_FAMILY;
    if (!checksum_good(received, advert))
        return VRRP_BAD_CHECKSUM;
    if (advert->version == 2) {
        advert->auth_type = bytes[4];
        advert->interval_us = bytes[5] * 1000000u;
        memcpy(advert->auth, bytes + expected - VRRP_AUTH_LENGTH, VRRP_AUTH_LENGTH);
    } else {
        advert->interval_us = (get16(bytes + 4) & 0xfff) * 10000;
    }
    if (advert->interval_us == 0)
        return VRRP_BAD_INTERVAL;
    for (unsigned i = 0; i < advert->count && i < VRRP_ADDRESSES_MAX; i++) {
        advert->addresses[i].family = advert->family;
        memcpy(advert->addresses[i].bytes, bytes + HEADER + i * size, size);
    }
    return VRRP_ACCEPTED;
}

const char *vrrp_refusal_text(enum vrrp_refusal refusal)
{
    static const char *const texts[VRRP_REFUSALS] = {
        [VRRP_ACCEPTED] = "accepted",
        [VRRP_BAD_IP_HEADER] = "no whole IPv4 packet of protocol 112",
        [VRRP_BAD_TTL] = "a TTL or hop limit below the one expected (255): it came through a router",
        [VRRP_BAD_LENGTH] = "a length that does not fit its number of addresses",
        [VRRP_BAD_VERSION] = "another version of VRRP than the one configured",
        [VRRP_BAD_TYPE] = "a type that is not advertisement (1)",
        [VRRP_BAD_COUNT] = "no address in it",
        [VRRP_BAD_CHECKSUM] = "a wrong checksum",
        [VRRP_BAD_INTERVAL] = "another advertisement interval than the one configured (or none)",
        [VRRP_BAD_VRID] = "another virtual router's id",
        [VRRP_BAD_FAMILY] = "another address family than the one configured",
        [VRRP_BAD_AUTH_TYPE] = "another authentication type than the one configured",
        [VRRP_BAD_AUTH_DATA] = "a wrong password",
        [VRRP_BAD_SOURCE] = "a source that is none of the unicast peers",
        [VRRP_OWN_PACKET] = "our own address as source: heard back, or used twice",
        [VRRP_WE_ARE_OWNER] = "somebody else advertises the addresses that this machine owns",
    };

    return (unsigned)refusal < VRRP_REFUSALS ? texts[refusal] : "an unknown reason";
}

/* --- announcements --- */

void vrrp_garp(const struct vrrp_address *address, const uint8_t mac[VRRP_MAC_LENGTH],
               enum vrrp_arp operation, uint8_t out[VRRP_GARP_LENGTH])
{
    /* EtherType ARP; hardware Ethernet, protocol IPv4, their lengths, operation. */
    const uint8_t fixed[] = {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, (uint8_t)operation};

    memset(out, 0xff, VRRP_MAC_LENGTH);
    memcpy(out + 6, mac, VRRP_MAC_LENGTH);
    memcpy(out + 12, fixed, sizeof(fixed));
    memcpy(out + 22, mac, VRRP_MAC_LENGTH);
    memcpy(out + 28, address->bytes, 4);
    memset(out + 32, 0xff, VRRP_MAC_LENGTH);
    memcpy(out + 38, address->bytes, 4);
}

void vrrp_unsolicited_na(const struct vrrp_address *address, const uint8_t mac[VRRP_MAC_LENGTH], bool router,
                         uint8_t out[VRRP_NA_LENGTH])
{
    static const struct vrrp_address all_nodes = {.family = VRRP_IPV6, .bytes = {0xff, 0x02, [15] = 0x01}};
    static const uint8_t all_nodes_mac[] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};
    enum { IP = 14, ICMP = IP + 40, ICMP_LENGTH = 32, ICMPV6 = 58, ADVERTISE = 136 };

    memset(out, 0, VRRP_NA_LENGTH);
    memcpy(out, all_nodes_mac, VRRP_MAC_LENGTH);
    memcpy(out + 6, mac, VRRP_MAC_LENGTH);
    put16(out + 12, 0x86dd);
    out[IP] = 6 << 4;
    put16(out + IP + 4, ICMP_LENGTH);
    out[IP + 6] = ICMPV6;
    out[IP + 7] = 255;
    memcpy(out + IP + 8, address->bytes, 16);
    memcpy(out + IP + 24, all_nodes.bytes, 16);
    out[ICMP] = ADVERTISE;
    out[ICMP + 4] = router ? 0xa0 : 0x20; /* R, not S, O */
    memcpy(out + ICMP + 8, address->bytes, 16);
    out[ICMP + 24] = 2; /* option: target link-layer address, one unit of eight bytes */
    out[ICMP + 25] = 1;
    memcpy(out + ICMP + 26, mac, VRRP_MAC_LENGTH);
    put16(out + ICMP + 2,
          checksum(out + ICMP, ICMP_LENGTH, sum_pseudo_header(address, &all_nodes, ICMPV6, ICMP_LENGTH)));
}
