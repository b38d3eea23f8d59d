/* vips.h - the addresses that the guard protects, and the interfaces that they are on: gates armed, opened
 * and shut, addresses put on and taken off, announced, and compared with what the kernel has.
 *
 * Not pure: what it decides it does at once, by gate.h and network.h; but time comes in.  What is wrong with
 * a VIP stays in it as a sentence (vip_fault()) and is logged when it is new.  Times are CLOCK_BOOTTIME, ns.
 */
#ifndef GUARD_VIPS_H
#define GUARD_VIPS_H

#include "daemon/guard/gate.h"
#include "daemon/guard/network.h"
#include "daemon/guard/protocol.h"

struct vip {
    struct vip *next;  /* of all */
    struct vip *other; /* of the same lock */
    struct guard_vip order;
    struct vip_interface *interface;
    int64_t until; /* what the gate was told; 0: shut */
    bool assigned; /* the address may be on the interface */
    int announced; /* how often since it was assigned */
    int64_t assigned_at;
    char fault[GUARD_TEXT_MAX + 1];
    struct guard_vip_state told; /* for who reports */
};

/* All of them.  vips_init() makes one; look, but change nothing. */
struct vips {
    struct gate *gate; /* these two are borrowed */
    struct network *network;
    struct vip *first;
    size_t count;
    struct vip_interface *interfaces;
    char fault[GUARD_TEXT_MAX + 1]; /* what the last vips_check() found wrong in the kernel; "": nothing */
    int64_t announce_at;            /* when vips_announce_due() is due; INT64_MAX: never */
};

/* gate and network outlive it. */
void vips_init(struct vips *vips, struct gate *gate, struct network *network);
/* Leaves gates and addresses as they are. */
void vips_free(struct vips *vips);

/* Borrowed, or NULL. */
struct vip *vips_find(const struct vips *vips, const char *id);
struct vip *vips_find_address(const struct vips *vips, const struct gate_address *address);

/* A new VIP: first its entry in the gate, shut until it is opened, then the gate on its interface.  It joins
 * *lock, the list of its lock's VIPs.  until: what the gate was told about this address before.  Borrowed. */
struct vip *vips_add(struct vips *vips, struct vip **lock, const struct guard_vip *order, int64_t until);
/* The same for one that an earlier guard had: its address may be on the interface, and its gate open. */
struct vip *vips_take_up(struct vips *vips, struct vip **lock, const struct guard_vip *order);
/* Takes the address off, and the VIP out of both lists; frees it.  keep_armed: the address goes on as
 * another's. */
void vips_remove(struct vips *vips, struct vip **lock, struct vip *vip, bool keep_armed);

/* Lets one answer until deadline, and sees to it that its address is there. */
void vips_open(struct vips *vips, struct vip *vip, int64_t deadline, int64_t now);
/* True if it is certain that nothing answers for it any more. */
bool vips_shut(struct vips *vips, struct vip *vip);
/* Tells the neighbours of one that is open, so many times. */
void vips_announce(struct vips *vips, struct vip *vip, unsigned times, int64_t now);
/* The announcements that follow an arrival. */
void vips_announce_due(struct vips *vips, int64_t now);
/* Gates, interfaces and addresses as ordered; what is not is mended, or named in vips->fault. */
void vips_check(struct vips *vips, int64_t now);
/* Logs the addresses that an earlier guard armed, and that no order names. */
void vips_say_stale(const struct vips *vips);

/* What is wrong with it or its interface, "" if nothing. Borrowed. */
const char *vip_fault(const struct vip *vip);
struct guard_vip_state vip_report(const struct vips *vips, const struct vip *vip);

#endif
