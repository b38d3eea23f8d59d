/* engine.c - see engine.h. */
#include "daemon/guard/engine-private.h"

#include <assert.h>

#include "lib/log.h"

static_assert((int)GUARD_IDLE == (int)LEASE_IDLE && (int)GUARD_CLOSING == (int)LEASE_CLOSING,
              "the words for where a lock stands are the same");

enum {
    CHECK_MS = 1000,     /* how often gates and interfaces are compared with the orders */
    CHECK_AGAIN_MS = 50, /* and how often at most, however much happens to them */
    SHUT_AGAIN_MS = 5,   /* a gate that could not be verified as shut is tried again */
    UNATTENDED_MS = 10000,
};

/* Where a lock is, or would be. */
static size_t lock_place(const struct engine *engine, const char *name)
{
    size_t low = 0, high = engine->lock_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(engine->locks[middle]->want.lock, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct lock *engine_find_lock(const struct engine *engine, const char *name)
{
    size_t place = lock_place(engine, name);

    if (place < engine->lock_count && strcmp(engine->locks[place]->want.lock, name) == 0)
        return engine->locks[place];
    return NULL;
}

static struct lock *make_lock(struct engine *engine, const char *name)
{
    size_t place = lock_place(engine, name);
    struct lock *lock = engine_find_lock(engine, name);

    if (lock != NULL)
        return lock;
    lock = hf_calloc(1, sizeof(*lock));
    guard_copy(lock->want.lock, sizeof(lock->want.lock), name);
    engine->locks = hf_realloc(engine->locks, engine->lock_count + 1, sizeof(struct lock *));
    memmove(&engine->locks[place + 1], &engine->locks[place],
            (engine->lock_count - place) * sizeof(struct lock *));
    engine->locks[place] = lock;
    engine->lock_count++;
    return lock;
}

static struct orders collect_orders(const struct engine *engine)
{
    struct orders orders = {.alive = engine->alive, .top = engine->top};

    for (size_t i = 0; i < engine->lock_count; i++)
        if (!engine->locks[i]->routed && (engine->locks[i]->wanted || engine->locks[i]->restarting))
            orders_add_want(&orders, &engine->locks[i]->want);
    for (const struct vip *vip = engine->vips.first; vip != NULL; vip = vip->next)
        if (!(vip->order.flags & GUARD_VIP_ROUTED))
            orders_add_vip(&orders, &vip->order);
    routers_collect(engine->routers, &orders);
    return orders;
}

void engine_save(struct engine *engine)
{
    struct orders orders = collect_orders(engine);

    engine->hooks->save(engine->context, &orders);
    orders_clear(&orders);
}

static void check_all(struct engine *engine, int64_t now)
{
    engine->checked_at = now;
    engine->check_at = now + CHECK_MS * MS;
    vips_check(&engine->vips, now);
}

void engine_open_lock(struct engine *engine, struct lock *lock, int64_t deadline, int64_t now)
{
    lock->until = deadline;
    for (struct vip *vip = lock->vips; vip != NULL; vip = vip->other)
        vips_open(&engine->vips, vip, deadline, now);
}

bool engine_shut_lock(struct engine *engine, struct lock *lock)
{
    bool certain = true;

    lock->until = 0;
    for (struct vip *vip = lock->vips; vip != NULL; vip = vip->other)
        if (!vips_shut(&engine->vips, vip))
            certain = false;
    return certain;
}

/* Whether something under this lock runs on when the lease is over, and has to be stopped. */
static bool drains(const struct engine *engine, const struct guard_want *want)
{
    return want->drain_ms == GUARD_DRAIN_DEFAULT ? engine->config.lease.drain_ms > 0 : want->drain_ms > 0;
}

static void lose_lock(struct engine *engine, struct lock *lock, const struct lease_update *update)
{
    lock->owned = false;
    lock->verifying = false;
    if (update->loss == LEASE_EXPIRED) {
        hf_warn("lost lock %s (token %llu): it was not renewed in time", lock->want.lock,
                (unsigned long long)lock->token);
        if (drains(engine, &lock->want))
            engine->losses++;
    } else {
        hf_notice("gave lock %s up (token %llu)", lock->want.lock, (unsigned long long)lock->token);
    }
    routers_lock(engine->routers, lock->want.lock, false, lock->token, update->loss == LEASE_GIVEN_UP);
}

static void own_lock(struct engine *engine, struct lock *lock, const struct lease_update *update)
{
    lock->owned = true;
    lock->token = update->token;
    if (update->token > engine->top) {
        engine->top = update->token;
        engine_save(engine);
    }
    hf_notice("own lock %s, token %llu", lock->want.lock, (unsigned long long)update->token);
    routers_lock(engine->routers, lock->want.lock, true, update->token, false);
}

static void perform_one(struct engine *engine, const struct lease_update *update, int64_t now)
{
    struct lock *lock = update->lock == NULL ? NULL : engine_find_lock(engine, update->lock);

    switch (update->action) {
    case LEASE_SEND:
        engine->hooks->send(engine->context, update->server, engine->updates.bytes.data + update->offset,
                            update->length);
        break;
    case LEASE_RECONNECT:
        engine->hooks->reconnect(engine->context, update->server);
        break;
    case LEASE_OPEN_GATE:
        if (lock != NULL)
            engine_open_lock(engine, lock, update->deadline, now);
        break;
    case LEASE_CLOSE_GATE:
        if (lock == NULL)
            break;
        lock->verifying = update->verify;
        if (!engine_shut_lock(engine, lock) && update->verify)
            engine->shut_again_at = now + SHUT_AGAIN_MS * MS;
        break;
    case LEASE_OWNED:
        if (lock != NULL)
            own_lock(engine, lock, update);
        break;
    case LEASE_LOST:
        if (lock != NULL)
            lose_lock(engine, lock, update);
        break;
    }
}

void engine_step(struct engine *engine, const struct lease_event *event)
{
    if (engine->lease == NULL)
        return;
    lease_step(engine->lease, event, &engine->updates);
    for (size_t i = 0; i < engine->updates.count; i++)
        perform_one(engine, &engine->updates.items[i], event->now);
    lease_updates_reset(&engine->updates);
}

/* Locks that are being closed: once all is certainly shut, the lease goes on to release. */
static void verify_shut(struct engine *engine, int64_t now)
{
    engine->shut_again_at = NEVER;
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->verifying)
            continue;
        if (!engine_shut_lock(engine, lock)) {
            engine->shut_again_at = now + SHUT_AGAIN_MS * MS;
            continue;
        }
        lock->verifying = false;
        engine_step(engine,
                    &(struct lease_event){.type = LEASE_GATE_CLOSED, .now = now, .lock = lock->want.lock});
    }
}

