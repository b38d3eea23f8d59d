/* guard.c - see guard.h. */
#include "daemon/holdfastd/guard.h"

#include <string.h>
#include <unistd.h>

#include "daemon/guard/client.h"
#include "daemon/guard/config.h"
#include "lib/log.h"

#define MS UINT64_C(1000000)

enum {
    LIMIT_MIN_MS = 1000, /* of silence, before the guard stops feeding the watchdog */
    LIMIT_MAX_MS = 10000,
    BEATS_IN_LIMIT = 3,
};

struct guard_side {
    qb_loop_t *loop;
    void (*step)(void *context, struct node_event *event);
    void *context;
    struct guard_client *client;
    bool locks;    /* lock servers are configured */
    bool expected; /* there is a guard, or is to be */
    uint32_t lease_ms, drain_ms;
    uint32_t limit_ms;     /* 0: there are no locks, and no heartbeat */
    struct node_duty duty; /* the last that was said */
    struct guard_alive said;
    qb_loop_timer_handle beat, silence;
};

/* --- what the guard says --- */

static void tell_cluster_lock(struct guard_side *side)
{
    struct node_lock lock = {.configured = true, .lease_ms = side->lease_ms, .drain_ms = side->drain_ms};
    struct node_event event = {.type = NODE_LOCK};

    if (!side->locks)
        return;
    lock.owned = guard_client_owns(side->client, NODE_CLUSTER_LOCK, &lock.token);
    event.lock = &lock;
    side->step(side->context, &event);
}

static void tell_own_locks(struct guard_side *side)
{
    const struct guard_status *status = guard_client_status(side->client);
    HF_CLEANUP(hf_freep) struct node_own_lock *locks = hf_calloc(status->lock_count, sizeof(*locks));
    HF_CLEANUP(hf_freep) struct guard_lock *copies = hf_calloc(status->lock_count, sizeof(*copies));
    struct node_event event = {.type = NODE_OWN_LOCKS};
    size_t count = 0;

    /* An order of the node in this very step may change what the status has. */
    for (size_t i = 0; i < status->lock_count; i++)
        copies[i] = status->locks[i];
    for (size_t i = 0; i < status->lock_count; i++) {
        if (!copies[i].wanted || strcmp(copies[i].want.lock, NODE_CLUSTER_LOCK) == 0)
            continue;
        locks[count] = (struct node_own_lock){.name = copies[i].want.lock, .holder = copies[i].holder};
        locks[count].owned = guard_client_owns(side->client, copies[i].want.lock, &locks[count].token);
        count++;
    }
    event.own_locks.list = locks;
    event.own_locks.count = count;
    side->step(side->context, &event);
}

static bool taken_by_another(const struct guard_status *status, const struct guard_router_state *router)
{
    if (router->state == ROUTER_MASTER)
        return false;
    for (size_t i = 0; router->lock[0] != '\0' && i < status->lock_count; i++)
        if (strcmp(status->locks[i].want.lock, router->lock) == 0)
            return status->locks[i].holder[0] != '\0';
    return router->master_heard;
}

static struct node_router router_of(const struct guard_status *status,
                                    const struct guard_router_state *router)
{
    return (struct node_router){
        .resource = router->id,
        .promoted = router->state == ROUTER_MASTER,
        .taken = taken_by_another(status, router),
        .token = router->state == ROUTER_MASTER ? router->token : 0,
        .promotions = router->became_master,
        .contested = router->contested,
        .vrid = router->vrid,
        .priority = router->priority,
        .has_right = router->has_right,
        .state = guard_router_state_name(router->state),
        .right = guard_router_right_name(router->right),
        .interface = router->interface,
        .fault = router->fault,
    };
}

