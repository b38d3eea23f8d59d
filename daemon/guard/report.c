/* report.c - see report.h. */
#include "daemon/guard/report.h"

#include <inttypes.h>
#include <qb/qbloop.h>
#include <stdio.h>
#include <time.h>

#include "lib/writer.h"

#define MS INT64_C(1000000)

/* --- asking --- */

struct question {
    qb_loop_t *loop;
    bool answered;
};

static void on_attached(void *context, bool same)
{
    struct question *question = context;

    question->answered = true;
    qb_loop_stop(question->loop);
}

static void on_timeout(void *data)
{
    struct question *question = data;

    qb_loop_stop(question->loop);
}

void guard_status_clear(struct guard_status *status)
{
    free(status->locks);
    free(status->vips);
    free(status->routers);
    *status = (struct guard_status){0};
}

static void status_copy(struct guard_status *copy, const struct guard_status *status)
{
    *copy = *status;
    copy->locks = hf_calloc(status->lock_count + 1, sizeof(*copy->locks));
    copy->vips = hf_calloc(status->vip_count + 1, sizeof(*copy->vips));
    copy->routers = hf_calloc(status->router_count + 1, sizeof(*copy->routers));
    for (size_t i = 0; i < status->router_count; i++)
        copy->routers[i] = status->routers[i];
    for (size_t i = 0; i < status->lock_count; i++)
        copy->locks[i] = status->locks[i];
    for (size_t i = 0; i < status->vip_count; i++)
        copy->vips[i] = status->vips[i];
}

struct hf_error *guard_ask(const char *socket, int timeout_ms, struct guard_status *status)
{
    static const struct guard_client_hooks hooks = {.attached = on_attached};
    const struct guard_client_settings settings = {.socket = socket, .observer = true};
    struct question question = {.loop = qb_loop_create()};
    struct guard_client *client = guard_client_new(question.loop, &settings, &hooks, &question);
    qb_loop_timer_handle timer;

    *status = (struct guard_status){0};
    qb_loop_timer_add(question.loop, QB_LOOP_MED, (uint64_t)timeout_ms * MS, &question, on_timeout, &timer);
    qb_loop_run(question.loop);
    if (question.answered) {
        status_copy(status, guard_client_status(client));
        qb_loop_timer_del(question.loop, timer);
    }
    guard_client_free(client);
    qb_loop_destroy(question.loop);
    if (question.answered)
        return NULL;
    return hf_error_new(HF_FAILED,
                        "holdfast-guard did not answer at %s within %d ms: is it running (systemctl status "
                        "holdfast-guard), and are you root?",
                        socket == NULL ? GUARD_SOCKET : socket, timeout_ms);
}

/* --- telling --- */

static int64_t to_ms(int64_t ns)
{
    return ns / MS;
}

/* Time left (or gone, for what lies behind), ms; 0 for never. */
static void write_time(struct hf_writer *writer, const char *key, int64_t time, int64_t now)
{
    hf_write_int(writer, key, NULL, time == 0 ? 0 : to_ms(time - now));
}

static void write_gate(struct hf_writer *writer, const struct guard_gate *gate)
{
    hf_write_object(writer, "gate");
    hf_write_string(writer, "mode", NULL, gate->kernel ? "kernel" : "user space only");
    hf_write_string(writer, "reason", NULL, gate->reason);
    hf_write_end(writer);
    if (gate->kernel)
        hf_write_line(writer, "gate: kernel");
    else
        hf_write_line(writer, "gate: user space only (%s)", gate->reason);
}

static void write_clock(struct hf_writer *writer, const struct guard_clock *clock, int64_t now)
{
    int64_t step = to_ms(clock->step);

    hf_write_object(writer, "clock");
    hf_write_int(writer, "step_ms", NULL, step);
    write_time(writer, "at_ms", clock->at, now);
    hf_write_end(writer);
    if (clock->at != 0)
        hf_write_line(writer, "clock: set %s by %" PRId64 " ms, %" PRId64 " s ago",
                      step > 0 ? "forward" : "back", step > 0 ? step : -step, to_ms(now - clock->at) / 1000);
}

static void write_watchdog(struct hf_writer *writer, const struct guard_watchdog *watchdog)
{
    const char *mode = guard_watchdog_mode_name(watchdog->mode);

    hf_write_object(writer, "watchdog");
    hf_write_string(writer, "mode", NULL, mode);
    hf_write_int(writer, "timeout_ms", NULL, watchdog->timeout_ms);
    hf_write_string(writer, "reason", NULL, watchdog->reason);
    hf_write_end(writer);
    if (watchdog->reason[0] == '\0')
        hf_write_line(writer, "watchdog: %s", mode);
    else
        hf_write_line(writer, "watchdog: %s (%s)", mode, watchdog->reason);
}

