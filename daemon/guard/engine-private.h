/* engine-private.h - what the parts of the engine share; nobody else includes it.
 *
 * engine.c           events, the lease's decisions, orders, begin and end
 * engine_news.c      what clients are told
 * engine_watchdog.c  feeding the watchdog
 * engine_routers.c   what the routers (routers.h) ask for
 *
 * All times are CLOCK_BOOTTIME, ns. */
#ifndef GUARD_ENGINE_PRIVATE_H
#define GUARD_ENGINE_PRIVATE_H

#include <string.h>

#include "daemon/guard/engine.h"
#include "daemon/guard/vips.h"

#define MS INT64_C(1000000)
#define NEVER INT64_MAX

struct lock {
    struct guard_want want;
    bool wanted;
    bool owned;
    bool routed; /* wanted by a router */
    uint64_t token;
    int64_t until;   /* what its gates were told */
    bool verifying;  /* lease.h waits for GATE_CLOSED */
    bool restarting; /* engine_retire() */
    bool left;       /* to others, while nobody is there to use it: engine_attended() */
    struct vip *vips;
    struct guard_lock told;
};

struct engine {
    struct engine_config config;
    const struct engine_hooks *hooks;
    void *context;
    struct lease *lease; /* NULL: there are no lock servers */
    struct lease_updates updates;
    struct routers *routers;
    struct lock **locks; /* sorted by name */
    size_t lock_count;
    struct vips vips;
    struct guard_server servers[LEASE_SERVERS_MAX];
    char server_reasons[LEASE_SERVERS_MAX][GUARD_TEXT_MAX + 1];
    struct guard_alive alive;
    int64_t alive_at;
    uint64_t losses, top;
    struct guard_watchdog watchdog;
    struct clock_watch clock_watch;
    struct guard_clock clock;
    int64_t unattended_since; /* NEVER: holdfastd is there */
    int64_t checked_at, check_at, shut_again_at, feed_at, fed_at;
    bool retiring;
};

/* --- engine.c --- */

/* Borrowed, or NULL. */
struct lock *engine_find_lock(const struct engine *engine, const char *name);
/* Opens the gates of all VIPs of a lock until deadline. */
void engine_open_lock(struct engine *engine, struct lock *lock, int64_t deadline, int64_t now);
/* Shuts them.  True if everything is certainly shut. */
bool engine_shut_lock(struct engine *engine, struct lock *lock);
/* One event for the lease, and everything that follows from it. */
void engine_step(struct engine *engine, const struct lease_event *event);
/* The orders changed: they are kept. */
void engine_save(struct engine *engine);

/* What can be ordered.  These return why not, the caller's, or NULL. */
char *engine_want(struct engine *engine, const struct guard_want *want, int64_t now);
char *engine_hand_over(struct engine *engine, const char *name, const char *node, int64_t now);
char *engine_protect(struct engine *engine, const struct guard_vip *order, int64_t now);
/* And these cannot fail; for what is not there they do nothing. */
void engine_unwant(struct engine *engine, const char *name, int64_t now);
void engine_unprotect(struct engine *engine, const char *id);
/* A VIP of an earlier life of this guard. */
void engine_take_up_vip(struct engine *engine, const struct guard_vip *order, int64_t now);

/* --- engine_news.c --- */

/* News for every client. */
void engine_tell(struct engine *engine, const struct guard_frame *frame);
/* Whatever changed since the last time. */
void engine_tell_changes(struct engine *engine);
/* The same of lock servers alone. */
void engine_tell_servers(struct engine *engine);
struct guard_server engine_server_report(const struct engine *engine, unsigned index);

/* --- engine_watchdog.c --- */

/* After every event: feeds it, stops it or lets it starve. */
void engine_mind_watchdog(struct engine *engine, int64_t now);
/* The engine ends: it is stopped only if nothing needs it. */
void engine_leave_watchdog(struct engine *engine);

/* --- engine_routers.c --- */

extern const struct routers_hooks engine_routers_hooks;

#endif
