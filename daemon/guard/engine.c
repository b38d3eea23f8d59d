/* engine.c - see engine.h. */
#include "daemon/guard/engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#define MS INT64_C(1000000)
#define NEVER INT64_MAX

static_assert((int)GUARD_IDLE == (int)LEASE_IDLE && (int)GUARD_CLOSING == (int)LEASE_CLOSING,
              "the words for where a lock stands are the same");

enum {
    CHECK_MS = 1000,     /* how often gates and interfaces are compared with the orders */
    CHECK_AGAIN_MS = 50, /* and how often at most, however much happens to them */
    SHUT_AGAIN_MS = 5,   /* a gate that could not be verified as shut is tried again */
    ANNOUNCE_TIMES = 4,  /* announcements of one arrival */
    UNATTENDED_MS = 10000,
};

/* After an arrival, ms: switches that were busy, and neighbours that were asleep. */
static const int announce_at[ANNOUNCE_TIMES] = {0, 100, 500, 2000};

struct interface {
    struct interface *next;
    char name[GUARD_INTERFACE_MAX + 1];
    unsigned vips;
    struct network_interface found; /* ifindex 0: there is none */
    bool attached;
    char fault[GUARD_TEXT_MAX + 1];
};

struct vip {
    struct vip *next;  /* of all */
    struct vip *other; /* of the same lock */
    struct guard_vip order;
    struct interface *interface;
    int64_t until; /* what the gate was told; 0: shut */
    bool assigned; /* the address may be on the interface */
    int announced; /* how often since it was assigned */
    int64_t assigned_at;
    char fault[GUARD_TEXT_MAX + 1];
    struct guard_vip_state told;
};

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
    struct vip *vips;
    size_t vip_count;
    struct interface *interfaces;
    struct guard_server servers[LEASE_SERVERS_MAX];
    char server_reasons[LEASE_SERVERS_MAX][GUARD_TEXT_MAX + 1];
    struct guard_alive alive;
    int64_t alive_at;
    uint64_t losses, top;
    struct guard_watchdog watchdog;
    struct clock_watch clock_watch;
    struct guard_clock clock;
    char gates_fault[GUARD_TEXT_MAX + 1];
    int64_t unattended_since; /* NEVER: holdfastd is there */
    int64_t checked_at, check_at, shut_again_at, announce_next, feed_at, fed_at;
    bool retiring;
};

/* --- locks --- */

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

static struct lock *find_lock(const struct engine *engine, const char *name)
{
    size_t place = lock_place(engine, name);

    if (place < engine->lock_count && strcmp(engine->locks[place]->want.lock, name) == 0)
        return engine->locks[place];
    return NULL;
}

static struct lock *make_lock(struct engine *engine, const char *name)
{
    size_t place = lock_place(engine, name);
    struct lock *lock = find_lock(engine, name);

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

/* --- telling --- */

static void tell(struct engine *engine, const struct guard_frame *frame)
{
    engine->hooks->tell(engine->context, frame);
}

static struct guard_lock lock_report(const struct engine *engine, const struct lock *lock)
{
    /* What a router wants is none of holdfastd's orders. */
    struct guard_lock report = {
        .want = lock->want, .wanted = lock->wanted && !lock->routed, .losses = engine->losses};
    struct lease_lock_status status;

    if (engine->lease == NULL || !lease_lock_status(engine->lease, lock->want.lock, &status))
        return report;
    report.state = (enum guard_lock_state)status.state;
    report.not_before = status.not_before;
    if (status.state == LEASE_OWNING || status.state == LEASE_CLOSING) {
        report.token = status.token;
        report.until = status.majority_until;
    }
    guard_copy(report.holder, sizeof(report.holder), status.holder);
    return report;
}

static bool same_lock_report(const struct guard_lock *a, const struct guard_lock *b)
{
    return a->wanted == b->wanted && a->state == b->state && a->token == b->token && a->losses == b->losses &&
           a->want.rank == b->want.rank && a->want.drain_ms == b->want.drain_ms &&
           strcmp(a->holder, b->holder) == 0;
}

static struct guard_vip_state vip_report(const struct engine *engine, const struct vip *vip)
{
    struct guard_vip_state report = {.vip = vip->order, .until = vip->until};

    report.protected = gate_mode(engine->config.gate) == GATE_KERNEL && vip->interface->attached;
    guard_copy(report.fault, sizeof(report.fault),
               vip->interface->fault[0] != '\0' ? vip->interface->fault : vip->fault);
    return report;
}

static struct guard_server server_report(const struct engine *engine, unsigned index)
{
    struct guard_server report = {.index = (uint8_t)index};
    struct lease_server_status status;

    lease_server_status(engine->lease, index, &status);
    report.up = status.up;
    report.known = status.known;
    report.last_heard = status.last_heard;
    report.ready_at = status.ready_at;
    guard_copy(report.name, sizeof(report.name), engine->config.servers[index]);
    if (!status.up)
        guard_copy(report.reason, sizeof(report.reason), engine->server_reasons[index]);
    else if (!status.known)
        guard_copy(report.reason, sizeof(report.reason),
                   "it has no record of this cluster: it grants nothing until it was taught");
    else if (status.refusal == FRAME_DISK)
        guard_copy(report.reason, sizeof(report.reason), "it cannot write to its disk, and grants nothing");
    else if (status.refusal == FRAME_LIMIT)
        guard_copy(
            report.reason, sizeof(report.reason),
            "a limit of the server: the lease and drain are too long for it, or there are too many locks");
    else if (status.refusal == FRAME_NOT_READY && status.last_heard < status.ready_at)
        guard_copy(report.reason, sizeof(report.reason), "it was started lately, and waits before it grants");
    return report;
}

static bool same_server_report(const struct guard_server *a, const struct guard_server *b)
{
    return a->up == b->up && a->known == b->known && strcmp(a->reason, b->reason) == 0;
}

/* Extended leases, many in one frame. */
struct times {
    struct engine *engine;
    struct guard_frame frame;
};

static void flush_times(struct times *times)
{
    if (times->frame.times.count > 0)
        tell(times->engine, &times->frame);
    times->frame.times.count = 0;
}

static void add_time(struct times *times, const struct guard_lock *report)
{
    struct guard_time *item;

    if (times->frame.times.count == GUARD_TIMES_MAX)
        flush_times(times);
    item = &times->frame.times.items[times->frame.times.count++];
    *item = (struct guard_time){.until = report->until};
    guard_copy(item->lock, sizeof(item->lock), report->want.lock);
}

static void tell_locks(struct engine *engine)
{
    struct times times = {.engine = engine, .frame = {.type = GUARD_TIMES}};

    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];
        struct guard_lock report = lock_report(engine, lock);

