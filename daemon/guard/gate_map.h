/* gate_map.h - the gate's map as the kernel's half (gate.bpf.c) and the guard's (gate.c) both see it. */
#ifndef GUARD_GATE_MAP_H
#define GUARD_GATE_MAP_H

#include <linux/types.h>

enum { GATE_VIPS_MAX = 1024, GATE_HOOKS_MAX = 1024 };

/* An IPv6 address, or an IPv4 address as ::ffff:a.b.c.d. */
struct gate_address {
    __u8 bytes[16];
};

/* What the gate knows of a VIP. */
struct gate_entry {
    __u64 deadline; /* CLOCK_BOOTTIME, ns: shut from then on; 0 is always shut */
    __u32 flags;    /* enum gate_flag */
    __u32 unused;
};

enum gate_flag {
    /* While the gate is shut this node may still speak with the VIP where it lives now: only what speaks as
     * the VIP is kept in, and only what is addressed to it is kept out.  Without it, both are both. */
    GATE_CLIENTS = 1,
};

#endif
