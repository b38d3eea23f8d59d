/* vips.c - see vips.h. */
#include "tests/sim/vips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "tests/sim/world.h"

enum { LEASE_MS = 300, OWN_MS = 270, RENEW_MS = 75, JITTER_MS = 12, BID_STEP_MS = LEASE_MS / 32 };

struct seat {
    bool there, promoted, told, stands_back;
    uint64_t token, promotions;
    int64_t until, renew_at, bid_at;
    int priority, rank;
};

struct lock {
    uint64_t term;
    int holder; /* -1: free */
    int64_t until;
    struct seat seats[WORLD_NODES];
};

struct sim_vips {
    const char *const *ids;
    unsigned count, nodes;
    uint64_t random;
    bool on[WORLD_NODES], cut[WORLD_NODES];
    uint64_t version[WORLD_NODES];
    struct lock *locks;
};

struct sim_vips *sim_vips_new(const char *const *ids, unsigned nodes, uint64_t seed)
{
    struct sim_vips *vips = hf_calloc(1, sizeof(*vips));

    vips->ids = ids;
    vips->nodes = nodes;
    vips->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 7;
    while (ids[vips->count] != NULL)
        vips->count++;
    vips->locks = hf_calloc(vips->count, sizeof(*vips->locks));
    for (unsigned i = 0; i < vips->count; i++)
        vips->locks[i].holder = -1;
    return vips;
}

void sim_vips_free(struct sim_vips *vips)
{
    if (vips == NULL)
        return;
    free(vips->locks);
    free(vips);
}

static int64_t jitter(struct sim_vips *vips)
{
    vips->random ^= vips->random << 13;
    vips->random ^= vips->random >> 7;
    vips->random ^= vips->random << 17;
    return (int64_t)(vips->random % JITTER_MS);
}

/* Everybody hears what becomes of a VIP. */
static void news(struct sim_vips *vips)
{
    for (unsigned i = 0; i < vips->nodes; i++)
        vips->version[i]++;
}

static struct lock *find(const struct sim_vips *vips, const char *id)
{
    for (unsigned i = 0; i < vips->count; i++)
        if (strcmp(vips->ids[i], id) == 0)
            return &vips->locks[i];
    return NULL;
}

/* --- the lock --- */

static void grant(struct sim_vips *vips, struct lock *lock, unsigned node, int64_t now)
{
    struct seat *seat = &lock->seats[node];

    lock->term++;
    lock->holder = (int)node;
    lock->until = now + LEASE_MS;
    seat->promoted = true;
    seat->promotions++;
    seat->token = lock->term;
    seat->until = now + OWN_MS;
    seat->renew_at = now + RENEW_MS;
    for (unsigned i = 0; i < vips->nodes; i++) {
        lock->seats[i].bid_at = 0;
        if (i != node)
            lock->seats[i].stands_back = false;
    }
    news(vips);
}

static bool may_bid(const struct sim_vips *vips, const struct lock *lock, unsigned node)
{
    const struct seat *seat = &lock->seats[node];

    return vips->on[node] && !vips->cut[node] && seat->there &&
           (seat->told || (!seat->stands_back && seat->priority > 0));
}

static void set_free(struct sim_vips *vips, struct lock *lock, const char *successor, int64_t now)
{
    unsigned next = successor == NULL ? vips->nodes : (unsigned)atoi(successor + 1) - 1;

    lock->holder = -1;
    if (next < vips->nodes && vips->on[next] && !vips->cut[next] && lock->seats[next].there)
        grant(vips, lock, next, now);
}

static void keep(struct sim_vips *vips, struct lock *lock, unsigned node, int64_t now)
{
    struct seat *seat = &lock->seats[node];

    if (!vips->cut[node] && now >= seat->renew_at && now < seat->until) {
        seat->renew_at = now + RENEW_MS;
        seat->until = now + OWN_MS;
        lock->until = now + LEASE_MS;
    }
    if (now >= seat->until) {
        seat->promoted = false;
        news(vips);
    }
}