static void tell_routers(struct guard_side *side)
{
    const struct guard_status *status = guard_client_status(side->client);
    HF_CLEANUP(hf_freep) struct guard_router_state *copies = hf_calloc(status->router_count, sizeof(*copies));
    HF_CLEANUP(hf_freep) struct node_router *list = hf_calloc(status->router_count, sizeof(*list));
    struct node_event event = {.type = NODE_ROUTERS};

    for (size_t i = 0; i < status->router_count; i++) {
        copies[i] = status->routers[i];
        list[i] = router_of(status, &copies[i]);
    }
    event.routers.expected = true;
    event.routers.attached = status->attached;
    event.routers.list = list;
    event.routers.count = status->router_count;
    side->step(side->context, &event);
}

static void beat(struct guard_side *side);

static void on_attached(void *context, bool same)
{
    struct guard_side *side = context;

    hf_info("guard: attached");
    if (side->silence != 0)
        qb_loop_timer_del(side->loop, side->silence);
    side->silence = 0;
    tell_cluster_lock(side);
    tell_own_locks(side);
    tell_routers(side);
    beat(side);
}

static void on_detached(void *context, const char *why)
{
    hf_warn("guard: the connection was lost: %s", why);
    tell_routers(context);
}

static void on_lock(void *context, const char *lock, uint64_t token)
{
    if (strcmp(lock, NODE_CLUSTER_LOCK) == 0)
        tell_cluster_lock(context);
    else
        tell_own_locks(context);
}

static void on_changed(void *context)
{
    struct guard_side *side = context;

    tell_own_locks(side);
    if (guard_client_status(side->client)->attached)
        tell_routers(side);
}

static void on_refused(void *context, const char *text)
{
    hf_error_log("guard: it cannot follow an order: %s", text);
}

static const struct guard_client_hooks hooks = {
    .attached = on_attached,
    .detached = on_detached,
    .owned = on_lock,
    .lost = on_lock,
    .changed = on_changed,
    .refused = on_refused,
};

/* The guard has not been there since this daemon began: whatever it owned then has run out. */
static void on_silence(void *data)
{
    struct guard_side *side = data;

    side->silence = 0;
    hf_warn("guard: it has not been heard for a lease: no lock is owned here");
    tell_own_locks(side);
}

/* --- orders --- */

void guard_side_want(struct guard_side *side, const char *lock, uint32_t rank)
{
    /* The lock `cluster' is the right to decide, which ends with the lease: whoever gets it next waits for
     * the drain before it takes anything over (daemon/node/controller.c), but need not wait before it
     * decides. */
    struct guard_want want = {.rank = rank,
                              .drain_ms = strcmp(lock, NODE_CLUSTER_LOCK) == 0 ? 0 : GUARD_DRAIN_DEFAULT};
    struct hf_error *error = NULL;

    if (side == NULL)
        return;
    guard_copy(want.lock, sizeof(want.lock), lock);
    error = guard_client_want(side->client, &want);
    if (error != NULL)
        hf_error_log("guard: %s", hf_error_text(error));
    hf_error_free(error);
}

void guard_side_unwant(struct guard_side *side, const char *lock)
{
    if (side != NULL)
        guard_client_unwant(side->client, lock);
}

void guard_side_priority(struct guard_side *side, const char *vip, unsigned priority, unsigned rank)
{
    struct guard_router_priority order = {.priority = (uint8_t)priority, .rank = (uint8_t)rank};
    struct hf_error *error;

    guard_copy(order.id, sizeof(order.id), vip);
    error = side == NULL ? NULL : guard_client_priority(side->client, &order);
    if (error != NULL)
        hf_error_log("guard: %s", hf_error_text(error));
    hf_error_free(error);
}

void guard_side_quorum(struct guard_side *side, bool quorate, uint32_t notice_ms)
{
    struct guard_quorum quorum = {.quorate = quorate, .notice_ms = notice_ms};

    if (side != NULL)
        guard_client_quorum(side->client, &quorum);
}

void guard_side_hint(struct guard_side *side, const char *node, bool fenced)
{
    if (side != NULL)
        guard_client_hint(side->client, node, fenced);
}

/* --- the heartbeat --- */