        if (!same_lock_report(&report, &lock->told))
            tell(engine, &(struct guard_frame){.type = GUARD_LOCK, .lock = report});
        else if (report.until != lock->told.until)
            add_time(&times, &report);
        lock->told = report;
    }
    flush_times(&times);
}

static void tell_vips(struct engine *engine)
{
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next) {
        struct guard_vip_state report = vip_report(engine, vip);
        bool same = report.protected == vip->told.protected &&
                    (report.until == 0) == (vip->told.until == 0) &&
                    strcmp(report.fault, vip->told.fault) == 0;

        if (!same)
            tell(engine, &(struct guard_frame){.type = GUARD_VIP, .vip_state = report});
        vip->told = report;
    }
}

static void tell_servers(struct engine *engine)
{
    for (unsigned i = 0; i < engine->config.lease.servers; i++) {
        struct guard_server report = server_report(engine, i);

        if (same_server_report(&report, &engine->servers[i]))
            continue;
        if (report.up && report.reason[0] == '\0')
            hf_notice("lock server %s answers", report.name);
        else
            hf_warn("lock server %s: %s", report.name, report.reason);
        tell(engine, &(struct guard_frame){.type = GUARD_SERVER, .server = report});
        engine->servers[i] = report;
    }
}

/* Whatever changed since the last time. */
static void tell_changes(struct engine *engine)
{
    tell_locks(engine);
    tell_vips(engine);
    tell_servers(engine);
}

static struct orders collect_orders(const struct engine *engine)
{
    struct orders orders = {.alive = engine->alive, .top = engine->top};

    for (size_t i = 0; i < engine->lock_count; i++)
        if (!engine->locks[i]->routed && (engine->locks[i]->wanted || engine->locks[i]->restarting))
            orders_add_want(&orders, &engine->locks[i]->want);
    for (const struct vip *vip = engine->vips; vip != NULL; vip = vip->next)
        if (!(vip->order.flags & GUARD_VIP_ROUTED))
            orders_add_vip(&orders, &vip->order);
    routers_collect(engine->routers, &orders);
    return orders;
}

static void save(struct engine *engine)
{
    struct orders orders = collect_orders(engine);

    engine->hooks->save(engine->context, &orders);
    orders_clear(&orders);
}

/* --- VIPs --- */

/* NULL clears it. */
static void set_fault(struct vip *vip, struct hf_error *error)
{
    if (error != NULL && strcmp(vip->fault, hf_error_text(error)) != 0)
        hf_error_log("VIP %s: %s", vip->order.id, hf_error_text(error));
    guard_copy(vip->fault, sizeof(vip->fault), hf_error_text(error));
    hf_error_free(error);
}

static void announce(struct engine *engine, struct vip *vip)
{
    vip->announced++;
    set_fault(vip, network_announce(engine->config.network, &vip->interface->found, &vip->order.address));
}

/* Sees to it that the address is there; and announces it, if it was not. */
static void assign(struct engine *engine, struct vip *vip, int64_t now)
{
    const struct guard_vip *order = &vip->order;
    bool before = vip->assigned, added;
    struct hf_error *error;

    if (!(order->flags & GUARD_VIP_ASSIGN) || vip->interface->found.ifindex == 0)
        return;
    vip->assigned = true;
    error = network_assign(engine->config.network, vip->interface->found.ifindex, &order->address,
                           order->prefix, &added);
    set_fault(vip, error);
    if (vip->fault[0] != '\0' || (before && !added))
        return;
    vip->announced = ANNOUNCE_TIMES;
    if (!before && (order->flags & GUARD_VIP_ROUTED))
        return; /* its router announces it */
    if (before)
        hf_warn("VIP %s: somebody took the address off %s; putting it back", order->id, order->interface);
    vip->announced = 0;
    vip->assigned_at = now;
    announce(engine, vip);
    engine->announce_next = 0;
}

/* True if the address is certainly not on the interface. */
static bool unassign(struct engine *engine, struct vip *vip)
{
    const struct guard_vip *order = &vip->order;

    if (!(order->flags & GUARD_VIP_ASSIGN) || !vip->assigned)
        return true;
    if (vip->interface->found.ifindex != 0)
        set_fault(vip, network_unassign(engine->config.network, vip->interface->found.ifindex,
                                        &order->address, order->prefix));
    vip->assigned = vip->fault[0] != '\0';
    return !vip->assigned;
}

static void open_vip(struct engine *engine, struct vip *vip, int64_t deadline, int64_t now)
{
    struct hf_error *error = gate_open_until(engine->config.gate, &vip->order.address, deadline);

    if (error != NULL) {
        set_fault(vip, error);
        return;
    }
    vip->until = deadline;
    if (!vip->assigned || vip->fault[0] != '\0')
        assign(engine, vip, now);
}

