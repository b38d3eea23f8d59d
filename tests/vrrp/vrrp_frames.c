/* vrrp_frames.c - prints the Ethernet frames that daemon/vrrp makes, as text2pcap reads them: adverts of both
 * versions and families (behind headers made here as the kernel makes them) and announcements. */
#include <stdio.h>
#include <string.h>

#include "daemon/vrrp/packet.h"

static void print_frame(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (i % 16 == 0)
            printf("%s%06zx", i == 0 ? "" : "\n", i);
        printf(" %02x", bytes[i]);
    }
    printf("\n\n");
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The header of an IPv4 packet to the VRRP group; returns its length. */
static size_t ipv4_header(uint8_t *at, const struct vrrp_address *source, const struct vrrp_address *group,
                          size_t payload)
{
    unsigned sum = 0;

    memset(at, 0, 20);
    at[0] = 0x45;
    put16(at + 2, 20 + payload);
    at[8] = VRRP_TTL;
    at[9] = VRRP_PROTOCOL;
    memcpy(at + 12, source->bytes, 4);
    memcpy(at + 16, group->bytes, 4);
    for (int i = 0; i < 20; i += 2)
        sum += (unsigned)at[i] << 8 | at[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(at + 10, ~(sum + (sum >> 16)) & 0xffff);
    return 20;
}

static size_t ipv6_header(uint8_t *at, const struct vrrp_address *source, const struct vrrp_address *group,
                          size_t payload)
{
    memset(at, 0, 40);
    at[0] = 0x60;
    put16(at + 4, payload);
    at[6] = VRRP_PROTOCOL;
    at[7] = VRRP_TTL;
    memcpy(at + 8, source->bytes, 16);
    memcpy(at + 24, group->bytes, 16);
    return 40;
}

static void print_advert(const struct vrrp_advert *advert, const char *source_text)
{
    uint8_t payload[VRRP_PACKET_MAX], frame[14 + 40 + VRRP_PACKET_MAX] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};
    struct vrrp_address source, group = vrrp_group_address(advert->family);
    size_t at = 14, length;

    vrrp_address_parse(source_text, &source);
    length = vrrp_encode(advert, &source, &group, payload);
    vrrp_virtual_mac(advert->family, advert->vrid, frame + 6);
    put16(frame + 12, advert->family == VRRP_IPV4 ? 0x0800 : 0x86dd);
    at += advert->family == VRRP_IPV4 ? ipv4_header(frame + at, &source, &group, length)
                                      : ipv6_header(frame + at, &source, &group, length);
    memcpy(frame + at, payload, length);
    print_frame(frame, at + length);
}

int main(void)
{
    static const uint8_t mac[VRRP_MAC_LENGTH] = {2, 0, 0, 0, 0, 7};
    struct vrrp_advert advert = {.version = 2,
                                 .family = VRRP_IPV4,
                                 .vrid = 51,
                                 .priority = 150,
                                 .interval_us = 3000000,
                                 .auth_type = 1,
                                 .auth = "secret",
                                 .count = 2};
    uint8_t frame[VRRP_NA_LENGTH];

    vrrp_address_parse("10.0.0.1", &advert.addresses[0]);
    vrrp_address_parse("10.0.0.2", &advert.addresses[1]);
    print_advert(&advert, "10.0.0.9");
    advert.version = 3;
    advert.auth_type = 0;
    advert.interval_us = 100000;
    advert.checksum = VRRP_CHECKSUM_PSEUDO;
    print_advert(&advert, "10.0.0.9");
    advert.family = VRRP_IPV6;
    advert.priority = 0;
    vrrp_address_parse("fe80::1", &advert.addresses[0]);
    vrrp_address_parse("2001:db8::1", &advert.addresses[1]);
    print_advert(&advert, "fe80::9");
    struct vrrp_address address;

    vrrp_address_parse("10.0.0.1", &address);
    vrrp_garp(&address, mac, VRRP_ARP_REQUEST, frame);
    print_frame(frame, VRRP_GARP_LENGTH);
    vrrp_unsolicited_na(&advert.addresses[1], mac, true, frame);
    print_frame(frame, VRRP_NA_LENGTH);
    return 0;
}