/* Locks that nobody wants, whose lease is over and that open no VIP. */
static void drop_idle_locks(struct engine *engine)
{
    size_t kept = 0;

    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->wanted && !lock->owned && lock->vips == NULL && lock->told.state == GUARD_IDLE &&
            !lock->told.wanted) {
            free(lock);
            continue;
        }
        engine->locks[kept++] = lock;
    }
    engine->lock_count = kept;
}

/* What may follow from any event. */
static void settle(struct engine *engine, int64_t now)
{
    verify_shut(engine, now);
    while (routers_settle(engine->routers, now))
        verify_shut(engine, now);
    engine_mind_watchdog(engine, now);
    engine_tell_changes(engine);
    drop_idle_locks(engine);
}

/* The link says who is meant, which the report says already. */
static void set_reason(struct engine *engine, unsigned server, const char *why)
{
    char *prefix HF_CLEANUP(hf_freep) = hf_asprintf("lock server %s ", engine->config.servers[server]);

    if (strncmp(why, prefix, strlen(prefix)) == 0)
        why += strlen(prefix);
    guard_copy(engine->server_reasons[server], sizeof(engine->server_reasons[server]), why);
}

void engine_link_up(struct engine *engine, unsigned server, int64_t now)
{
    engine_step(engine, &(struct lease_event){.type = LEASE_LINK_UP, .now = now, .server = server});
    settle(engine, now);
}