/* True if it is certain that nothing answers for the VIP any more. */
static bool shut_vip(struct engine *engine, struct vip *vip)
{
    struct hf_error *error = gate_shut(engine->config.gate, &vip->order.address);
    bool in_kernel = gate_mode(engine->config.gate) == GATE_KERNEL, shut = error == NULL;
    bool gated = vip->interface->attached || vip->interface->found.ifindex == 0;

    if (error != NULL)
        set_fault(vip, error);
    else
        vip->until = 0;

    bool gone = unassign(engine, vip);

    if (in_kernel && shut && gated)
        return true;
    return gone && (vip->order.flags & GUARD_VIP_ASSIGN) != 0;
}

/* --- interfaces --- */

static struct interface *use_interface(struct engine *engine, const char *name)
{
    struct interface *interface = engine->interfaces;

    while (interface != NULL && strcmp(interface->name, name) != 0)
        interface = interface->next;
    if (interface == NULL) {
        interface = hf_calloc(1, sizeof(*interface));
        guard_copy(interface->name, sizeof(interface->name), name);
        interface->next = engine->interfaces;
        engine->interfaces = interface;
    }
    interface->vips++;
    return interface;
}

static void unuse_interface(struct engine *engine, struct interface *interface)
{
    struct interface **link = &engine->interfaces;

    if (--interface->vips > 0)
        return;
    if (interface->found.ifindex != 0) {
        struct hf_error *error HF_CLEANUP(hf_error_freep) =
            gate_detach(engine->config.gate, interface->found.ifindex);

        if (error != NULL)
            hf_error_log("%s: %s", interface->name, hf_error_text(error));
    }
    while (*link != interface)
        link = &(*link)->next;
    *link = interface->next;
    free(interface);
}

static void interface_fault(struct interface *interface, const char *text)
{
    if (strcmp(interface->fault, text) == 0)
        return;
    guard_copy(interface->fault, sizeof(interface->fault), text);
    if (text[0] != '\0')
        hf_warn("%s: %s", interface->name, interface->fault);
}

/* The address went with the interface. */
static void forget_assigned(struct engine *engine, const struct interface *interface)
{
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next)
        if (vip->interface == interface)
            vip->assigned = false;
}

/* Brings the gate back to where it belongs. */
static void check_interface(struct engine *engine, struct interface *interface)
{
    struct network_interface found;
    struct gate *gate = engine->config.gate;

    if (!network_find(engine->config.network, interface->name, &found)) {
        if (interface->found.ifindex != 0)
            forget_assigned(engine, interface);
        interface->found = found;
        interface->attached = false;
        interface_fault(interface, "there is no such network interface");
        return;
    }
    if (interface->found.ifindex != 0 && interface->found.ifindex != found.ifindex)
        forget_assigned(engine, interface);
    if (interface->attached && interface->found.ifindex == found.ifindex &&
        gate_attached(gate, found.ifindex)) {
        interface->found = found;
        return;
    }
    if (interface->attached && interface->found.ifindex == found.ifindex)
        hf_warn("%s: somebody took the gate off; putting it back", interface->name);
    interface->found = found;
    if (gate_mode(gate) == GATE_USER_SPACE) {
        interface_fault(interface, "");
        return;
    }

    struct hf_error *error HF_CLEANUP(hf_error_freep) = gate_attach(gate, found.ifindex, found.link_type);

    interface->attached = error == NULL;
    interface_fault(interface, hf_error_text(error));
}

/* The kernel's entry is what it was told, or shut. */
static void check_entry(struct engine *engine, struct vip *vip)
{
    struct gate *gate = engine->config.gate;
    struct gate_entry entry;
    struct hf_error *error = NULL;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return;
    if (!gate_look(gate, &vip->order.address, &entry)) {
        hf_warn("VIP %s: somebody took it out of the gate; putting it back", vip->order.id);
        error = gate_arm(gate, &vip->order.address, vip->order.flags & GUARD_VIP_CLIENTS ? GATE_CLIENTS : 0);
        if (error == NULL)
            error = gate_open_until(gate, &vip->order.address, vip->until);
    } else if (entry.deadline > (uint64_t)vip->until) {
        hf_warn("VIP %s: its gate was open for longer than its lock; shutting it", vip->order.id);
        error = gate_open_until(gate, &vip->order.address, vip->until);
    }
    if (error != NULL)
        snprintf(engine->gates_fault, sizeof(engine->gates_fault), "VIP %s: %.150s", vip->order.id,
                 hf_error_text(error));
    if (error != NULL)
        set_fault(vip, error);
}

/* Gates, interfaces and addresses as ordered; what is not is mended, or named in gates_fault. */
static void check_all(struct engine *engine, int64_t now)
{
    engine->checked_at = now;
    engine->check_at = now + CHECK_MS * MS;
    engine->gates_fault[0] = '\0';
    for (struct interface *interface = engine->interfaces; interface != NULL; interface = interface->next)
        check_interface(engine, interface);
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next) {
        check_entry(engine, vip);
        if (vip->until > now)
            assign(engine, vip, now);
        else if (vip->until <= now && vip->assigned)
            unassign(engine, vip);
    }
}

/* --- what the lease decides --- */

static void open_lock(struct engine *engine, const struct lease_update *update, int64_t now)
{
    struct lock *lock = find_lock(engine, update->lock);

    if (lock == NULL)
        return;
    lock->until = update->deadline;
    for (struct vip *vip = lock->vips; vip != NULL; vip = vip->other)
        open_vip(engine, vip, update->deadline, now);
}

