/* gate.bpf.c - the gate in the kernel: compiled for BPF, attached by gate.c to tc ingress and egress.
 *
 * The rules are packet.h's; this file lets them read a frame, the VIPs and the clock. bpf_ktime_get_boot_ns()
 * is CLOCK_BOOTTIME, which also runs while the machine sleeps, so a machine that wakes up late is silent. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct packet {
    struct __sk_buff *frame;
};

#include "daemon/guard/gate_map.h"

/* Elements are allocated with the map: to shut a gate never needs memory. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, GATE_VIPS_MAX);
    __type(key, struct gate_address);
    __type(value, struct gate_entry);
} vips SEC(".maps");

/* Interfaces whose clsact qdisc the guard made; not for the programs, only kept where the guard's death does
 * not lose it. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, GATE_HOOKS_MAX);
    __type(key, __u32);
    __type(value, __u32);
} hooks SEC(".maps");

static inline __attribute__((always_inline)) int packet_load(const struct packet *packet, __u32 offset,
                                                             void *to, __u32 length)
{
    return (int)bpf_skb_load_bytes(packet->frame, offset, to, length);
}

static inline __attribute__((always_inline)) const struct gate_entry *
packet_entry(const struct packet *packet, const struct gate_address *address)
{
    return bpf_map_lookup_elem(&vips, address);
}

static inline __attribute__((always_inline)) __u64 packet_now(const struct packet *packet)
{
    return bpf_ktime_get_boot_ns();
}

#include "daemon/guard/packet.h"

enum { PASS = -1 /* TC_ACT_UNSPEC: the next filter decides */, DROP = 2 /* TC_ACT_SHOT */ };

static inline __attribute__((always_inline)) int ethernet(struct __sk_buff *frame, enum gate_direction way)
{
    const struct packet packet = {frame};

    return packet_drops_ethernet(&packet, way) ? DROP : PASS;
}

/* An interface without Ethernet headers: tunnels, PPP. */
static inline __attribute__((always_inline)) int bare(struct __sk_buff *frame, enum gate_direction way)
{
    const struct packet packet = {frame};

    return packet_drops_network(&packet, __builtin_bswap16((__u16)frame->protocol), 0, way) ? DROP : PASS;
}

SEC("tc") int gate_in(struct __sk_buff *frame)
{
    return ethernet(frame, GATE_INGRESS);
}
SEC("tc") int gate_out(struct __sk_buff *frame)
{
    return ethernet(frame, GATE_EGRESS);
}
SEC("tc") int gate_bare_in(struct __sk_buff *frame)
{
    return bare(frame, GATE_INGRESS);
}
SEC("tc") int gate_bare_out(struct __sk_buff *frame)
{
    return bare(frame, GATE_EGRESS);
}

const char gate_license[] SEC("license") = "GPL";