void engine_link_down(struct engine *engine, unsigned server, const char *reason, int64_t now)
{
    set_reason(engine, server, reason);
    engine_step(engine, &(struct lease_event){.type = LEASE_LINK_DOWN, .now = now, .server = server});
    settle(engine, now);
}

void engine_link_frame(struct engine *engine, unsigned server, const uint8_t *bytes, size_t length,
                       int64_t now)
{
    engine_step(engine,
                &(struct lease_event){
                    .type = LEASE_FRAME, .now = now, .server = server, .bytes = bytes, .length = length});
    settle(engine, now);
}

void engine_link_why(struct engine *engine, unsigned server, const char *why)
{
    set_reason(engine, server, why);
    engine_tell_servers(engine);
}

void engine_network_changed(struct engine *engine, int64_t now)
{
    int64_t soonest = engine->checked_at + CHECK_AGAIN_MS * MS;

    if (now >= soonest) {
        check_all(engine, now);
        routers_network(engine->routers, now);
    } else if (soonest < engine->check_at) {
        engine->check_at = soonest;
    }
    settle(engine, now);
}

void engine_clock(struct engine *engine, int64_t now, int64_t wall)
{
    int64_t step = clock_watch_look(&engine->clock_watch, now, wall);

    if (step == 0)
        return;
    engine->clock = (struct guard_clock){.at = now, .step = step};
    hf_warn("this machine's clock was set %s by %lld ms: leases do not depend on it, but certificates, rules "
            "with dates and the order of the logs do",
            step > 0 ? "forward" : "back", (long long)((step > 0 ? step : -step) / MS));
    engine_tell(engine, &(struct guard_frame){.type = GUARD_CLOCK, .clock = engine->clock});
}

/* The lease takes part in it from now on. */
static void join(struct engine *engine, const struct lock *lock, int64_t now)
{
    engine_step(engine, &(struct lease_event){.type = LEASE_WANT,
                                              .now = now,
                                              .lock = lock->want.lock,
                                              .rank = lock->want.rank,
                                              .drain_ms = lock->want.drain_ms});
}

/* Holdfastd is heard: what was left to others is wanted again. */
static void rejoin(struct engine *engine, int64_t now)
{
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->left)
            continue;
        lock->left = false;
        if (lock->wanted)
            join(engine, lock, now);
    }
}

void engine_attended(struct engine *engine, bool present, int64_t now)
{
    engine->unattended_since = present ? NEVER : now;
    if (present)
        rejoin(engine, now);
    settle(engine, now);
}

/* Since when holdfastd is gone, or says nothing though it is there; may be still to come; NEVER. */
static int64_t unattended_since(const struct engine *engine)
{
    if (engine->unattended_since != NEVER || engine->alive.limit_ms == 0)
        return engine->unattended_since;
    return engine->alive_at + engine->alive.limit_ms * MS;
}

static void leave_unattended(struct engine *engine, int64_t now)
{
    int64_t since = unattended_since(engine);

    if (since == NEVER || now < since + UNATTENDED_MS * MS)
        return;
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->wanted || lock->left || lock->routed || lock->vips != NULL || drains(engine, &lock->want))
            continue;
        hf_warn("lock %s is left to others: holdfastd has not been heard for %d s", lock->want.lock,
                UNATTENDED_MS / 1000);
        lock->left = true;
        engine_step(engine, &(struct lease_event){.type = LEASE_UNWANT, .now = now, .lock = lock->want.lock});
    }
}

void engine_tick(struct engine *engine, int64_t now)
{
    leave_unattended(engine, now);
    if (engine->lease != NULL && now >= lease_deadline(engine->lease))
        engine_step(engine, &(struct lease_event){.type = LEASE_TICK, .now = now});
    if (now >= engine->check_at) {
        check_all(engine, now);
        routers_network(engine->routers, now);
    }
    if (now >= engine->vips.announce_at)
        vips_announce_due(&engine->vips, now);
    if (now >= routers_deadline(engine->routers))
        routers_tick(engine->routers, now);
    settle(engine, now);
}

