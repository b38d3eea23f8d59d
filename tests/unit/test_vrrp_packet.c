/* test_vrrp_packet.c - unit tests of daemon/vrrp/packet.c: bytes that other implementations send and take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/vrrp/packet.h"
#include "lib/alloc.h"

static struct vrrp_address address(const char *text)
{
    struct vrrp_address result;

    assert_true(vrrp_address_parse(text, &result));
    return result;
}

static struct vrrp_received received(const uint8_t *bytes, size_t length, const char *source,
                                     const char *destination)
{
    return (struct vrrp_received){.source = address(source),
                                  .destination = address(destination),
                                  .ttl = 255,
                                  .bytes = bytes,
                                  .length = length};
}

/* Encodes and returns the length. */
static size_t encode(const struct vrrp_advert *advert, const char *source, uint8_t *out)
{
    struct vrrp_address from = address(source), to = vrrp_group_address(advert->family);

    return vrrp_encode(advert, &from, &to, out);
}

/* The bytes of version 2 that tcpdump's manuals show; its checksum is worked out by hand:
 * 2101+6401+0001+c0a8+0001 = 45ad, its complement ba52. */
static void version_2_is_as_everybody_writes_it(void **state)
{
    static const uint8_t expected[] = {0x21, 0x01, 0x64, 0x01, 0x00, 0x01, 0xba, 0x52, 0xc0, 0xa8,
                                       0x00, 0x01, 0,    0,    0,    0,    0,    0,    0,    0};
    struct vrrp_advert advert = {.version = 2,
                                 .family = VRRP_IPV4,
                                 .vrid = 1,
                                 .priority = 100,
                                 .interval_us = 1000000,
                                 .count = 1,
                                 .addresses = {address("192.168.0.1")}};
    uint8_t bytes[VRRP_PACKET_MAX];

    assert_int_equal(encode(&advert, "192.168.0.30", bytes), sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
}

/* RFC 9568 section 5.2.8: without pseudo-header for IPv4: 3101+6401+0064+c0a8+0001 = 5610, complement a9ef.
 * With it (RFC 5798): c0a8+001e+e000+0012+0070+000c more. */
static void version_3_has_either_checksum(void **state)
{
    struct vrrp_advert advert = {.version = 3,
                                 .family = VRRP_IPV4,
                                 .vrid = 1,
                                 .priority = 100,
                                 .interval_us = 1000000,
                                 .count = 1,
                                 .addresses = {address("192.168.0.1")}};
    uint8_t bytes[VRRP_PACKET_MAX];
    struct vrrp_advert back;
    unsigned sum = 0x5610 + 0xc0a8 + 0x001e + 0xe000 + 0x0012 + 0x0070 + 0x000c;

    assert_int_equal(encode(&advert, "192.168.0.30", bytes), 12);
    assert_memory_equal(bytes, ((uint8_t[]){0x31, 0x01, 0x64, 0x01, 0x00, 0x64, 0xa9, 0xef}), 8);

    struct vrrp_received packet = received(bytes, 12, "192.168.0.30", "224.0.0.18");

    assert_int_equal(vrrp_decode(&packet, &back), VRRP_ACCEPTED);
    assert_int_equal(back.checksum, VRRP_CHECKSUM_PLAIN);
    advert.checksum = VRRP_CHECKSUM_PSEUDO;
    encode(&advert, "192.168.0.30", bytes);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(bytes[6] << 8 | bytes[7], ~sum & 0xffff);
    assert_int_equal(vrrp_decode(&packet, &back), VRRP_ACCEPTED);
    assert_int_equal(back.checksum, VRRP_CHECKSUM_PSEUDO);
    /* Which holds for this source only. */
    packet.source = address("192.168.0.31");
    assert_int_equal(vrrp_decode(&packet, &back), VRRP_BAD_CHECKSUM);
}

static void ipv6_needs_the_pseudo_header(void **state)
{
    struct vrrp_advert advert = {.version = 3,
                                 .family = VRRP_IPV6,
                                 .vrid = 7,
                                 .priority = 200,
                                 .interval_us = 10000,
                                 .count = 2,
                                 .addresses = {address("fe80::1"), address("2001:db8::1")}};
    uint8_t bytes[VRRP_PACKET_MAX];
    struct vrrp_advert back;
    size_t length = encode(&advert, "fe80::2", bytes);
    struct vrrp_received packet = received(bytes, length, "fe80::2", "ff02::12");

    assert_int_equal(length, 8 + 32);
    assert_int_equal(bytes[5], 1); /* one centisecond */
    assert_int_equal(vrrp_decode(&packet, &back), VRRP_ACCEPTED);
    assert_int_equal(back.count, 2);
    assert_int_equal(back.interval_us, 10000);
    assert_true(vrrp_address_equal(&back.addresses[1], &advert.addresses[1]));
    packet.destination = address("ff02::1");
    assert_int_equal(vrrp_decode(&packet, &back), VRRP_BAD_CHECKSUM);
}

static void everything_comes_back(void **state)
{
    for (int version = 2; version <= 3; version++) {
        for (int count = 1; count <= VRRP_ADDRESSES_MAX; count++) {
            struct vrrp_advert advert = {.version = (uint8_t)version,
                                         .family = VRRP_IPV4,
                                         .vrid = (uint8_t)(count * 7),
                                         .priority = (uint8_t)(255 - count),
                                         .interval_us = version == 2 ? 255000000 : 40950000,
                                         .auth_type = version == 2 ? 1 : 0,
                                         .count = (uint8_t)count};
            uint8_t bytes[VRRP_PACKET_MAX];
            struct vrrp_advert back;

            if (version == 2)
                memcpy(advert.auth, "secret", 7);
            for (int i = 0; i < count; i++)
                advert.addresses[i] =
                    (struct vrrp_address){.family = VRRP_IPV4, .bytes = {10, 0, (uint8_t)i, 1}};

            size_t length = encode(&advert, "10.0.0.9", bytes);
            struct vrrp_received packet = received(bytes, length, "10.0.0.9", "224.0.0.18");

            assert_int_equal(vrrp_decode(&packet, &back), VRRP_ACCEPTED);
            assert_int_equal(back.version, version);
            assert_int_equal(back.vrid, advert.vrid);
            assert_int_equal(back.priority, advert.priority);
            assert_int_equal(back.interval_us, advert.interval_us);
            assert_int_equal(back.auth_type, advert.auth_type);
            assert_memory_equal(back.auth, advert.auth, VRRP_AUTH_LENGTH);
            assert_int_equal(back.count, count);
            for (int i = 0; i < count; i++)
                assert_true(vrrp_address_equal(&back.addresses[i], &advert.addresses[i]));
            /* Any one bit wrong: refused, for one reason or another. */
            for (size_t bit = 0; bit < length * 8; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_not_equal(vrrp_decode(&packet, &back), VRRP_ACCEPTED);
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
            for (packet.length = 0; packet.length < length; packet.length++) {
                uint8_t *exact = hf_memdup(bytes, packet.length == 0 ? 1 : packet.length);

                packet.bytes = exact;
                assert_int_equal(vrrp_decode(&packet, &back), VRRP_BAD_LENGTH);
                free(exact);
            }
        }
    }
}

/* Repairs the checksum of a version 3 message over IPv4, so that the test meets the check it is about. */
static void resum(uint8_t *bytes, size_t length)
{
    unsigned sum = 0;

    bytes[6] = bytes[7] = 0;
    for (size_t i = 0; i < length; i += 2)
        sum += (unsigned)bytes[i] << 8 | bytes[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    bytes[6] = (uint8_t)(~sum >> 8);
    bytes[7] = (uint8_t)~sum;
}

static void each_fault_has_its_name(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum vrrp_refusal refusal;
    } table[] = {
        {0, 0x11, VRRP_BAD_VERSION}, {0, 0x41, VRRP_BAD_VERSION}, {0, 0x32, VRRP_BAD_TYPE},
        {0, 0x30, VRRP_BAD_TYPE},    {3, 0, VRRP_BAD_COUNT},      {3, 2, VRRP_BAD_LENGTH},
        {3, 255, VRRP_BAD_LENGTH},   {0, 0x21, VRRP_BAD_LENGTH},  {5, 0, VRRP_BAD_INTERVAL},
        {4, 0xf0, VRRP_ACCEPTED}, /* the reserved bits are ignored, section 5.2.6 */
        {2, 0, VRRP_ACCEPTED},       {2, 255, VRRP_ACCEPTED},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        uint8_t bytes[] = {0x31, 5, 100, 1, 0, 100, 0, 0, 10, 0, 0, 1};
        struct vrrp_received packet = received(bytes, sizeof(bytes), "10.0.0.9", "224.0.0.18");
        struct vrrp_advert advert;

        bytes[table[i].at] = table[i].value;
        resum(bytes, sizeof(bytes));
        assert_int_equal(vrrp_decode(&packet, &advert), table[i].refusal);
    }
}

static void raw_packets_are_unwrapped(void **state)
{
    uint8_t packet[24 + 12] = {0x46, 0, 0, 36,  0, 1, 0x40, 0, 255, 112, 0, 0,   10,
                               0,    0, 9, 224, 0, 0, 18,   1, 1,   1,   1, 0x31};
    struct vrrp_received got;

    assert_int_equal(vrrp_unwrap_ipv4(packet, sizeof(packet), &got), VRRP_ACCEPTED);
    assert_int_equal(got.length, 12);
    assert_int_equal(got.bytes[0], 0x31);
    assert_int_equal(got.ttl, 255);
    char text[64];

    assert_string_equal(vrrp_address_text(&got.source, text), "10.0.0.9");
    for (size_t length = 0; length < sizeof(packet); length++) {
        uint8_t *exact = hf_memdup(packet, length == 0 ? 1 : length);

        assert_int_equal(vrrp_unwrap_ipv4(exact, length, &got), VRRP_BAD_IP_HEADER);
        free(exact);
    }

    static const struct {
        size_t at;
        uint8_t value;
    } bad[] = {{0, 0x44}, {0, 0x66}, {3, 20}, {2, 1}, {6, 0x20}, {7, 1}, {9, 17}, {0, 0x4f}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(bad); i++) {
        uint8_t copy[sizeof(packet)];

        memcpy(copy, packet, sizeof(packet));
        copy[bad[i].at] = bad[i].value;
        assert_int_equal(vrrp_unwrap_ipv4(copy, sizeof(copy), &got), VRRP_BAD_IP_HEADER);
    }
}

static void announcements_are_as_the_rfcs_say(void **state)
{
    static const uint8_t mac[] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
    static const uint8_t garp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0x11, 0x22, 0x33, 0x44,
                                   0x55, 8,    6,    0,    1,    8,    0,  6,    4,    0,    1,
                                   2,    0x11, 0x22, 0x33, 0x44, 0x55, 10, 1,    2,    3,    0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 10,   1,  2,    3};
    uint8_t out[VRRP_NA_LENGTH], virtual[VRRP_MAC_LENGTH];
    struct vrrp_address four = address("10.1.2.3"), six = address("2001:db8::5");

    vrrp_garp(&four, mac, VRRP_ARP_REQUEST, out);
    assert_int_equal(sizeof(garp), VRRP_GARP_LENGTH);
    assert_memory_equal(out, garp, sizeof(garp));
    vrrp_unsolicited_na(&six, mac, false, out);
    assert_memory_equal(
        out, ((uint8_t[]){0x33, 0x33, 0, 0, 0, 1, 2, 0x11, 0x22, 0x33, 0x44, 0x55, 0x86, 0xdd}), 14);
    assert_int_equal(out[14 + 7], 255);
    assert_int_equal(out[54], 136);
    assert_int_equal(out[58], 0x20);
    assert_memory_equal(out + 62, six.bytes, 16);

    /* Its checksum, the long way round. */
    unsigned sum = 32 + 58;

    for (int i = 22; i < VRRP_NA_LENGTH; i += 2)
        sum += (unsigned)out[i] << 8 | out[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(sum, 0xffff);
    vrrp_unsolicited_na(&six, mac, true, out);
    assert_int_equal(out[58], 0xa0);
    vrrp_virtual_mac(VRRP_IPV4, 51, virtual);
    assert_memory_equal(virtual, ((uint8_t[]){0, 0, 0x5e, 0, 1, 51}), 6);
    vrrp_virtual_mac(VRRP_IPV6, 51, virtual);
    assert_memory_equal(virtual, ((uint8_t[]){0, 0, 0x5e, 0, 2, 51}), 6);
}

static void addresses_compare_as_numbers(void **state)
{
    struct vrrp_address low = address("10.0.0.9"), high = address("10.0.0.200"),
                        other = address("9.255.255.255");
    struct vrrp_address six = address("fe80::1"), nothing;

    assert_true(vrrp_address_compare(&low, &high) < 0);
    assert_true(vrrp_address_compare(&high, &low) > 0);
    assert_true(vrrp_address_compare(&low, &other) > 0);
    assert_int_equal(vrrp_address_compare(&six, &six), 0);
    assert_false(vrrp_address_parse("10.0.0", &nothing));
    assert_false(vrrp_address_parse("10.0.0.1/24", &nothing));
    for (int i = 0; i < VRRP_REFUSALS; i++)
        assert_true(strlen(vrrp_refusal_text((enum vrrp_refusal)i)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2_is_as_everybody_writes_it),
        cmocka_unit_test(version_3_has_either_checksum),
        cmocka_unit_test(ipv6_needs_the_pseudo_header),
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(each_fault_has_its_name),
        cmocka_unit_test(raw_packets_are_unwrapped),
        cmocka_unit_test(announcements_are_as_the_rfcs_say),
        cmocka_unit_test(addresses_compare_as_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
