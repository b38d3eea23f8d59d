/* packet.h - VRRP advertisements and address announcements, to and from bytes.
 *
 * Pure.  Version 3 for IPv4 and IPv6 (RFC 9568) and version 2 for IPv4 (RFC 3768, authentication types 0
 * and 1).  vrrp_decode() checks everything that can be checked without knowing a virtual router; router.h
 * checks the rest.  Each refusal has its own value, so that each can be counted and named. */
#ifndef HF_VRRP_PACKET_H
#define HF_VRRP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VRRP_PROTOCOL = 112,     /* IP protocol number, RFC 9568 section 5.1.1.4 */
    VRRP_TTL = 255,          /* section 5.1.1.3, 5.1.2.3 */
    VRRP_ADDRESSES_MAX = 32, /* of one virtual router here; the count field allows 255 */
    VRRP_AUTH_LENGTH = 8,    /* RFC 3768 section 5.3.10 */
    VRRP_PACKET_MAX = 8 + 255 * 16 + VRRP_AUTH_LENGTH,
    VRRP_MAC_LENGTH = 6,
    VRRP_GARP_LENGTH = 14 + 28,   /* an Ethernet frame with an ARP packet */
    VRRP_NA_LENGTH = 14 + 40 + 32 /* one with a neighbor advertisement and its link-layer address option */
};

enum vrrp_family { VRRP_IPV4 = 4, VRRP_IPV6 = 6 };

/* An address; of an IPv4 one the first four bytes count, the rest is zero. */
struct vrrp_address {
    enum vrrp_family family;
    uint8_t bytes[16];
};

/* Sets *address from text; false if it is none. */
bool vrrp_address_parse(const char *text, struct vrrp_address *address);
/* Writes it as text into out (at least 46 bytes) and returns out. */
const char *vrrp_address_text(const struct vrrp_address *address, char *out);
bool vrrp_address_equal(const struct vrrp_address *a, const struct vrrp_address *b);
/* As unsigned integers in network byte order (section 6.4.3): below 0, 0 or above 0. */
int vrrp_address_compare(const struct vrrp_address *a, const struct vrrp_address *b);
/* The group that adverts are sent to: 224.0.0.18 or ff02::12. */
struct vrrp_address vrrp_group_address(enum vrrp_family family);
/* The virtual router MAC address: 00-00-5E-00-01-VRID, for IPv6 -02- (section 7.3). */
void vrrp_virtual_mac(enum vrrp_family family, uint8_t vrid, uint8_t mac[VRRP_MAC_LENGTH]);

/* How the checksum of version 3 over IPv4 is computed. RFC 9568 section 5.2.8 leaves the pseudo-header out,
 * RFC 5798 had it in, and so do the implementations of its time, keepalived among them. Both are accepted. */
enum vrrp_checksum { VRRP_CHECKSUM_PLAIN, VRRP_CHECKSUM_PSEUDO };

/* The content of an advertisement. */
struct vrrp_advert {
    uint8_t version; /* 2 or 3 */
    enum vrrp_family family;
    uint8_t vrid;
    uint8_t priority;
    uint32_t
        interval_us;   /* version 2: whole seconds up to 255; version 3: 10 ms to 40.95 s in steps of 10 ms */
    uint8_t auth_type; /* version 2: 0 none, 1 simple text password */
    uint8_t auth[VRRP_AUTH_LENGTH];
    enum vrrp_checksum checksum; /* version 3 over IPv4 only; when decoded: which of the two it had */
    uint8_t count; /* of addresses on the wire; at most VRRP_ADDRESSES_MAX of them are in the array */
    struct vrrp_address addresses[VRRP_ADDRESSES_MAX];
};

/* Why a packet is not taken. The names are those of the checks of RFC 9568 section 7.1 and RFC 3768 7.1. */
enum vrrp_refusal {
    VRRP_ACCEPTED = 0,
    VRRP_BAD_IP_HEADER, /* not a whole IPv4 packet of this protocol */
    VRRP_BAD_TTL,       /* TTL or hop limit below what is wanted (255) */
    VRRP_BAD_LENGTH,    /* shorter or longer than its count of addresses says */
    VRRP_BAD_VERSION,   /* not the version that this router speaks */
    VRRP_BAD_TYPE,      /* not an advertisement */
    VRRP_BAD_COUNT,     /* no address at all */
    VRRP_BAD_CHECKSUM,
    VRRP_BAD_INTERVAL, /* version 3: zero; version 2: not the configured one */
    VRRP_BAD_VRID,     /* another virtual router's */
    VRRP_BAD_FAMILY,   /* another address family's */
    VRRP_BAD_AUTH_TYPE,
    VRRP_BAD_AUTH_DATA,
    VRRP_BAD_SOURCE,   /* not one of the unicast peers */
    VRRP_OWN_PACKET,   /* our own, heard back */
    VRRP_WE_ARE_OWNER, /* the address owner heeds nobody */
    VRRP_REFUSALS      /* how many there are */
};

/* What was expected, in one sentence for the log. */
const char *vrrp_refusal_text(enum vrrp_refusal refusal);

/* Writes an advertisement as it goes behind the IP header into out (VRRP_PACKET_MAX bytes). source and
 * destination are for the pseudo-header. Returns its length in bytes. count is at most VRRP_ADDRESSES_MAX. */
size_t vrrp_encode(const struct vrrp_advert *advert, const struct vrrp_address *source,
                   const struct vrrp_address *destination, uint8_t *out);

/* What a socket received: the bytes behind the IP header, and what the header said. */
struct vrrp_received {
    struct vrrp_address source, destination;
    int ttl; /* TTL or hop limit, 0 to 255 */
    const uint8_t *bytes;
    size_t length;
};

/* Takes a whole IPv4 packet, as a raw socket gives it, apart; *received borrows from it.
 * VRRP_ACCEPTED or VRRP_BAD_IP_HEADER. */
enum vrrp_refusal vrrp_unwrap_ipv4(const uint8_t *packet, size_t length, struct vrrp_received *received);
/* Reads an advertisement. VRRP_ACCEPTED, or what is wrong with it (*advert is then undefined). */
enum vrrp_refusal vrrp_decode(const struct vrrp_received *received, struct vrrp_advert *advert);

/* The Ethernet frame of a gratuitous ARP for an IPv4 address (section 8.1.2; RFC 5227 section 3): a request,
 * or the reply that nobody asked for. */
enum vrrp_arp { VRRP_ARP_REQUEST = 1, VRRP_ARP_REPLY = 2 };
void vrrp_garp(const struct vrrp_address *address, const uint8_t mac[VRRP_MAC_LENGTH],
               enum vrrp_arp operation, uint8_t out[VRRP_GARP_LENGTH]);
/* The Ethernet frame of an unsolicited neighbor advertisement for an IPv6 address, override flag set
 * (section 6.4.1; RFC 4861 section 4.4). router: sets the router flag. */
void vrrp_unsolicited_na(const struct vrrp_address *address, const uint8_t mac[VRRP_MAC_LENGTH], bool router,
                         uint8_t out[VRRP_NA_LENGTH]);

#endif