int64_t engine_deadline(const struct engine *engine)
{
    int64_t deadline = engine->lease == NULL ? NEVER : lease_deadline(engine->lease);
    const int64_t others[] = {engine->check_at, engine->shut_again_at, engine->vips.announce_at,
                              engine->feed_at, routers_deadline(engine->routers)};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (others[i] < deadline)
            deadline = others[i];
    return deadline;
}

char *engine_want(struct engine *engine, const struct guard_want *want, int64_t now)
{
    struct lock *lock = engine_find_lock(engine, want->lock);

    if (lock == NULL && engine->lock_count >= GUARD_LOCKS_MAX)
        return hf_asprintf("lock %s: the guard takes part in at most %d locks", want->lock, GUARD_LOCKS_MAX);
    if (engine->retiring)
        return hf_asprintf("lock %s: the guard is ending", want->lock);
    if (engine->lease == NULL)
        return hf_asprintf("lock %s: no lock servers are configured in guard.conf", want->lock);
    lock = make_lock(engine, want->lock);
    lock->want = *want;
    lock->wanted = true;
    lock->left = false;
    join(engine, lock, now);
    return NULL;
}

void engine_unwant(struct engine *engine, const char *name, int64_t now)
{
    struct lock *lock = engine_find_lock(engine, name);

    if (lock == NULL || !lock->wanted)
        return;
    lock->wanted = lock->routed = false;
    engine_step(engine, &(struct lease_event){.type = LEASE_UNWANT, .now = now, .lock = name});
}

char *engine_hand_over(struct engine *engine, const char *name, const char *node, int64_t now)
{
    struct lock *lock = engine_find_lock(engine, name);

    if (lock == NULL || !lock->owned)
        return hf_asprintf("lock %s was not handed over: this node does not own it", name);
    engine_step(engine, &(struct lease_event){.type = LEASE_HANDOVER,
                                              .now = now,
                                              .lock = name,
                                              .successor = node[0] == '\0' ? NULL : node});
    return NULL;
}

/* A VIP that came: open, if its lock is ours already. */
static void begin_vip(struct engine *engine, const struct lock *lock, struct vip *vip, int64_t now)
{
    if (lock->until > now)
        vips_open(&engine->vips, vip, lock->until, now);
    vip->told = vip_report(&engine->vips, vip);
    engine_tell(engine, &(struct guard_frame){.type = GUARD_VIP, .vip_state = vip->told});
}

static void add_vip(struct engine *engine, const struct guard_vip *order, int64_t until, int64_t now)
{
    struct lock *lock = make_lock(engine, order->lock);

    begin_vip(engine, lock, vips_add(&engine->vips, &lock->vips, order, until), now);
}

static void remove_vip(struct engine *engine, struct vip *vip, bool keep_armed)
{
    struct lock *lock = engine_find_lock(engine, vip->order.lock);

    vips_remove(&engine->vips, &lock->vips, vip, keep_armed);
}

/* The longest that a lease can count, as this guard is configured. The last one's lease may have been longer:
 * what the servers hold for the next bid would end before a gate that is open by that. */
static int64_t latest_deadline(const struct engine *engine, int64_t now)
{
    return engine->lease == NULL ? NEVER : now + engine->config.lease.lease_ms * MS / 10 * 9;
}

void engine_take_up_vip(struct engine *engine, const struct guard_vip *order, int64_t now)
{
    struct lock *lock = make_lock(engine, order->lock);
    struct vip *vip = vips_take_up(&engine->vips, &lock->vips, order);
    int64_t latest = latest_deadline(engine, now);

    if (vip->until > latest)
        vips_open(&engine->vips, vip, latest, now);
    begin_vip(engine, lock, vip, now);
}