/* True if everything is certainly shut. */
static bool shut_lock(struct engine *engine, struct lock *lock)
{
    bool certain = true;

    lock->until = 0;
    for (struct vip *vip = lock->vips; vip != NULL; vip = vip->other)
        if (!shut_vip(engine, vip))
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
        save(engine);
    }
    hf_notice("own lock %s, token %llu", lock->want.lock, (unsigned long long)update->token);
    routers_lock(engine->routers, lock->want.lock, true, update->token, false);
}

static void perform_one(struct engine *engine, const struct lease_update *update, int64_t now)
{
    struct lock *lock = update->lock == NULL ? NULL : find_lock(engine, update->lock);

    switch (update->action) {
    case LEASE_SEND:
        engine->hooks->send(engine->context, update->server, engine->updates.bytes.data + update->offset,
                            update->length);
        break;
    case LEASE_RECONNECT:
        engine->hooks->reconnect(engine->context, update->server);
        break;
    case LEASE_OPEN_GATE:
        open_lock(engine, update, now);
        break;
    case LEASE_CLOSE_GATE:
        if (lock == NULL)
            break;
        lock->verifying = update->verify;
        if (!shut_lock(engine, lock) && update->verify)
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

/* One event for the lease, and everything that follows from it. */
static void step(struct engine *engine, const struct lease_event *event)
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
        if (!shut_lock(engine, lock)) {
            engine->shut_again_at = now + SHUT_AGAIN_MS * MS;
            continue;
        }
        lock->verifying = false;
        step(engine, &(struct lease_event){.type = LEASE_GATE_CLOSED, .now = now, .lock = lock->want.lock});
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

/* --- the watchdog --- */

static void set_watchdog(struct engine *engine, enum guard_watchdog_mode mode, const char *reason)
{
    struct guard_watchdog report = {.mode = mode, .timeout_ms = watchdog_timeout(engine->config.watchdog)};

    guard_copy(report.reason, sizeof(report.reason), reason);
    if (report.mode == engine->watchdog.mode && report.timeout_ms == engine->watchdog.timeout_ms &&
        strcmp(report.reason, engine->watchdog.reason) == 0)
        return;
    if (mode == GUARD_WATCHDOG_STARVED)
        hf_error_log("the watchdog is not fed, this machine will be reset within %u ms: %s",
                     report.timeout_ms, reason);
    else if (mode == GUARD_WATCHDOG_MISSING)
        hf_warn("no watchdog: %s", reason);
    else
        hf_notice("watchdog: %s", guard_watchdog_mode_name(mode));
    engine->watchdog = report;
    tell(engine, &(struct guard_frame){.type = GUARD_WATCHDOG, .watchdog = report});
}

/* Feeds it four times in its timeout, and at once after it was starved. */
static void feed_watchdog(struct engine *engine, int64_t now, int64_t expiry, const char *reason)
{
    struct watchdog *watchdog = engine->config.watchdog;
    int64_t period = watchdog_timeout(watchdog) / 4 * MS;

    if (engine->watchdog.mode == GUARD_WATCHDOG_STARVED || engine->watchdog.mode == GUARD_WATCHDOG_IDLE ||
        now >= engine->fed_at + period) {
        struct hf_error *error HF_CLEANUP(hf_error_freep) = watchdog_feed(watchdog);

        engine->fed_at = now;
        if (error == NULL)
            set_watchdog(engine, GUARD_WATCHDOG_FED, reason);
        else
            set_watchdog(engine, GUARD_WATCHDOG_MISSING, hf_error_text(error));
    }
    engine->feed_at = engine->fed_at + period < expiry ? engine->fed_at + period : expiry;
}

static void mind_watchdog(struct engine *engine, int64_t now)
{
    struct watchdog *watchdog = engine->config.watchdog;
    const struct watchdog_facts facts = {.now = now,
                                         .alive = engine->alive,
                                         .alive_at = engine->alive_at,
                                         .losses = engine->losses,
                                         .gates =
                                             engine->gates_fault[0] == '\0' ? NULL : engine->gates_fault};
    char reason[GUARD_TEXT_MAX + 1];

    engine->feed_at = NEVER;
    if (!watchdog_configured(watchdog)) {
        set_watchdog(engine, GUARD_WATCHDOG_OFF, "");
        return;
    }
    switch (watchdog_judge(&facts, reason)) {
    case WATCHDOG_NOT_NEEDED:
        if (watchdog_can_stop(watchdog)) {
            struct hf_error *error HF_CLEANUP(hf_error_freep) = watchdog_stop(watchdog);

            set_watchdog(engine, GUARD_WATCHDOG_IDLE, hf_error_text(error));
        } else {
            feed_watchdog(engine, now, NEVER, "nothing needs it, but the kernel does not let it be stopped");
        }
        return;
    case WATCHDOG_FEED:
        feed_watchdog(engine, now, watchdog_expiry(&facts), "");
        return;
    case WATCHDOG_STARVE:
        if (watchdog_running(watchdog))
            set_watchdog(engine, GUARD_WATCHDOG_STARVED, reason);
        return;
    }
}

/* --- events --- */

/* What may follow from any event. */
static void settle(struct engine *engine, int64_t now)
{
    verify_shut(engine, now);
    while (routers_settle(engine->routers, now))
        verify_shut(engine, now);
    mind_watchdog(engine, now);
    tell_changes(engine);
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
    step(engine, &(struct lease_event){.type = LEASE_LINK_UP, .now = now, .server = server});
    settle(engine, now);
}

void engine_link_down(struct engine *engine, unsigned server, const char *reason, int64_t now)
{
    set_reason(engine, server, reason);
    step(engine, &(struct lease_event){.type = LEASE_LINK_DOWN, .now = now, .server = server});
    settle(engine, now);
}

void engine_link_frame(struct engine *engine, unsigned server, const uint8_t *bytes, size_t length,
                       int64_t now)
{
    step(engine, &(struct lease_event){
                     .type = LEASE_FRAME, .now = now, .server = server, .bytes = bytes, .length = length});
    settle(engine, now);
}

void engine_link_why(struct engine *engine, unsigned server, const char *why)
{
    set_reason(engine, server, why);
    tell_servers(engine);
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

static void announce_due(struct engine *engine, int64_t now)
{
    engine->announce_next = NEVER;
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next) {
        int64_t at;

        if (!vip->assigned || vip->until <= now || vip->announced >= ANNOUNCE_TIMES)
            continue;
        at = vip->assigned_at + announce_at[vip->announced] * MS;
        if (at <= now) {
            announce(engine, vip);
            if (vip->announced == ANNOUNCE_TIMES)
                continue;
            at = vip->assigned_at + announce_at[vip->announced] * MS;
        }
        if (at < engine->announce_next)
            engine->announce_next = at;
    }
}

void engine_clock(struct engine *engine, int64_t now, int64_t wall)
{
    int64_t step = clock_watch_look(&engine->clock_watch, now, wall);

    if (step == 0)
        return;
    engine->clock = (struct guard_clock){.at = now, .step = step};
    hf_warn("this machine's clock was set %s by %lld ms: leases do not depend on it, but certificates, rules "
            "with "
            "dates and the order of the logs do",
            step > 0 ? "forward" : "back", (long long)((step > 0 ? step : -step) / MS));
    tell(engine, &(struct guard_frame){.type = GUARD_CLOCK, .clock = engine->clock});
}

static void rejoin(struct engine *engine, struct lock *lock, int64_t now)
{
    step(engine, &(struct lease_event){.type = LEASE_WANT,
                                       .now = now,
                                       .lock = lock->want.lock,
                                       .rank = lock->want.rank,
                                       .drain_ms = lock->want.drain_ms});
}

void engine_attended(struct engine *engine, bool present, int64_t now)
{
    engine->unattended_since = present ? NEVER : now;
    for (size_t i = 0; i < engine->lock_count && present; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->left)
            continue;
        lock->left = false;
        if (lock->wanted)
            rejoin(engine, lock, now);
    }
    settle(engine, now);
}

static void leave_unattended(struct engine *engine, int64_t now)
{
    if (engine->unattended_since == NEVER || now < engine->unattended_since + UNATTENDED_MS * MS)
        return;
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->wanted || lock->left || lock->routed || lock->vips != NULL || drains(engine, &lock->want))
            continue;
        hf_warn("lock %s is left to others: holdfastd has not been here for %d s", lock->want.lock,
                UNATTENDED_MS / 1000);
        lock->left = true;
        step(engine, &(struct lease_event){.type = LEASE_UNWANT, .now = now, .lock = lock->want.lock});
    }
}