static void write_server(struct hf_writer *writer, const struct guard_server *server, int64_t now)
{
    struct hf_buf line HF_CLEANUP(hf_buf_free) = {0};

    hf_write_object(writer, NULL);
    hf_write_string(writer, "server", NULL, server->name);
    hf_write_bool(writer, "up", NULL, server->up);
    hf_write_bool(writer, "known", NULL, server->known);
    write_time(writer, "heard_ms", server->last_heard, now);
    write_time(writer, "ready_ms", server->ready_at > now ? server->ready_at : 0, now);
    hf_write_string(writer, "reason", NULL, server->reason);
    hf_write_end(writer);

    hf_buf_printf(&line, "server %s: %s", server->name, server->up ? "answers" : "not reachable");
    if (server->last_heard > 0)
        hf_buf_printf(&line, ", heard %" PRId64 " ms ago", to_ms(now - server->last_heard));
    if (server->up && server->ready_at > now)
        hf_buf_printf(&line, ", grants in %" PRId64 " ms", to_ms(server->ready_at - now));
    if (server->reason[0] != '\0')
        hf_buf_printf(&line, ": %s", server->reason);
    hf_write_line(writer, "%s", hf_buf_text(&line));
}

static void write_lock(struct hf_writer *writer, const struct guard_lock *lock, int64_t now)
{
    const char *state = guard_lock_state_name(lock->state);
    bool owned = (lock->state == GUARD_OWNING || lock->state == GUARD_CLOSING) && now < lock->until;
    struct hf_buf line HF_CLEANUP(hf_buf_free) = {0};

    hf_write_object(writer, NULL);
    hf_write_string(writer, "lock", NULL, lock->want.lock);
    hf_write_string(writer, "state", NULL, state);
    hf_write_bool(writer, "wanted", NULL, lock->wanted);
    hf_write_bool(writer, "owned", NULL, owned);
    hf_write_int(writer, "rank", NULL, lock->want.rank);
    hf_write_int(writer, "token", NULL, (int64_t)lock->token);
    if (lock->want.drain_ms != GUARD_DRAIN_DEFAULT)
        hf_write_int(writer, "drain_ms", NULL, lock->want.drain_ms);
    write_time(writer, "left_ms", lock->until, now);
    hf_write_string(writer, "holder", NULL, lock->holder);
    hf_write_end(writer);

    hf_buf_printf(&line, "lock %s: %s", lock->want.lock, state);
    if (owned)
        hf_buf_printf(&line, ", token %" PRIu64 ", %" PRId64 " ms left", lock->token,
                      to_ms(lock->until - now));
    if (lock->state == GUARD_WAITING && lock->holder[0] != '\0')
        hf_buf_printf(&line, ", held by %s", lock->holder);
    if (lock->state == GUARD_WAITING && lock->not_before > now)
        hf_buf_printf(&line, ", bids again in %" PRId64 " ms", to_ms(lock->not_before - now));
    hf_write_line(writer, "%s", hf_buf_text(&line));
}

static void write_vip(struct hf_writer *writer, const struct guard_vip_state *vip, int64_t now)
{
    bool open = vip->until > now;
    char address[46];

    guard_address_text(&vip->vip.address, address);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "id", NULL, vip->vip.id);
    hf_write_string(writer, "address", NULL, address);
    hf_write_int(writer, "prefix", NULL, vip->vip.prefix);
    hf_write_string(writer, "interface", NULL, vip->vip.interface);
    hf_write_string(writer, "lock", NULL, vip->vip.lock);
    hf_write_bool(writer, "open", NULL, open);
    hf_write_bool(writer, "protected", NULL, vip->protected);
    hf_write_string(writer, "fault", NULL, vip->fault);
    hf_write_end(writer);
    hf_write_line(writer, "vip %s: %s/%u on %s, gate %s%s%s%s", vip->vip.id, address, vip->vip.prefix,
                  vip->vip.interface, open ? "open" : "shut",
                  vip->protected ? "" : ", NOT protected by the kernel", vip->fault[0] == '\0' ? "" : ": ",
                  vip->fault);
}

static void router_line(struct hf_buf *line, const struct guard_router_state *router, const char *master,
                        int64_t now)
{
    hf_buf_printf(line,
                  "router %s: %s for %" PRId64 " s, VRID %u%s on %s, version %u, priority %u, right %s%s",
                  router->id, guard_router_state_name(router->state), to_ms(now - router->since) / 1000,
                  router->vrid, router->vrid_chosen ? " (chosen)" : "", router->interface, router->version,
                  router->priority, guard_router_right_name(router->right),
                  router->right == ROUTER_RIGHT_NONE ? " (nothing but VRRP keeps it from being on two nodes)"
                  : router->has_right                ? ""
                                                     : " (not here)");
    if (router->token != 0)
        hf_buf_printf(line, ", token %" PRIu64, router->token);
    if (router->stands_back)
        hf_buf_puts(line, ", stands back until it is promoted or another is MASTER");
    if (router->master_heard && router->state != ROUTER_MASTER)
        hf_buf_printf(line, ", last heard %s with priority %u", master, router->master_priority);
    hf_buf_printf(line,
                  "; %" PRIu64 " adverts sent, %" PRIu64 " heard, %" PRIu64 " refused, %" PRIu64 " contested",
                  router->sent, router->heard, router->refused, router->contested);
    if (router->refusal[0] != '\0')
        hf_buf_printf(line, "; last refused %s", router->refusal);
    if (router->fault[0] != '\0')
        hf_buf_printf(line, ": %s", router->fault);
}