char *engine_protect(struct engine *engine, const struct guard_vip *order, int64_t now)
{
    struct vip *known = vips_find(&engine->vips, order->id);
    struct vip *same = vips_find_address(&engine->vips, &order->address);
    bool keep = known != NULL && known == same;
    char address[46];

    if (same != NULL && same != known) {
        guard_address_text(&order->address, address);
        return hf_asprintf("VIP %s: its address %s belongs to VIP %s already", order->id, address,
                           same->order.id);
    }
    if (known == NULL && engine->vips.count >= GATE_VIPS_MAX)
        return hf_asprintf("VIP %s: the guard protects at most %d addresses", order->id, GATE_VIPS_MAX);
    if (engine_find_lock(engine, order->lock) == NULL && engine->lock_count >= GUARD_LOCKS_MAX)
        return hf_asprintf("lock %s: the guard takes part in at most %d locks", order->lock, GUARD_LOCKS_MAX);
    if (known != NULL && memcmp(&known->order, order, sizeof(*order)) == 0)
        return NULL;
    if (known != NULL) {
        if (strcmp(known->order.lock, order->lock) != 0)
            vips_shut(&engine->vips, known);

        int64_t until = keep ? known->until : 0;

        remove_vip(engine, known, keep);
        add_vip(engine, order, until, now);
        return NULL;
    }
    add_vip(engine, order, 0, now);
    return NULL;
}

void engine_unprotect(struct engine *engine, const char *id)
{
    struct vip *vip = vips_find(&engine->vips, id);
    struct guard_frame frame = {.type = GUARD_VIP, .vip_state = {.gone = true}};

    if (vip == NULL)
        return;
    frame.vip_state.vip = vip->order;
    remove_vip(engine, vip, false);
    engine_tell(engine, &frame);
}

static void order_alive(struct engine *engine, const struct guard_alive *alive, int64_t now)
{
    bool changed = alive->needed != engine->alive.needed || alive->limit_ms != engine->alive.limit_ms;

    engine->alive = *alive;
    engine->alive_at = now;
    rejoin(engine, now);
    if (changed)
        engine_save(engine);
}

static bool is_routed(const struct engine *engine, const char *lock)
{
    const struct lock *known = engine_find_lock(engine, lock);

    return known != NULL && known->routed;
}

static bool is_routers_vip(const struct engine *engine, const char *id)
{
    const struct vip *vip = vips_find(&engine->vips, id);

    return vip != NULL && (vip->order.flags & GUARD_VIP_ROUTED);
}

char *engine_order(struct engine *engine, const struct guard_frame *frame, int64_t now)
{
    char *refusal = NULL;

    switch (frame->type) {
    case GUARD_WANT:
        refusal = engine_want(engine, &frame->want, now);
        break;
    case GUARD_UNWANT:
        if (!is_routed(engine, frame->release.lock))
            engine_unwant(engine, frame->release.lock, now);
        break;
    case GUARD_RELEASE:
        refusal = engine_hand_over(engine, frame->release.lock, frame->release.node, now);
        break;
    case GUARD_VIP_ADD:
        refusal = engine_protect(engine, &frame->vip, now);
        break;
    case GUARD_VIP_REMOVE:
        if (is_routers_vip(engine, frame->vip.id))
            refusal = hf_asprintf("VIP %s is a router's: it goes with the router", frame->vip.id);
        else
            engine_unprotect(engine, frame->vip.id);
        break;
    case GUARD_ALIVE:
        order_alive(engine, &frame->alive, now);
        settle(engine, now);
        return NULL;
    case GUARD_ROUTER_PRIORITY:
    case GUARD_QUORUM:
    case GUARD_HINT:
        routers_owner(engine->routers, frame, now);
        settle(engine, now);
        return NULL;
    default:
        return hf_asprintf("a frame of type %u is no order", (unsigned)frame->type);
    }
    if (refusal == NULL && frame->type != GUARD_RELEASE)
        engine_save(engine);
    settle(engine, now);
    return refusal;
}

void engine_agent(struct engine *engine, uint64_t asker, const struct guard_frame *frame, int64_t now)
{
    routers_agent(engine->routers, asker, frame, now);
    settle(engine, now);
}