void engine_tick(struct engine *engine, int64_t now)
{
    leave_unattended(engine, now);
    if (engine->lease != NULL && now >= lease_deadline(engine->lease))
        step(engine, &(struct lease_event){.type = LEASE_TICK, .now = now});
    if (now >= engine->check_at) {
        check_all(engine, now);
        routers_network(engine->routers, now);
    }
    if (now >= engine->announce_next)
        announce_due(engine, now);
    if (now >= routers_deadline(engine->routers))
        routers_tick(engine->routers, now);
    settle(engine, now);
}

int64_t engine_deadline(const struct engine *engine)
{
    int64_t deadline = engine->lease == NULL ? NEVER : lease_deadline(engine->lease);
    const int64_t others[] = {engine->check_at, engine->shut_again_at, engine->announce_next, engine->feed_at,
                              routers_deadline(engine->routers)};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (others[i] < deadline)
            deadline = others[i];
    return deadline;
}

/* --- orders --- */

static char *order_want(struct engine *engine, const struct guard_want *want, int64_t now)
{
    struct lock *lock = find_lock(engine, want->lock);

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
    step(engine, &(struct lease_event){.type = LEASE_WANT,
                                       .now = now,
                                       .lock = want->lock,
                                       .rank = want->rank,
                                       .drain_ms = want->drain_ms});
    return NULL;
}

static char *order_unwant(struct engine *engine, const char *name, int64_t now)
{
    struct lock *lock = find_lock(engine, name);

    if (lock == NULL || !lock->wanted)
        return NULL;
    lock->wanted = lock->routed = false;
    step(engine, &(struct lease_event){.type = LEASE_UNWANT, .now = now, .lock = name});
    return NULL;
}

static char *order_release(struct engine *engine, const char *name, const char *node, int64_t now)
{
    struct lock *lock = find_lock(engine, name);

    if (lock == NULL || !lock->owned)
        return hf_asprintf("lock %s was not handed over: this node does not own it", name);
    step(engine,
         &(struct lease_event){
             .type = LEASE_HANDOVER, .now = now, .lock = name, .successor = node[0] == '\0' ? NULL : node});
    return NULL;
}

static struct vip *find_vip(const struct engine *engine, const char *id)
{
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next)
        if (strcmp(vip->order.id, id) == 0)
            return vip;
    return NULL;
}

static struct vip *find_address(const struct engine *engine, const struct gate_address *address)
{
    for (struct vip *vip = engine->vips; vip != NULL; vip = vip->next)
        if (memcmp(&vip->order.address, address, sizeof(*address)) == 0)
            return vip;
    return NULL;
}

