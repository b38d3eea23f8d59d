/* routers-private.h - what the parts of the routers share; nobody else includes it.
 *
 * routers.c        all of them: begin, end, time, what follows from every event
 * router_make.c    one router comes, is changed, goes; which VRID it has
 * router_set.c     routers that move together: members, steps of the state machine, what those want done
 * router_right.c   who may be MASTER: locks wanted, owned and given up; quorum
 * router_links.c   interfaces: carrier, own addresses, tracked things, virtual MAC addresses
 * router_adverts.c packets out and in
 * router_orders.c  orders of agents and of the owner
 * router_pending.c answers, at once or later
 * router_news.c    reports
 *
 * All times are CLOCK_BOOTTIME in ns; those of daemon/vrrp/ are in us. */
#ifndef GUARD_ROUTERS_PRIVATE_H
#define GUARD_ROUTERS_PRIVATE_H

#include <string.h>

#include "daemon/guard/routers.h"
#include "daemon/vrrp/router.h"

#define MS INT64_C(1000000)
#define US INT64_C(1000)
#define NEVER INT64_MAX

struct router;

/* One router's half: its addresses of one family. */
struct router_half {
    struct router *router;
    struct vrrp_router vrrp;
    char interface[GUARD_INTERFACE_MAX + 1]; /* where its addresses are */
};

struct router {
    struct router *next;
    struct router_set *set;
    struct guard_router order;
    struct router_half halves[2];
    unsigned half_count;
    bool promoted, stands_back;
    int given_priority; /* the owner's; -1: it has said nothing */
    unsigned rank;
    bool script_down[ROUTER_TRACKS_MAX];
    int track_weight; /* what is tracked adds so much to the priority */
    uint8_t vrid;
    unsigned vrid_attempt;
    bool fit;       /* it can serve */
    bool sound;     /* it can serve as it should: carrier, tracked things */
    bool following; /* its routes and rules are there */
    bool removing;  /* once the lock is given up */
    char fault[GUARD_TEXT_MAX + 1];
    char warning[GUARD_TEXT_MAX + 1]; /* what others do wrong */
    char refusal[GUARD_TEXT_MAX + 1];
    const char *reason;
    bool master_heard;
    struct vrrp_address master;
    uint8_t master_priority;
    uint64_t changes;
    int64_t since;
    struct guard_router_state told;
};

/* Routers that move together. */
struct router_set {
    struct router_set *next;
    char key[GUARD_NAME_MAX + 1];
    char gate[GUARD_NAME_MAX + 1]; /* the lock that its VIPs' gates hang on */
    enum vrrp_right right;
    struct router_half **halves;
    struct vrrp_router **members; /* the same ones */
    struct vrrp_update *updates;
    size_t count;
    bool wanted;
    unsigned wanted_rank;
    bool owned;                  /* the lock is */
    bool gained, lost, given_up; /* what routers_lock() said, not yet followed */
    bool handing_over;
    bool served_unsound; /* it was MASTER when it became unsound */
    uint64_t token;
    int64_t open_until; /* without a lease: what the gate was told */
};

struct routers {
    bool locks;
    char *cluster;
    const struct routers_hooks *hooks;
    void *context;
    struct router *routers;
    struct router_set *sets;
    struct router_pending *pending; /* router_pending.c's */
    struct router_link *seen;       /* router_links.c's */
    unsigned count;
    struct guard_quorum quorum;
    /* After a restart: until what the life before knew runs out; 0 or NEVER: as quorum says. */
    int64_t quorate_until;
    bool unsettled; /* routers_settle() has something to do */
};

/* Borrowed, or NULL. */
struct router *router_find(const struct routers *routers, const char *id);
/* In all of its families. */
bool router_is_master(const struct router *router);
/* The name of the VIP that is the index-th address of a router. */
void router_vip_id(const struct router *router, unsigned index, char id[GUARD_NAME_MAX + 1]);

#endif
