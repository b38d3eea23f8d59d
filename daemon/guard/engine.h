/* engine.h - the guard itself: locks by daemon/lease/, VIPs by the gate, the watchdog, and what holdfastd
 * ordered.
 *
 * Driven like a pure module, by events with the time in them, but what it decides about gates, addresses and
 * the watchdog it does at once and itself, in the order that lease.h demands: nothing may come between a lock
 * that is lost and the gate that shuts.  What goes to others (frames to lock servers, news to holdfastd, the
 * file of orders) goes through hooks.  main.c gives it sockets and a clock, tests/guard others. */
#ifndef GUARD_ENGINE_H
#define GUARD_ENGINE_H

#include "daemon/guard/clock.h"
#include "daemon/guard/gate.h"
#include "daemon/guard/network.h"
#include "daemon/guard/orders.h"
#include "daemon/guard/routers.h"
#include "daemon/guard/watchdog.h"
#include "daemon/lease/lease.h"

struct engine;

struct engine_config {
    struct lease_config lease;              /* floor is raised by the orders' */
    const char *servers[LEASE_SERVERS_MAX]; /* their names, for reports; of none there are no locks */
    const char *cluster;                    /* its name */
    struct gate *gate;                      /* these three are borrowed, and outlive the engine */
    struct network *network;
    struct watchdog *watchdog;
};

struct engine_hooks {
    /* One whole lock frame to a server; what cannot be sent at once is lost. */
    void (*send)(void *context, unsigned server, const void *bytes, size_t length);
    /* The server should be connected to anew. */
    void (*reconnect)(void *context, unsigned server);
    /* News for every client. */
    void (*tell)(void *context, const struct guard_frame *frame);
    /* The orders changed: keep them. */
    void (*save)(void *context, const struct orders *orders);
    /* What became of an agent's order. */
    void (*answer)(void *context, uint64_t asker, const struct guard_answer *answer);
    /* Routers: the sockets that engine_needs() names, and an advert on one of them. */
    void (*listen)(void *context);
    struct hf_error *(*advert)(void *context, const char *interface, const struct vrrp_address *source,
                               const struct vrrp_address *destination, const void *bytes, size_t length);
};

/* orders: those of an earlier life of the guard in this boot (or empty); copied.  now: CLOCK_BOOTTIME, ns. */
struct engine *engine_new(const struct engine_config *config, const struct engine_hooks *hooks, void *context,
                          const struct orders *orders, int64_t now);
/* Ends without giving anything up: leases run out, gates shut by themselves; the watchdog is stopped if
 * nothing needs it, and runs on otherwise. */
void engine_free(struct engine *engine);

/* An order of holdfastd (WANT, UNWANT, RELEASE, VIP_ADD, VIP_REMOVE, ALIVE, ROUTER_PRIORITY, QUORUM, HINT).
 * Returns why it cannot be followed, the caller's, or NULL. */
char *engine_order(struct engine *engine, const struct guard_frame *frame, int64_t now);

/* An order of an agent (ROUTER_ADD to ROUTER_TRACK), answered through the hook, now or later. */
void engine_agent(struct engine *engine, uint64_t asker, const struct guard_frame *frame, int64_t now);

/* A VRRP packet came in on an interface. */
void engine_packet(struct engine *engine, const char *interface, const struct vrrp_received *received,
                   int64_t now);
/* The sockets that the routers need. */
void engine_needs(const struct engine *engine,
                  void (*need)(void *context, const char *interface, enum vrrp_family family), void *context);

/* Whether holdfastd is there.  Without it, or without a heartbeat of its, for ten seconds a lock that covers
 * nothing here (no address, nothing to drain: the right to decide) is left to others until it is back. */
void engine_attended(struct engine *engine, bool present, int64_t now);

/* The connection to a lock server (its place in config.servers) is there: TLS and all. */
void engine_link_up(struct engine *engine, unsigned server, int64_t now);
/* It broke, or could not be made.  reason: in words, for status. */
void engine_link_down(struct engine *engine, unsigned server, const char *reason, int64_t now);
/* Why a link that is not up is not, in words; the same ones again cost nothing. */
void engine_link_why(struct engine *engine, unsigned server, const char *why);
/* One whole lock frame came from it; borrowed. */
void engine_link_frame(struct engine *engine, unsigned server, const uint8_t *bytes, size_t length,
                       int64_t now);
/* Interfaces or filters changed. */
void engine_network_changed(struct engine *engine, int64_t now);

/* engine_deadline() has come. */
void engine_tick(struct engine *engine, int64_t now);
/* What both clocks say, ns; about once a second. */
void engine_clock(struct engine *engine, int64_t now, int64_t wall);
/* When engine_tick() is due, CLOCK_BOOTTIME ns. */
int64_t engine_deadline(const struct engine *engine);

/* Begins an orderly end: gives every lock up (gates shut, verified, released).  Orders stay in the file. */
void engine_retire(struct engine *engine, int64_t now);
/* Nothing is owned any more. */
bool engine_retired(const struct engine *engine);

/* Everything that is known, as frames: GATE, SERVER, LOCK, ROUTER, VIP, WATCHDOG, CLOCK. */
void engine_describe(const struct engine *engine,
                     void (*take)(void *context, const struct guard_frame *frame), void *context);

#endif
