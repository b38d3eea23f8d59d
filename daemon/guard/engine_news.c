/* engine_news.c - what clients are told: everything when they come (engine_describe()), and then what
 * changed. */
#include "daemon/guard/engine-private.h"

#include "lib/log.h"

void engine_tell(struct engine *engine, const struct guard_frame *frame)
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

struct guard_server engine_server_report(const struct engine *engine, unsigned index)
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
        engine_tell(times->engine, &times->frame);
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
            engine_tell(engine, &(struct guard_frame){.type = GUARD_LOCK, .lock = report});
        else if (report.until != lock->told.until)
            add_time(&times, &report);
        lock->told = report;
    }
    flush_times(&times);
}

static void tell_vips(struct engine *engine)
{
    for (struct vip *vip = engine->vips.first; vip != NULL; vip = vip->next) {
        struct guard_vip_state report = vip_report(&engine->vips, vip);
        bool same = report.protected == vip->told.protected &&
                    (report.until == 0) == (vip->told.until == 0) &&
                    strcmp(report.fault, vip->told.fault) == 0;

        if (!same)
            engine_tell(engine, &(struct guard_frame){.type = GUARD_VIP, .vip_state = report});
        vip->told = report;
    }
}

void engine_tell_servers(struct engine *engine)
{
    for (unsigned i = 0; i < engine->config.lease.servers; i++) {
        struct guard_server report = engine_server_report(engine, i);

        if (same_server_report(&report, &engine->servers[i]))
            continue;
        if (report.up && report.reason[0] == '\0')
            hf_notice("lock server %s answers", report.name);
        else
            hf_warn("lock server %s: %s", report.name, report.reason);
        engine_tell(engine, &(struct guard_frame){.type = GUARD_SERVER, .server = report});
        engine->servers[i] = report;
    }
}

void engine_tell_changes(struct engine *engine)
{
    tell_locks(engine);
    tell_vips(engine);
    engine_tell_servers(engine);
}

void engine_describe(const struct engine *engine,
                     void (*take)(void *context, const struct guard_frame *frame), void *context)
{
    struct guard_frame gate = {.type = GUARD_GATE,
                               .gate = {.kernel = gate_mode(engine->config.gate) == GATE_KERNEL}};

    guard_copy(gate.gate.reason, sizeof(gate.gate.reason), gate_reason(engine->config.gate));
    take(context, &gate);
    for (unsigned i = 0; i < engine->config.lease.servers; i++)
        take(context, &(struct guard_frame){.type = GUARD_SERVER, .server = engine_server_report(engine, i)});
    for (size_t i = 0; i < engine->lock_count; i++)
        if (engine->locks[i]->wanted || engine->locks[i]->told.state != GUARD_IDLE)
            take(context,
                 &(struct guard_frame){.type = GUARD_LOCK, .lock = lock_report(engine, engine->locks[i])});
    routers_describe(engine->routers, take, context);
    for (const struct vip *vip = engine->vips.first; vip != NULL; vip = vip->next)
        take(context, &(struct guard_frame){.type = GUARD_VIP, .vip_state = vip_report(&engine->vips, vip)});
    take(context, &(struct guard_frame){.type = GUARD_WATCHDOG, .watchdog = engine->watchdog});
    take(context, &(struct guard_frame){.type = GUARD_CLOCK, .clock = engine->clock});
}