static void write_addresses(struct hf_writer *writer, const struct guard_router_state *router)
{
    char address[46], text[52];

    hf_write_list(writer, "addresses");
    for (unsigned i = 0; i < router->address_count; i++) {
        guard_address_text(&router->addresses[i].address, address);
        snprintf(text, sizeof(text), "%s/%u", address, router->addresses[i].prefix);
        hf_write_string(writer, NULL, NULL, text);
    }
    hf_write_end(writer);
}

static void write_router(struct hf_writer *writer, const struct guard_router_state *router, int64_t now)
{
    struct hf_buf line HF_CLEANUP(hf_buf_free) = {0};
    char master[46] = "";

    if (router->master_heard)
        guard_address_text(&router->master, master);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "id", NULL, router->id);
    hf_write_string(writer, "state", NULL, guard_router_state_name(router->state));
    hf_write_string(writer, "reason", NULL, router->reason);
    hf_write_string(writer, "interface", NULL, router->interface);
    hf_write_string(writer, "lock", NULL, router->lock);
    hf_write_string(writer, "right", NULL, guard_router_right_name(router->right));
    hf_write_bool(writer, "has_right", NULL, router->has_right);
    hf_write_bool(writer, "promoted", NULL, router->promoted);
    hf_write_bool(writer, "stands_back", NULL, router->stands_back);
    hf_write_bool(writer, "vrid_chosen", NULL, router->vrid_chosen);
    hf_write_int(writer, "version", NULL, router->version);
    hf_write_int(writer, "vrid", NULL, router->vrid);
    hf_write_int(writer, "priority", NULL, router->priority);
    hf_write_int(writer, "token", NULL, (int64_t)router->token);
    hf_write_int(writer, "changes", NULL, (int64_t)router->changes);
    write_time(writer, "since_ms", router->since, now);
    write_addresses(writer, router);
    hf_write_string(writer, "master", NULL, master);
    hf_write_int(writer, "master_priority", NULL, router->master_priority);
    hf_write_int(writer, "sent", NULL, (int64_t)router->sent);
    hf_write_int(writer, "heard", NULL, (int64_t)router->heard);
    hf_write_int(writer, "refused", NULL, (int64_t)router->refused);
    hf_write_int(writer, "contested", NULL, (int64_t)router->contested);
    hf_write_int(writer, "became_master", NULL, (int64_t)router->became_master);
    hf_write_string(writer, "refusal", NULL, router->refusal);
    hf_write_string(writer, "fault", NULL, router->fault);
    hf_write_end(writer);

    router_line(&line, router, master, now);
    hf_write_line(writer, "%s", hf_buf_text(&line));
}

static void write_status(struct hf_writer *writer, const struct guard_status *status, int64_t now)
{
    hf_write_int(writer, "pid", NULL, status->pid);
    hf_write_line(writer, "guard: process %u", status->pid);
    write_gate(writer, &status->gate);
    write_clock(writer, &status->clock, now);
    write_watchdog(writer, &status->watchdog);
    hf_write_list(writer, "servers");
    for (size_t i = 0; i < status->server_count; i++)
        write_server(writer, &status->servers[i], now);
    hf_write_end(writer);
    hf_write_list(writer, "locks");
    for (size_t i = 0; i < status->lock_count; i++)
        write_lock(writer, &status->locks[i], now);
    hf_write_end(writer);
    hf_write_list(writer, "vips");
    for (size_t i = 0; i < status->vip_count; i++)
        write_vip(writer, &status->vips[i], now);
    hf_write_end(writer);
    hf_write_list(writer, "routers");
    for (size_t i = 0; i < status->router_count; i++)
        write_router(writer, &status->routers[i], now);
    hf_write_end(writer);
}

char *guard_report(const struct guard_status *status, bool json)
{
    struct hf_writer *writer = hf_writer_new(json ? HF_WRITER_JSON : HF_WRITER_TEXT);
    struct timespec time;
    char *text;

    clock_gettime(CLOCK_BOOTTIME, &time);
    write_status(writer, status, (int64_t)time.tv_sec * 1000000000 + time.tv_nsec);
    text = hf_writer_finish(writer);
    hf_writer_free(writer);
    return text;
}