static void bid(struct sim_vips *vips, struct lock *lock, unsigned node, int64_t now)
{
    struct seat *seat = &lock->seats[node];

    if (!may_bid(vips, lock, node))
        return;
    if (seat->bid_at == 0)
        seat->bid_at = now + 1 + seat->rank * BID_STEP_MS + jitter(vips);
    if (seat->bid_at <= now)
        grant(vips, lock, node, now);
}

void sim_vips_step(struct sim_vips *vips, int64_t now)
{
    for (unsigned i = 0; i < vips->count; i++) {
        struct lock *lock = &vips->locks[i];

        for (unsigned node = 0; node < vips->nodes; node++)
            if (lock->seats[node].promoted)
                keep(vips, lock, node, now);
        if (lock->holder >= 0 && now >= lock->until) {
            lock->holder = -1;
            news(vips);
        }
        for (unsigned node = 0; node < vips->nodes && lock->holder < 0; node++)
            bid(vips, lock, node, now);
    }
}

/* --- machines --- */

void sim_vips_power(struct sim_vips *vips, unsigned node, bool on)
{
    vips->on[node] = on;
    for (unsigned i = 0; i < vips->count; i++)
        vips->locks[i].seats[node] = (struct seat){0};
    news(vips);
}

void sim_vips_reach(struct sim_vips *vips, unsigned node, bool reaches)
{
    vips->cut[node] = !reaches;
}

/* --- orders --- */

static void resign(struct sim_vips *vips, struct lock *lock, unsigned node, const char *successor,
                   int64_t now)
{
    struct seat *seat = &lock->seats[node];

    seat->told = false;
    seat->stands_back = true;
    if (!seat->promoted)
        return;
    seat->promoted = false;
    set_free(vips, lock, successor, now);
    news(vips);
}

int32_t sim_vips_act(struct sim_vips *vips, unsigned node, const char *id, const char *operation,
                     const char *successor, int64_t now)
{
    struct lock *lock = find(vips, id);
    struct seat *seat = &lock->seats[node];

    if (strcmp(operation, "start") == 0) {
        if (!seat->there)
            *seat = (struct seat){.there = true, .stands_back = lock->holder < 0};
        news(vips);
    } else if (strcmp(operation, "stop") == 0) {
        resign(vips, lock, node, successor, now);
        seat->there = false;
        news(vips);
    } else if (strcmp(operation, "demote") == 0) {
        resign(vips, lock, node, successor, now);
    } else if (!seat->there) {
        return 7;
    } else if (strcmp(operation, "promote") == 0) {
        seat->told = true;
        return seat->promoted ? 0 : SIM_VIPS_LATER;
    } else if (strcmp(operation, "monitor") == 0) {
        return seat->promoted ? 8 : 0;
    }
    return 0;
}

void sim_vips_priority(struct sim_vips *vips, unsigned node, const char *id, int priority, int rank)
{
    struct lock *lock = find(vips, id);

    if (lock == NULL)
        return;
    lock->seats[node].priority = priority;
    lock->seats[node].rank = rank;
}

/* --- watching --- */

unsigned sim_vips_count(const struct sim_vips *vips)
{
    return vips->count;
}

struct sim_vip_view sim_vips_view(const struct sim_vips *vips, unsigned node, unsigned nth)
{
    const struct lock *lock = &vips->locks[nth];
    const struct seat *seat = &lock->seats[node];

    return (struct sim_vip_view){
        .id = vips->ids[nth],
        .there = seat->there,
        .promoted = seat->promoted,
        .taken = lock->holder >= 0 && lock->holder != (int)node,
        .token = seat->promoted ? seat->token : 0,
        .promotions = seat->promotions,
        .priority = seat->priority,
    };
}

uint64_t sim_vips_version(const struct sim_vips *vips, unsigned node)
{
    return vips->version[node];
}

int sim_vips_where(const struct sim_vips *vips, const char *id)
{
    const struct lock *lock = find(vips, id);
    int where = -1;

    for (unsigned i = 0; lock != NULL && i < vips->nodes; i++) {
        if (!lock->seats[i].promoted)
            continue;
        if (where != -1)
            return -2;
        where = (int)i;
    }
    return where;
}