/* Takes a VIP out of the lists and frees it. keep_armed: its address goes on as another's. */
static void remove_vip(struct engine *engine, struct vip *vip, bool keep_armed)
{
    struct lock *lock = find_lock(engine, vip->order.lock);
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;
    struct vip **link = &engine->vips;

    if (!unassign(engine, vip)) {
        hf_error_log("VIP %s is kept shut: its address is still on %s", vip->order.id, vip->order.interface);
        keep_armed = true;
    }
    while (*link != vip)
        link = &(*link)->next;
    *link = vip->next;
    for (link = &lock->vips; *link != vip;)
        link = &(*link)->other;
    *link = vip->other;
    engine->vip_count--;
    if (!keep_armed)
        error = gate_disarm(engine->config.gate, &vip->order.address);
    if (error != NULL)
        hf_error_log("VIP %s: %s", vip->order.id, hf_error_text(error));
    unuse_interface(engine, vip->interface);
    free(vip);
}

/* Shut first, then on its interface; then open, if the lock is ours already. */
static void add_vip(struct engine *engine, const struct guard_vip *order, int64_t until, int64_t now)
{
    struct vip *vip = hf_calloc(1, sizeof(*vip));
    struct lock *lock = make_lock(engine, order->lock);
    struct gate *gate = engine->config.gate;

    vip->order = *order;
    vip->until = until;
    vip->interface = use_interface(engine, order->interface);
    vip->next = engine->vips;
    engine->vips = vip;
    vip->other = lock->vips;
    lock->vips = vip;
    engine->vip_count++;
    set_fault(vip, gate_arm(gate, &order->address, order->flags & GUARD_VIP_CLIENTS ? GATE_CLIENTS : 0));
    if (vip->interface->found.ifindex == 0 || !vip->interface->attached)
        check_interface(engine, vip->interface);
    if (lock->until > now)
        open_vip(engine, vip, lock->until, now);
    vip->told = vip_report(engine, vip);
    tell(engine, &(struct guard_frame){.type = GUARD_VIP, .vip_state = vip->told});
}

static char *order_vip(struct engine *engine, const struct guard_vip *order, int64_t now)
{
    struct vip *known = find_vip(engine, order->id), *same = find_address(engine, &order->address);
    bool keep = known != NULL && known == same;
    char address[46];

    if (same != NULL && same != known) {
        guard_address_text(&order->address, address);
        return hf_asprintf("VIP %s: its address %s belongs to VIP %s already", order->id, address,
                           same->order.id);
    }
    if (known == NULL && engine->vip_count >= GATE_VIPS_MAX)
        return hf_asprintf("VIP %s: the guard protects at most %d addresses", order->id, GATE_VIPS_MAX);
    if (find_lock(engine, order->lock) == NULL && engine->lock_count >= GUARD_LOCKS_MAX)
        return hf_asprintf("lock %s: the guard takes part in at most %d locks", order->lock, GUARD_LOCKS_MAX);
    if (known != NULL && memcmp(&known->order, order, sizeof(*order)) == 0)
        return NULL;
    if (known != NULL) {
        if (strcmp(known->order.lock, order->lock) != 0)
            shut_vip(engine, known);

        int64_t until = keep ? known->until : 0;

        remove_vip(engine, known, keep);
        add_vip(engine, order, until, now);
        return NULL;
    }
    add_vip(engine, order, 0, now);
    return NULL;
}

static char *order_vip_remove(struct engine *engine, const char *id)
{
    struct vip *vip = find_vip(engine, id);
    struct guard_frame frame = {.type = GUARD_VIP, .vip_state = {.gone = true}};

    if (vip == NULL)
        return NULL;
    frame.vip_state.vip = vip->order;
    remove_vip(engine, vip, false);
    tell(engine, &frame);
    return NULL;
}

static void order_alive(struct engine *engine, const struct guard_alive *alive, int64_t now)
{
    bool changed = alive->needed != engine->alive.needed || alive->limit_ms != engine->alive.limit_ms;

    engine->alive = *alive;
    engine->alive_at = now;
    if (changed)
        save(engine);
}

static bool is_routed(const struct engine *engine, const char *lock)
{
    const struct lock *known = find_lock(engine, lock);

    return known != NULL && known->routed;
}

static bool is_routers_vip(const struct engine *engine, const char *id)
{
    const struct vip *vip = find_vip(engine, id);

    return vip != NULL && (vip->order.flags & GUARD_VIP_ROUTED);
}