static void beat(struct guard_side *side)
{
    if (side->limit_ms == 0 || !side->duty.known)
        return;
    side->said.limit_ms = side->limit_ms;
    side->said.needed = side->duty.needed;
    side->said.late = side->duty.late;
    if (!side->duty.late)
        side->said.obeyed = guard_client_losses(side->client);
    guard_client_alive(side->client, &side->said);
}

static void on_beat(void *data)
{
    struct guard_side *side = data;

    beat(side);
    qb_loop_timer_add(side->loop, QB_LOOP_HIGH, side->limit_ms / BEATS_IN_LIMIT * MS, side, on_beat,
                      &side->beat);
}

void guard_side_duty(struct guard_side *side, struct node_duty duty)
{
    if (side == NULL ||
        (duty.known == side->duty.known && duty.needed == side->duty.needed && duty.late == side->duty.late &&
         (duty.late || side->said.obeyed == guard_client_losses(side->client))))
        return;
    side->duty = duty;
    beat(side);
}

/* A silent holdfastd has to be noticed, and the machine reset, before the drain is over; without a watchdog
 * it only loses its locks. */
static uint32_t heartbeat_limit(const struct guard_config *config)
{
    uint32_t least = config->lease_ms > LIMIT_MIN_MS ? config->lease_ms : LIMIT_MIN_MS;
    uint32_t limit = config->drain_ms > config->watchdog_ms ? config->drain_ms - config->watchdog_ms : 0;

    if (config->server_count == 0)
        return 0;
    if (config->watchdog == NULL)
        return LIMIT_MAX_MS;
    if (limit < least)
        hf_warn(
            "guard.conf: drain is %u ms, watchdog-timeout %u ms: without a fence device, expected a drain "
            "that is at least %u ms longer, or another node may start what still runs here",
            config->drain_ms, config->watchdog_ms, least);
    return limit < least ? least : limit > LIMIT_MAX_MS ? LIMIT_MAX_MS : limit;
}

/* --- life --- */

static void read_config(struct guard_side *side, const char *path)
{
    struct guard_config config;
    struct hf_error *error;

    guard_config_init(&config);
    error = guard_config_read(path, &config);
    if (error != NULL)
        hf_error_log("%s", hf_error_text(error));
    /* What cannot be read may well name lock servers: no quorum without the lock. */
    side->locks = error != NULL || config.server_count > 0;
    hf_error_free(error);
    side->lease_ms = config.lease_ms;
    side->drain_ms = config.drain_ms;
    side->limit_ms = heartbeat_limit(&config);
    guard_config_free(&config);
}

struct guard_side *guard_side_open(qb_loop_t *loop, const char *path,
                                   void (*step)(void *context, struct node_event *event), void *context)
{
    struct guard_client_settings settings = {0};
    struct guard_side *side = hf_calloc(1, sizeof(*side));
    bool configured = access(path, F_OK) == 0;

    *side = (struct guard_side){.loop = loop, .step = step, .context = context};
    side->expected = configured || access(GUARD_SOCKET, F_OK) == 0;
    if (configured)
        read_config(side, path);
    side->client = guard_client_new(loop, &settings, &hooks, side);
    return side;
}

void guard_side_start(struct guard_side *side)
{
    struct node_event event = {.type = NODE_ROUTERS};

    event.routers.expected = side->expected;
    side->step(side->context, &event);
    if (side->locks)
        qb_loop_timer_add(side->loop, QB_LOOP_MED, side->lease_ms * MS, side, on_silence, &side->silence);
    if (side->limit_ms != 0)
        on_beat(side);
    tell_cluster_lock(side);
}

void guard_side_close(struct guard_side *side)
{
    if (side == NULL)
        return;
    if (side->beat != 0)
        qb_loop_timer_del(side->loop, side->beat);
    if (side->silence != 0)
        qb_loop_timer_del(side->loop, side->silence);
    guard_client_free(side->client);
    free(side);
}
