/* gate.h - the gate's real decision (daemon/guard/packet.h, which the kernel runs) over what a node would say
 * for a VIP.
 *
 * For world.c alone: the simulation's clock stands for the kernel's, one entry for its map. */
#ifndef LOCKSIM_GATE_H
#define LOCKSIM_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/guard/gate_map.h"

struct packet {
    int64_t now;
    struct gate_entry entry;
};

/* An ARP answer: 10.77.0.100 is at 02:00:00:00:00:01 (RFC 826). */
static const uint8_t locksim_answer[42] = {
    2, 0, 0, 0, 0, 9, 2,  0,  0, 0,   0, 1, 8, 6, /* Ethernet */
    0, 1, 8, 0, 6, 4, 0,  2,                      /* ARP: an answer */
    2, 0, 0, 0, 0, 1, 10, 77, 0, 100,             /* from */
    2, 0, 0, 0, 0, 9, 10, 77, 0, 9,               /* to */
};

static inline int packet_load(const struct packet *packet, __u32 offset, void *to, __u32 length)
{
    if (offset > sizeof(locksim_answer) || length > sizeof(locksim_answer) - offset)
        return -1;
    memcpy(to, locksim_answer + offset, length);
    return 0;
}

static inline const struct gate_entry *packet_entry(const struct packet *packet,
                                                    const struct gate_address *address)
{
    static const struct gate_address vip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 77, 0, 100}};

    return memcmp(address, &vip, sizeof(vip)) == 0 ? &packet->entry : NULL;
}

static inline __u64 packet_now(const struct packet *packet)
{
    return (__u64)packet->now;
}

#include "daemon/guard/packet.h"

/* Whether a node whose clock reads now answers for a VIP whose gate was opened until deadline. */
static inline bool locksim_answers(int64_t now, int64_t deadline)
{
    const struct packet packet = {.now = now, .entry = {.deadline = (__u64)deadline}};

    return !packet_drops_ethernet(&packet, GATE_EGRESS);
}

#endif