char *engine_order(struct engine *engine, const struct guard_frame *frame, int64_t now)
{
    char *refusal = NULL;

    switch (frame->type) {
    case GUARD_WANT:
        refusal = order_want(engine, &frame->want, now);
        break;
    case GUARD_UNWANT:
        if (!is_routed(engine, frame->release.lock))
            refusal = order_unwant(engine, frame->release.lock, now);
        break;
    case GUARD_RELEASE:
        refusal = order_release(engine, frame->release.lock, frame->release.node, now);
        break;
    case GUARD_VIP_ADD:
        refusal = order_vip(engine, &frame->vip, now);
        break;
    case GUARD_VIP_REMOVE:
        if (is_routers_vip(engine, frame->vip.id))
            refusal = hf_asprintf("VIP %s is a router's: it goes with the router", frame->vip.id);
        else
            refusal = order_vip_remove(engine, frame->vip.id);
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
        save(engine);
    settle(engine, now);
    return refusal;
}

/* --- what routers want --- */

static char *routers_want(void *context, const char *name, unsigned rank, int64_t now)
{
    struct guard_want want = {.rank = rank};
    char *refusal;

    guard_copy(want.lock, sizeof(want.lock), name);
    refusal = order_want(context, &want, now);
    if (refusal == NULL)
        find_lock(context, name)->routed = true;
    return refusal;
}

static void routers_unwant(void *context, const char *name, int64_t now)
{
    free(order_unwant(context, name, now));
}

static void routers_hand_over(void *context, const char *name, const char *node, int64_t now)
{
    free(order_release(context, name, node, now));
}

static void routers_urge(void *context, const char *name, int64_t now)
{
    step(context, &(struct lease_event){.type = LEASE_URGE, .now = now, .lock = name});
}

static const char *routers_holder(void *context, const char *name)
{
    const struct engine *engine = context;
    struct lease_lock_status status = {.holder = ""};

    if (engine->lease != NULL)
        lease_lock_status(engine->lease, name, &status);
    return status.holder;
}

/* Its address may still be on the interface, and its gate open. */
static void take_up_vip(struct engine *engine, const struct guard_vip *order, int64_t now)
{
    struct gate_entry entry = {0};

    gate_look(engine->config.gate, &order->address, &entry);
    add_vip(engine, order, (int64_t)entry.deadline, now);
    engine->vips->assigned = (order->flags & GUARD_VIP_ASSIGN) != 0;
}

static char *routers_protect(void *context, const struct guard_vip *vip, bool again, int64_t now)
{
    struct engine *engine = context;

    if (!again || find_vip(engine, vip->id) != NULL || find_address(engine, &vip->address) != NULL)
        return order_vip(engine, vip, now);
    take_up_vip(engine, vip, now);
    return NULL;
}

static void routers_unprotect(void *context, const char *id)
{
    free(order_vip_remove(context, id));
}

static const char *routers_vip_fault(void *context, const char *id)
{
    const struct vip *vip = find_vip(context, id);

    return vip == NULL ? "" : vip->interface->fault[0] != '\0' ? vip->interface->fault : vip->fault;
}

static void routers_announce(void *context, const char *id, unsigned times, int64_t now)
{
    struct engine *engine = context;
    struct vip *vip = find_vip(engine, id);

    for (unsigned i = 0; vip != NULL && vip->until > now && i < times; i++)
        set_fault(vip, network_announce(engine->config.network, &vip->interface->found, &vip->order.address));
}

static void routers_open(void *context, const char *name, int64_t deadline, int64_t now)
{
    struct engine *engine = context;
    struct lock *lock = find_lock(engine, name);

    if (lock == NULL)
        return;
    lock->until = deadline;
    for (struct vip *vip = lock->vips; vip != NULL; vip = vip->other)
        open_vip(engine, vip, deadline, now);
}

static void routers_shut(void *context, const char *name)
{
    struct lock *lock = find_lock(context, name);

    if (lock != NULL)
        shut_lock(context, lock);
}

static int64_t routers_open_until(void *context, const char *name)
{
    const struct lock *lock = find_lock(context, name);
    int64_t until = 0;

    for (const struct vip *vip = lock == NULL ? NULL : lock->vips; vip != NULL; vip = vip->other)
        if (vip->until > until)
            until = vip->until;
    return until;
}

static void routers_look(void *context, const char *interface, struct routers_link *link)
{
    const struct engine *engine = context;
    struct network_interface found;

    *link = (struct routers_link){0};
    if (!network_find(engine->config.network, interface, &found))
        return;
    link->ifindex = found.ifindex;
    link->up = found.up;
    link->carrier = found.carrier;
    link->count = network_addresses(interface, link->addresses, ROUTERS_LINK_ADDRESSES);
}

static void say_error(const char *router, struct hf_error *error)
{
    if (error != NULL)
        hf_error_log("router %s: %s", router, hf_error_text(error));
    hf_error_free(error);
}

/* Rules and routes of a router; the last that came is the first to go. */
static void routers_follow(void *context, const struct guard_router *router, bool serve)
{
    const struct engine *engine = context;
    struct network *network = engine->config.network;
    struct network_interface found = {0};

    for (unsigned i = 0; i < router->route_count; i++) {
        const struct router_route *route = &router->routes[serve ? i : router->route_count - 1u - i];
        const char *name = route->interface[0] != '\0' ? route->interface : router->interface;

        if (network_find(network, name, &found))
            say_error(router->id, network_route(network, serve, found.ifindex, route));
    }
    for (unsigned i = 0; i < router->rule_count; i++)
        say_error(router->id, network_rule(network, serve, &router->rules[i]));
}

static struct hf_error *routers_macvlan(void *context, const char *parent, const char *name,
                                        const uint8_t mac[6], bool add)
{
    const struct engine *engine = context;
    struct network_interface found;

    if (!add)
        return network_macvlan_remove(engine->config.network, name);
    if (!network_find(engine->config.network, parent, &found))
        return hf_error_new(HF_FAILED, "there is no network interface %s", parent);
    return network_macvlan_add(engine->config.network, found.ifindex, name, mac);
}

static void routers_listen(void *context)
{
    const struct engine *engine = context;

    engine->hooks->listen(engine->context);
}

static struct hf_error *routers_send(void *context, const char *interface, const struct vrrp_address *source,
                                     const struct vrrp_address *destination, const void *bytes, size_t length)
{
    const struct engine *engine = context;

    return engine->hooks->advert(engine->context, interface, source, destination, bytes, length);
}

static void routers_tell(void *context, const struct guard_frame *frame)
{
    tell(context, frame);
}

static void routers_answer(void *context, uint64_t asker, const struct guard_answer *answer)
{
    const struct engine *engine = context;

    engine->hooks->answer(engine->context, asker, answer);
}

static void routers_save(void *context)
{
    save(context);
}

static const struct routers_hooks routers_hooks = {
    .want = routers_want,
    .unwant = routers_unwant,
    .hand_over = routers_hand_over,
    .urge = routers_urge,
    .holder = routers_holder,
    .protect = routers_protect,
    .unprotect = routers_unprotect,
    .vip_fault = routers_vip_fault,
    .announce = routers_announce,
    .open = routers_open,
    .shut = routers_shut,
    .open_until = routers_open_until,
    .look = routers_look,
    .follow = routers_follow,
    .macvlan = routers_macvlan,
    .listen = routers_listen,
    .send = routers_send,
    .tell = routers_tell,
    .answer = routers_answer,
    .save = routers_save,
};

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

/* --- life --- */

/* What the last guard of this boot had been told; its gates and addresses may still be at work. */
static void take_up(struct engine *engine, const struct orders *orders, int64_t now)
{
    for (size_t i = 0; i < orders->vip_count; i++)
        take_up_vip(engine, &orders->vips[i], now);
    for (size_t i = 0; i < orders->router_count; i++)
        routers_take_up(engine->routers, &orders->routers[i], now);
    check_all(engine, now);
    for (size_t i = 0; i < orders->want_count; i++) {
        free(order_want(engine, &orders->wants[i], now));
        /* A lock may have been lost in between: holdfastd has to say that it knows. The number is above all
         * that were ever told in this boot. */
        if (drains(engine, &orders->wants[i]))
            engine->losses = (uint64_t)now;
    }
    engine->alive = orders->alive;
    engine->alive.obeyed = UINT64_MAX; /* until holdfastd speaks, which its limit sees to */
    engine->alive_at = now;
}

/* Addresses that an earlier guard armed, and that no order names. */
static void say_stale(const struct engine *engine)
{
    struct gate_address *addresses HF_CLEANUP(hf_freep) = NULL;
    size_t count = gate_list(engine->config.gate, &addresses);
    char text[46];

    for (size_t i = 0; i < count; i++) {
        if (find_address(engine, &addresses[i]) != NULL)
            continue;
        guard_address_text(&addresses[i], text);
        hf_warn(
            "the gate keeps %s shut, which no order names; `holdfast-guard --clear' (while no guard runs) "
            "opens it",
            text);
    }
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
    engine->routers = routers_new(engine->lease != NULL, config->cluster, &routers_hooks, engine);
    engine->check_at = now + CHECK_MS * MS;
    engine->unattended_since = now;
    engine->shut_again_at = engine->announce_next = engine->feed_at = NEVER;
    engine->watchdog.timeout_ms = watchdog_timeout(config->watchdog);
    for (unsigned i = 0; i < config->lease.servers; i++)
        guard_copy(engine->server_reasons[i], sizeof(engine->server_reasons[i]), "not yet connected");
    for (unsigned i = 0; i < config->lease.servers; i++)
        engine->servers[i] = server_report(engine, i);
    take_up(engine, orders, now);
    if (watchdog_left_running(config->watchdog))
        hf_error_free(watchdog_feed(config->watchdog));
    say_stale(engine);
    settle(engine, now);
    return engine;
}

/* Stopped only if nothing needs it. */
static void leave_watchdog(struct engine *engine)
{
    struct watchdog *watchdog = engine->config.watchdog;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    if (!engine->alive.needed)
        error = watchdog_stop(watchdog);
    if (error != NULL)
        hf_warn("%s", hf_error_text(error));
    else if (watchdog_running(watchdog))
        hf_warn(
            "the watchdog runs on: this machine will be reset within %u ms unless the next guard feeds it",
            watchdog_timeout(watchdog));
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    leave_watchdog(engine);
    while (engine->vips != NULL) {
        struct vip *vip = engine->vips;

        engine->vips = vip->next;
        free(vip);
    }
    while (engine->interfaces != NULL) {
        struct interface *interface = engine->interfaces;

        engine->interfaces = interface->next;
        free(interface);
    }
    for (size_t i = 0; i < engine->lock_count; i++)
        free(engine->locks[i]);
    free(engine->locks);
    routers_free(engine->routers);
    lease_free(engine->lease);
    lease_updates_free(&engine->updates);
    free(engine);
}

void engine_retire(struct engine *engine, int64_t now)
{
    engine->retiring = true;
    routers_retire(engine->routers, now);
    for (size_t i = 0; i < engine->lock_count; i++) {
        struct lock *lock = engine->locks[i];

        if (!lock->wanted)
            continue;
        lock->restarting = !lock->routed; /* a router's is ordered with the router */
        order_unwant(engine, lock->want.lock, now);
    }
    settle(engine, now);
}

bool engine_retired(const struct engine *engine)
{
    for (size_t i = 0; i < engine->lock_count; i++)
        if (engine->locks[i]->owned)
            return false;
    return true;
}

void engine_describe(struct engine *engine, void (*take)(void *context, const struct guard_frame *frame),
                     void *context, int64_t now)
{
    struct guard_frame gate = {.type = GUARD_GATE,
                               .gate = {.kernel = gate_mode(engine->config.gate) == GATE_KERNEL}};

    guard_copy(gate.gate.reason, sizeof(gate.gate.reason), gate_reason(engine->config.gate));
    take(context, &gate);
    for (unsigned i = 0; i < engine->config.lease.servers; i++)
        take(context, &(struct guard_frame){.type = GUARD_SERVER, .server = server_report(engine, i)});
    for (size_t i = 0; i < engine->lock_count; i++)
        if (engine->locks[i]->wanted || engine->locks[i]->told.state != GUARD_IDLE)
            take(context,
                 &(struct guard_frame){.type = GUARD_LOCK, .lock = lock_report(engine, engine->locks[i])});
    routers_describe(engine->routers, take, context);
    for (const struct vip *vip = engine->vips; vip != NULL; vip = vip->next)
        take(context, &(struct guard_frame){.type = GUARD_VIP, .vip_state = vip_report(engine, vip)});
    take(context, &(struct guard_frame){.type = GUARD_WATCHDOG, .watchdog = engine->watchdog});
    take(context, &(struct guard_frame){.type = GUARD_CLOCK, .clock = engine->clock});
}
