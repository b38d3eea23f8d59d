/* fuzz_guard_packet.c - libFuzzer target: the gate's decision over any frame reads nothing beyond its end,
 * drops nothing while the gate is open, and with clients let through never drops what is kept without.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_guard_packet.c -o
 * fuzz_guard_packet
 *     ./fuzz_guard_packet -max_total_time=60 -max_len=256 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/guard/gate_map.h"

struct packet {
    const uint8_t *bytes;
    size_t length;
    struct gate_entry entry;
};

static inline int packet_load(const struct packet *packet, __u32 offset, void *to, __u32 length)
{
    if (offset > packet->length || length > packet->length - offset)
        return -1;
    memcpy(to, packet->bytes + offset, length);
    return 0;
}

/* Every address whose last byte is 7 is a VIP. */
static inline const struct gate_entry *packet_entry(const struct packet *packet,
                                                    const struct gate_address *address)
{
    return address->bytes[15] == 7 ? &packet->entry : NULL;
}

static inline __u64 packet_now(const struct packet *packet)
{
    return 1000;
}

#include "daemon/guard/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Memory of its own size, so that the sanitizer sees what reads beyond. */
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    struct packet packet = {.bytes = exact, .length = size};

    memcpy(exact, data, size);
    for (int way = GATE_INGRESS; way <= GATE_EGRESS; way++) {
        enum gate_direction direction = (enum gate_direction)way;

        packet.entry = (struct gate_entry){.deadline = 1000};

        bool strict = packet_drops_ethernet(&packet, direction);

        packet.entry.flags = GATE_CLIENTS;
        if (packet_drops_ethernet(&packet, direction) && !strict)
            abort();
        packet.entry.deadline = 1001;
        if (packet_drops_ethernet(&packet, direction))
            abort();
    }
    free(exact);
    return 0;
}
