/* fuzz_vrrp.c - libFuzzer target: whatever a network sends, a VRRP router heeds it or refuses it by name, and
 * an advert that is heeded is written again as the same bytes.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. tests/fuzz/fuzz_vrrp.c \
 *         daemon/vrrp/packet.c daemon/vrrp/router.c lib/alloc.c lib/buf.c lib/error.c -o fuzz_vrrp
 *     ./fuzz_vrrp -max_len=600 -max_total_time=60
 *
 * The first byte chooses what the router is like and how the packet comes; the rest is the packet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/vrrp/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes the checksum right where the fuzzer asks for it, so that it gets past that check. */
static void repair(uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    bytes[6] = bytes[7] = 0;
    for (size_t i = 0; i < length; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    bytes[6] = (uint8_t)(~sum >> 8);
    bytes[7] = (uint8_t)~sum;
}

static struct vrrp_config config_for(uint8_t choice)
{
    struct vrrp_config config = {.version = choice & 1 ? 2 : 3,
                                 .family = choice & 2 && !(choice & 1) ? VRRP_IPV6 : VRRP_IPV4,
                                 .vrid = 1,
                                 .priority = 100,
                                 .interval_us = 1000000,
                                 .right =
                                     (enum vrrp_right)(choice >> 6 & 1 ? VRRP_RIGHT_LOCK : VRRP_RIGHT_NONE),
                                 .preempt = (choice & 4) != 0,
                                 .count = 1};

    config.primary = (struct vrrp_address){.family = config.family, .bytes = {10, 0, 0, 5}};
    config.addresses[0] = (struct vrrp_address){.family = config.family, .bytes = {10, 0, 0, 1}};
    return config;
}

static void written_again(const struct vrrp_received *received, const struct vrrp_advert *advert)
{
    uint8_t again[VRRP_PACKET_MAX];

    if (advert->count > VRRP_ADDRESSES_MAX)
        return;

    size_t length = vrrp_encode(advert, &received->source, &received->destination, again);

    /* What the RFC has us ignore need not come back: the reserved bits, and with them the checksum. */
    if (length != received->length || (advert->version == 2 && memcmp(again, received->bytes, length) != 0))
        abort();
}

static void step_and_look(struct vrrp_router *router, struct vrrp_event event)
{
    struct vrrp_update update = vrrp_step(router, &event);

    if (update.start_serving && (router->state != VRRP_MASTER || !router->has_right))
        abort();
    if (vrrp_deadline(router) < event.now)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9)
        return 0;

    const struct vrrp_config config = config_for(data[0]);
    struct vrrp_router router;
    struct vrrp_advert advert;
    uint8_t *bytes = malloc(size - 1);
    struct vrrp_received received = {
        .source = {.family = config.family, .bytes = {10, 0, 0, 9}},
        .destination = vrrp_group_address(config.family),
        .ttl = 255,
        .bytes = bytes,
        .length = size - 1,
    };

    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 8)
        repair(bytes, size - 1);
    vrrp_init(&router, &config);
    step_and_look(&router, (struct vrrp_event){.type = VRRP_STARTUP, .now = 1});
    if (data[0] & 16)
        step_and_look(&router, (struct vrrp_event){.type = VRRP_TICK, .now = vrrp_deadline(&router)});
    if (!(data[0] & 32) || vrrp_unwrap_ipv4(bytes, size - 1, &received) == VRRP_ACCEPTED) {
        enum vrrp_refusal refusal = vrrp_check(&router, &received, &advert);

        if ((unsigned)refusal >= VRRP_REFUSALS || vrrp_refusal_text(refusal) == NULL)
            abort();
        if (refusal == VRRP_ACCEPTED) {
            written_again(&received, &advert);
            step_and_look(&router, (struct vrrp_event){.type = VRRP_HEARD,
                                                       .now = vrrp_deadline(&router) - 1,
                                                       .advert = &advert,
                                                       .source = received.source});
        }
    }
    free(bytes);
    return 0;
}
