/* client.h - holdfastd's half of the guard's socket, on a qb_loop.
 *
 * The client connects, and connects again when the connection is lost.  It remembers what was ordered and
 * what the guard last said.  The first time it reaches a guard it adopts the orders that it finds (holdfastd
 * was restarted: what it does not want it takes back by guard_client_unwant() and
 * guard_client_vip_remove()); after that its own list is what holds, whatever a restarted guard remembers.
 * Routers are none of it: agents order them (agent.h), the guard keeps them, and here is only news of them,
 * and what the scheduler says of their priorities.
 *
 * Ownership is told with its end: where the guard has fallen silent, lost() is called when the lease runs out
 * (checked against CLOCK_BOOTTIME here), not when somebody says so. */
#ifndef GUARD_CLIENT_H
#define GUARD_CLIENT_H

#include <qb/qbloop.h>

#include "daemon/guard/protocol.h"

struct guard_client;

/* What the guard last said; also what report.h prints. */
struct guard_status {
    bool attached; /* false: the rest is as it was when the guard was last heard */
    uint32_t pid;
    struct guard_lock *locks;
    size_t lock_count;
    struct guard_vip_state *vips;
    size_t vip_count;
    struct guard_router_state *routers; /* what agents ordered */
    size_t router_count;
    struct guard_server servers[GUARD_SERVERS_MAX];
    size_t server_count;
    struct guard_gate gate;
    struct guard_watchdog watchdog;
    struct guard_clock clock;
};

/* In each of these any function here except guard_client_free() may be called.  Each may be NULL. */
struct guard_client_hooks {
    /* A guard was reached and all it knows is in guard_client_status(). same: orders of this client were
     * known before; false the first time, when its orders were adopted. */
    void (*attached)(void *context, bool same);
    /* The connection was lost; it is being made again.  What is owned stays so until its lease runs out. */
    void (*detached)(void *context, const char *why);
    /* Also when the token of an owned lock rises, without lost() before: the guard was restarted and took the
     * lock up again within its lease. */
    void (*owned)(void *context, const char *lock, uint64_t token);
    void (*lost)(void *context, const char *lock, uint64_t token);
    /* A router is there, is no longer (state->gone), changed its state, or was told to be MASTER or not; also
     * for each that is there when a guard was reached.  What differs from the CIB is to be adopted. Borrowed.
     */
    void (*router)(void *context, const struct guard_router_state *state);
    /* Anything in guard_client_status() changed, except the times of leases that were extended. */
    void (*changed)(void *context);
    /* The guard could not follow an order. */
    void (*refused)(void *context, const char *text);
};

struct guard_client_settings {
    const char *socket; /* NULL: GUARD_SOCKET */
    bool observer;      /* only reads */
};

/* Begins to connect; hooks is a const table that must outlive the client. */
struct guard_client *guard_client_new(qb_loop_t *loop, const struct guard_client_settings *settings,
                                      const struct guard_client_hooks *hooks, void *context);
/* The guard keeps its orders. NULL is fine. */
void guard_client_free(struct guard_client *client);

/* Orders.  They are kept here and reach the guard now or once it is there.  HF_REFUSED, with nothing
 * changed, if a name or number breaks a limit of protocol.h. */
struct hf_error *guard_client_want(struct guard_client *client, const struct guard_want *want) HF_MUST_CHECK;
struct hf_error *guard_client_vip(struct guard_client *client, const struct guard_vip *vip) HF_MUST_CHECK;
/* Takes an order back; one that was never given is fine.  A lock is not owned from this call on, without
 * lost(); wanted again, it is owned once the guard has got it anew. */
void guard_client_unwant(struct guard_client *client, const char *lock);
void guard_client_vip_remove(struct guard_client *client, const char *id);
/* Hands a lock over to node (NULL: whoever comes); this node stays in the queue behind it.  HF_FAILED if the
 * guard is not there: such an order is not kept. */
struct hf_error *guard_client_release(struct guard_client *client, const char *lock,
                                      const char *node) HF_MUST_CHECK;
/* The heartbeat; to be said about three times in alive->limit_ms. */
void guard_client_alive(struct guard_client *client, const struct guard_alive *alive);

/* What the scheduler's scores say of a router here; of one that is not there yet, too.  HF_REFUSED if a name
 * or number breaks a limit of protocol.h. */
struct hf_error *guard_client_priority(struct guard_client *client,
                                       const struct guard_router_priority *priority) HF_MUST_CHECK;
/* The router's resource is no longer: its priority need not be remembered. */
void guard_client_priority_forget(struct guard_client *client, const char *id);
/* Whether this node is quorate; needed where no lock servers are configured, harmless where they are. */
void guard_client_quorum(struct guard_client *client, const struct guard_quorum *quorum);
/* A node left (fenced: and is certainly off): its VIPs may be free.  Not kept. */
void guard_client_hint(struct guard_client *client, const char *node, bool fenced);

/* Borrowed, valid until the loop runs again. */
const struct guard_status *guard_client_status(const struct guard_client *client);
/* Whether this node owns a lock now, and its token (may be NULL). */
bool guard_client_owns(const struct guard_client *client, const char *lock, uint64_t *token);
/* The highest number of guard_lock.losses heard: what guard_alive.obeyed has to reach. */
uint64_t guard_client_losses(const struct guard_client *client);

#endif
