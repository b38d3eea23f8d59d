/* routers.h - the guard's virtual routers: what agents ordered (router_frames.h), driven by the state machine
 * of daemon/vrrp/, with the right to be MASTER from a lock, from quorum or from nobody.
 *
 * Driven by events with the time in them, like the engine that it is a part of; everything that it does goes
 * through hooks.  Routers that move together (one lock, or one group) are a set: one sync group of the state
 * machine, with one member for each router and address family.
 *
 * - lock: MASTER is who owns the lock; its lease opens and shuts the gate, the engine sees to that.  A router
 *   that may take over wants the lock all the time: the servers tell it when that is free.
 *
 * - quorum: the election of VRRP among quorate nodes.  The gate is open for as long as nobody else can take
 *   over after the last advert.
 *
 * - none: the same without quorum, for three intervals but a tenth after each advert. */
#ifndef GUARD_ROUTERS_H
#define GUARD_ROUTERS_H

#include "daemon/guard/orders.h"
#include "daemon/vrrp/packet.h"

struct routers;

enum { ROUTERS_MAX = 255, ROUTERS_LINK_ADDRESSES = 128 };

/* An interface as it is now. */
struct routers_link {
    int ifindex; /* 0: there is none */
    bool up, carrier;
    size_t count;
    struct gate_address addresses[ROUTERS_LINK_ADDRESSES];
};

struct routers_hooks {
    /* Locks: as the lease's wishes of the same names. want returns why not, the caller's, or NULL. */
    char *(*want)(void *context, const char *lock, unsigned rank, int64_t now);
    void (*unwant)(void *context, const char *lock, int64_t now);
    void (*hand_over)(void *context, const char *lock, const char *node, int64_t now);
    void (*urge)(void *context, const char *lock, int64_t now);
    /* Who else has it, as far as is known; "". Borrowed. */
    const char *(*holder)(void *context, const char *lock);
    /* VIPs, one for each address.  take_up: an earlier life of this guard had it, and its gate may be open.
     * Returns why not, the caller's, or NULL. */
    char *(*protect)(void *context, const struct guard_vip *vip, bool take_up, int64_t now);
    void (*unprotect)(void *context, const char *id);
    /* What is wrong with it, "" if nothing. Borrowed. */
    const char *(*vip_fault)(void *context, const char *id);
    void (*announce)(void *context, const char *id, unsigned times, int64_t now);
    /* Gates of a lock that is none of the lease's. */
    void (*open)(void *context, const char *lock, int64_t deadline, int64_t now);
    void (*shut)(void *context, const char *lock);
    int64_t (*open_until)(void *context, const char *lock);
    /* The network. */
    void (*look)(void *context, const char *interface, struct routers_link *link);
    void (*follow)(void *context, const struct guard_router *router, bool serve); /* its routes and rules */
    /* The interface with the virtual MAC address, made or removed; HF_FAILED says why not. */
    struct hf_error *(*macvlan)(void *context, const char *parent, const char *name, const uint8_t mac[6],
                                bool add);
    void (*listen)(void *context); /* the sockets that routers_needs() names */
    struct hf_error *(*send)(void *context, const char *interface, const struct vrrp_address *source,
                             const struct vrrp_address *destination, const void *bytes, size_t length);
    /* Clients. */
    void (*tell)(void *context, const struct guard_frame *frame);
    void (*answer)(void *context, uint64_t asker, const struct guard_answer *answer);
    /* The orders changed: routers_collect() has them. */
    void (*save)(void *context);
};

/* locks: there are lock servers; without, a router with a lock needs quorum.  cluster: for the choice of
 * VRIDs. hooks is a const table. */
struct routers *routers_new(bool locks, const char *cluster, const struct routers_hooks *hooks,
                            void *context);
/* Leaves everything as it is. NULL is fine. */
void routers_free(struct routers *routers);

/* A router of an earlier life of this guard. */
void routers_take_up(struct routers *routers, const struct guard_router *order, int64_t now);
/* Adds each router as it was ordered, with how it stands in its flags: for the file of orders. */
void routers_collect(const struct routers *routers, struct orders *orders);

/* An order of an agent; answered through the hook. */
void routers_agent(struct routers *routers, uint64_t asker, const struct guard_frame *frame, int64_t now);
/* ROUTER_PRIORITY, QUORUM, HINT from the owner; for a router that is not there, nothing. */
void routers_owner(struct routers *routers, const struct guard_frame *frame, int64_t now);

/* The lock is owned, or no longer: given_up says that nobody else could have it yet.  Takes note alone:
 * routers_settle() does what follows. */
void routers_lock(struct routers *routers, const char *lock, bool owned, uint64_t token, bool given_up);
/* A packet came in on an interface. */
void routers_packet(struct routers *routers, const char *interface, const struct vrrp_received *received,
                    int64_t now);
/* Interfaces or their addresses changed. */
void routers_network(struct routers *routers, int64_t now);
/* routers_deadline() has come: CLOCK_BOOTTIME, ns; INT64_MAX for never. */
void routers_tick(struct routers *routers, int64_t now);
int64_t routers_deadline(const struct routers *routers);
/* The guard ends in order: what needs no lock is given up, too. */
void routers_retire(struct routers *routers, int64_t now);
/* What follows from any event: locks wanted and given up, answers, news.  False if nothing was left to do. */
bool routers_settle(struct routers *routers, int64_t now);

/* Everything that is known, as ROUTER frames. */
void routers_describe(const struct routers *routers,
                      void (*take)(void *context, const struct guard_frame *frame), void *context);
/* The sockets that are needed. */
void routers_needs(const struct routers *routers,
                   void (*need)(void *context, const char *interface, enum vrrp_family family),
                   void *context);

/* The name of the macvlan interface with the virtual MAC address on the interface of an index. */
void routers_macvlan_name(int ifindex, uint8_t vrid, enum vrrp_family family,
                          char name[GUARD_INTERFACE_MAX + 1]);

/* The VRID that is tried as the attempt-th for a router without one: the same on all nodes. */
uint8_t routers_choose_vrid(const char *cluster, const char *id, unsigned attempt);

#endif
