/* test_guard_kernel.c - the program in the kernel and packet.h in user space decide alike, frame by frame.
 *
 * Random frames that look like IPv4, ARP, IPv6 and neighbour discovery, with VLAN tags and extension headers,
 * cut anywhere, go through the loaded program by BPF_PROG_TEST_RUN and through the same functions here.
 * KERNEL_FRAMES (default 20000) says how many; a frame that is decided otherwise is printed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "daemon/guard/gate.h"
#include "daemon/guard/protocol.h"

struct packet {
    const uint8_t *bytes;
    size_t length;
    const struct gate_address *vips;
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
    for (int i = 0; i < 2; i++)
        if (memcmp(address, &packet->vips[i], sizeof(*address)) == 0)
            return &packet->entry;
    return NULL;
}

static inline __u64 packet_now(const struct packet *packet)
{
    return 1;
}

#include "daemon/guard/packet.h"

static struct gate_address vips[2];
static uint64_t seed = 20261120;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A VIP, or an address that differs from one in its last byte; sometimes nobody. */
static void put_address(uint8_t *at, int family)
{
    const struct gate_address *vip = &vips[family == 6];
    size_t size = family == 6 ? 16 : 4;

    memcpy(at, vip->bytes + 16 - size, size);
    if (random_below(3) > 0)
        at[size - 1] = (uint8_t)random_below(256);
    if (random_below(10) == 0)
        memset(at, 0, size);
}

static size_t make_ipv6(uint8_t *at)
{
    static const uint8_t headers[] = {0, 43, 44, 51, 60, 135, 139, 140, 58, 58, 58, 6, 17};
    size_t length = 40;
    uint8_t *next = &at[6];

    at[0] = 0x60;
    put_address(at + 8, 6);
    put_address(at + 24, 6);
    for (int i = 0; i < 10; i++) {
        uint8_t header = headers[random_below(sizeof(headers))];

        *next = header;
        if (header == 58) {
            at[length] = (uint8_t)(134 + random_below(4));
            put_address(at + length + 8, 6);
            return length + 24;
        }
        if (header == 6 || header == 17)
            break;
        next = &at[length];
        at[length + 1] = (uint8_t)random_below(3);
        put_u16(at + length + 2, random_below(2) ? 0 : random_below(65536));
        length += 8 * (1U + random_below(3)); /* not always where the header says */
    }
    return length + 8;
}

static size_t make_frame(uint8_t *frame)
{
    static const unsigned types[] = {0x0800, 0x0806, 0x86dd, 0x86dd, 0x86dd, 0x88cc};
    static const unsigned tags[] = {0x8100, 0x88a8, 0x9100};
    unsigned type = types[random_below(6)];
    size_t at = 12;

    for (size_t i = 0; i < 512; i++)
        frame[i] = (uint8_t)random_below(256);
    for (uint32_t i = random_below(3) ? 0 : random_below(6); i > 0; i--, at += 4)
        put_u16(frame + at, tags[random_below(3)]);
    put_u16(frame + at, type);
    at += 2;
    if (type == 0x0806) {
        put_u16(frame + at + 2, random_below(10) ? 0x0800 : 0x86dd);
        frame[at + 4] = random_below(4) ? 6 : (uint8_t)random_below(64);
        frame[at + 5] = random_below(10) ? 4 : 16;
        put_address(frame + at + 8 + frame[at + 4], 4);
        put_address(frame + at + 8 + 2 * frame[at + 4] + 4, 4);
        at += 8 + 2 * (size_t)frame[at + 4] + 8;
    } else if (type == 0x0800) {
        put_address(frame + at + 12, 4);
        put_address(frame + at + 16, 4);
        at += 28;
    } else if (type == 0x86dd) {
        at += make_ipv6(frame + at);
    } else {
        at += 20;
    }
    return random_below(4) ? at
                           : 15 + random_below((uint32_t)at - 14); /* the kernel runs none that is empty */
}

static int program_on(int ifindex, enum bpf_tc_attach_point point)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
    LIBBPF_OPTS(bpf_tc_opts, filter, .handle = 0x4846, .priority = 1);

    assert_int_equal(bpf_tc_query(&hook, &filter), 0);

    int fd = bpf_prog_get_fd_by_id(filter.prog_id);

    assert_true(fd >= 0);
    return fd;
}

/* 1 or 0; -1 if the kernel has no such frame (newer ones: an IP packet cut within its header). */
static int kernel_drops(int program, const uint8_t *frame, size_t length)
{
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)length);
    int result = bpf_prog_test_run_opts(program, &run);

    if (result == -EINVAL)
        return -1;
    assert_int_equal(result, 0);
    assert_true(run.retval == 2 || run.retval == (uint32_t)-1);
    return run.retval == 2;
}

/* How many were dropped. */
static unsigned compare(const int programs[2], const struct gate_entry *entry, unsigned frames)
{
    unsigned dropped = 0, refused = 0;

    for (unsigned i = 0; i < frames; i++) {
        uint8_t frame[1024];
        size_t length = make_frame(frame);
        struct packet packet = {.bytes = frame, .length = length, .vips = vips, .entry = *entry};

        for (int way = GATE_INGRESS; way <= GATE_EGRESS; way++) {
            bool here = packet_drops_ethernet(&packet, (enum gate_direction)way);

            dropped += here;

            int there = kernel_drops(programs[way], frame, length);

            refused += there < 0;
            if (there < 0 || there == here)
                continue;
            for (size_t byte = 0; byte < length; byte++)
                fprintf(stderr, "%02x", frame[byte]);
            fail_msg("frame %u (%zu bytes, above), way %d, flags %u: here %s, in the kernel not", i, length,
                     way, entry->flags, here ? "dropped" : "passed");
        }
    }
    assert_true(refused < frames); /* of twice as many */
    return dropped;
}

static void test_same_decision(void **state)
{
    const char *text = getenv("KERNEL_FRAMES");
    unsigned frames = text == NULL ? 20000 : (unsigned)atoi(text);
    struct gate *gate = gate_open(NULL);
    int v0 = (int)if_nametoindex("v0");

    assert_int_equal(gate_mode(gate), GATE_KERNEL);
    for (uint32_t flags = 0; flags <= GATE_CLIENTS; flags++) {
        struct gate_entry entry = {.flags = flags};

        for (int i = 0; i < 2; i++)
            assert_null(gate_arm(gate, &vips[i], flags));
        assert_null(gate_attach(gate, v0, ARPHRD_ETHER));

        const int programs[2] = {program_on(v0, BPF_TC_INGRESS), program_on(v0, BPF_TC_EGRESS)};
        unsigned dropped = compare(programs, &entry, frames);

        printf("    %u frames both ways, flags %u: %u dropped, here as in the kernel\n", frames, flags,
               dropped);
        assert_true(dropped > frames / 20 && dropped < 2 * frames);
        entry.deadline = INT64_MAX;
        for (int i = 0; i < 2; i++)
            assert_null(gate_open_until(gate, &vips[i], INT64_MAX));
        assert_int_equal(compare(programs, &entry, frames / 10), 0);
        for (int i = 0; i < 2; i++)
            assert_null(gate_shut(gate, &vips[i]));
        close(programs[0]);
        close(programs[1]);
    }
    gate_close(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_decision),
    };

    if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700") != 0 ||
        system("ip link add v0 type veth peer name v1 && ip link set v0 up") != 0) {
        printf("skipped: network namespaces need root\n");
        return 77;
    }
    hf_error_free(guard_address_parse("10.9.0.7", &vips[0]));
    hf_error_free(guard_address_parse("fd09::7", &vips[1]));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