void engine_packet(struct engine *engine, const char *interface, const struct vrrp_received *received,
                   int64_t now)
{
    routers_packet(engine->routers, interface, received, now);
    settle(engine, now);
}

void engine_needs(const struct engine *engine,
                  void (*need)(void *context, const char *interface, enum vrrp_family family), void *context)
{
    routers_needs(engine->routers, need, context);
}

/* What the last guard of this boot had been told; its gates and addresses may still be at work. */
static void take_up(struct engine *engine, const struct orders *orders, int64_t now)
{
    for (size_t i = 0; i < orders->vip_count; i++)
        engine_take_up_vip(engine, &orders->vips[i], now);
    for (size_t i = 0; i < orders->router_count; i++)
        routers_take_up(engine->routers, &orders->routers[i], now);
    check_all(engine, now);
    for (size_t i = 0; i < orders->want_count; i++) {
        free(engine_want(engine, &orders->wants[i], now));
        /* A lock may have been lost in between: holdfastd has to say that it knows. The number is above all
         * that were ever told in this boot. */
        if (drains(engine, &orders->wants[i]))
            engine->losses = (uint64_t)now;
    }
    engine->alive = orders->alive;
    engine->alive.obeyed = UINT64_MAX; /* until holdfastd speaks, which its limit sees to */
    engine->alive_at = now;
}

struct engine *engine_new(const struct engine_config *config, const struct engine_hooks *hooks, void *context,
                          const struct orders *orders, int64_t now)
{
    struct engine *engine = hf_calloc(1, sizeof(*engine));

    engine->config = *config;
    engine->hooks = hooks;
    engine->context = context;
    if (orders->top > engine->config.lease.floor)
        engine->config.lease.floor = orders->top;
    engine->config.lease.now = now;
    engine->top = orders->top;
    if (config->lease.servers > 0)
        engine->lease = lease_new(&engine->config.lease);
    vips_init(&engine->vips, config->gate, config->network);
    engine->routers = routers_new(engine->lease != NULL, config->cluster, &engine_routers_hooks, engine);
    engine->check_at = now + CHECK_MS * MS;
    engine->unattended_since = now;
    engine->shut_again_at = engine->feed_at = NEVER;
    engine->watchdog.timeout_ms = watchdog_timeout(config->watchdog);
    for (unsigned i = 0; i < config->lease.servers; i++)
        guard_copy(engine->server_reasons[i], sizeof(engine->server_reasons[i]), "not yet connected");
    for (unsigned i = 0; i < config->lease.servers; i++)
        engine->servers[i] = engine_server_report(engine, i);
    take_up(engine, orders, now);
    if (watchdog_left_running(config->watchdog))
        hf_error_free(watchdog_feed(config->watchdog));
    vips_say_stale(&engine->vips);
    settle(engine, now);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine_leave_watchdog(engine);
    vips_free(&engine->vips);
    for (size_t i = 0; i < engine->lock_count; i++)
        free(engine->locks[i]);
    free(engine->locks);
    routers_free(engine->routers);
    lease_free(engine->lease);
    lease_updates_free(&engine->updates);
    free(engine);
}

/* What this lock covers is holdfastd's and runs on without the guard: the lock is not given up.  The next
 * guard takes it up again, or the servers count lease and drain for it. */
static bool keeps_running(const struct engine *engine, const struct lock *lock)
{
    return lock->owned && !lock->routed && lock->vips == NULL && engine->unattended_since == NEVER;
}

void engine_retire(struct engine *engine, int64_t now)
{
    engine->retiring = true;
    routers_retire(engine->routers, now);
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->wanted || keeps_running(engine, lock))
            continue;
        lock->restarting = !lock->routed; /* a router's is ordered with the router */
        engine_unwant(engine, lock->want.lock, now);
    }
    settle(engine, now);
}

bool engine_retired(const struct engine *engine)
{
    for (size_t i = 0; i < engine->lock_count; i++)
        if (engine->locks[i]->owned && !keeps_running(engine, engine->locks[i]))
            return false;
    return true;
}
